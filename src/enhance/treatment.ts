/** What is done to a picture between the decoder and the network. */

import { UsageError } from "../errors.ts";
import {
  allocateSamples,
  changeRows,
  flattenAlpha,
  FORMATS,
  hasAlpha,
  hdrNameOf,
  isOpaque,
  lossesOf,
  type Metadata,
  type Picture,
  type PictureFormat,
  type PictureHeader,
  type PictureRows,
  samplesOf,
  splitAlpha,
  stripMetadata,
  toSrgb,
} from "../pictures/mod.ts";
import type { Rgb } from "./options.ts";

/** What was asked for. */
export interface Treatment {
  /** What shows through transparent pixels; without it they stay transparent. */
  background: Rgb | undefined;
  toSrgb: boolean;
  strip: boolean;
}

/**
 * Makes of a picture what was asked for and what its format can hold. The rows of one that comes in rows
 * are walked once more if only they tell whether any of it is transparent.
 *
 * @param onLoss Receives sentences about what of the input the output will not show.
 * @returns A picture whose rows, if it comes in rows, may be walked as often as those that were given.
 * @throws {UsageError} If the format has no transparency, the picture has, and no background is given; or if
 *   the picture is HDR, and the format is not.
 */
export async function treat(
  picture: Picture | PictureRows,
  format: PictureFormat,
  { background, toSrgb: convert, strip }: Treatment,
  onLoss: (loss: string) => void,
): Promise<Picture | PictureRows> {
  const hdr = hdrNameOf(picture.metadata.cicp);
  if (hdr !== undefined && !FORMATS[format].hdr) {
    throw new UsageError(`${FORMATS[format].name} cannot hold HDR colours (${hdr})`, {
      remedies: ["another format"],
    });
  }
  if (background === undefined && !FORMATS[format].alpha) await checkOpaque(picture, format);
  const stripped = strip ? { ...picture, metadata: strippedOf(picture) } : picture;
  const converted = convert ? await change(stripped, toSrgb) : stripped;
  const fitting = await fitAlpha(converted, format, background);
  for (const sentence of [...converted.notes ?? [], ...lossesOf(fitting, format)]) onLoss(sentence);
  return fitting;
}

async function checkOpaque(picture: Picture | PictureRows, format: PictureFormat): Promise<void> {
  if (!await isTransparent(picture)) return;
  throw new UsageError(
    `${FORMATS[format].name} cannot hold the picture's transparency`,
    { remedies: ["another format", "a background"] },
  );
}

/** Says whether any of a picture shows what is behind it. */
export async function isTransparent(picture: Picture | PictureRows): Promise<boolean> {
  if (!hasAlpha(picture)) return false;
  for await (const data of samplesOf(picture)) {
    if (!isOpaque({ ...picture, data })) return true;
  }
  return false;
}

function strippedOf(header: PictureHeader): Metadata {
  return stripMetadata({ ...header, data: new Uint8Array(0) }).metadata;
}

/** Changes the samples of a picture; those of one that comes in rows, whenever they come. */
async function change(
  picture: Picture | PictureRows,
  work: (picture: Picture) => Picture | Promise<Picture>,
): Promise<Picture | PictureRows> {
  if (!("rows" in picture)) return await work(picture);
  const { width, height, channels, depth } = picture;
  const data = allocateSamples(depth, channels);
  const { data: _, ...onePixel } = await work({ ...picture, width: 1, height: 1, data });
  const rows = { [Symbol.asyncIterator]: () => changeRows(picture, work) };
  return { ...onePixel, width, height, rows };
}

async function fitAlpha(
  picture: Picture | PictureRows,
  format: PictureFormat,
  background: Rgb | undefined,
): Promise<Picture | PictureRows> {
  if (!hasAlpha(picture)) return picture;
  if (background !== undefined) {
    return await change(picture, (part) => flattenAlpha(part, background));
  }
  return FORMATS[format].alpha ? picture : await change(picture, (part) => splitAlpha(part).colour);
}
