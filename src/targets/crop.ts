/** A part of a picture, of one in memory or of one whose rows come one after the other. */

import {
  allocateSamples,
  type Picture,
  type PictureHeader,
  type Samples,
} from "../pictures/picture.ts";
import type { Region } from "../raster/size.ts";

/** Returns a part of a picture, with the rest of what the file carried. */
export function cropPicture(picture: Picture, region: Region): Picture {
  const { width, height } = region;
  return { ...picture, width, height, data: cropBand(picture, picture.data, region) };
}

/**
 * Yields the rows of a part of a picture, each band in memory of its own. What comes below the part is
 * not asked for.
 *
 * @param header The whole picture's.
 * @param rows Its samples from the top, whole rows at a time.
 * @param region The part, inside the picture.
 */
export async function* cropRows(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
  region: Region,
): AsyncGenerator<Samples> {
  const end = region.y + region.height;
  let first = 0;
  for await (const data of rows) {
    const next = first + data.length / (header.width * header.channels);
    const y = Math.max(region.y, first);
    const height = Math.min(end, next) - y;
    if (height > 0) yield cropBand(header, data, { ...region, y: y - first, height });
    if (next >= end) return;
    first = next;
  }
}

/** Copies a part of some whole rows. */
function cropBand(
  { width, channels, depth }: PictureHeader,
  data: Samples,
  region: Region,
): Samples {
  const perRow = region.width * channels;
  const part = allocateSamples(depth, perRow * region.height);
  for (let row = 0; row < region.height; row++) {
    const from = ((region.y + row) * width + region.x) * channels;
    part.set(data.subarray(from, from + perRow), row * perRow);
  }
  return part;
}
