/** From rows that come one after the other to a picture in memory. */

import { allocateSamples, type Picture, type PictureHeader, type Samples } from "./picture.ts";

/**
 * Returns the picture that rows make up.
 *
 * @param rows Samples from the top, whole rows at a time, as many as the header says.
 */
export async function gatherRows(
  { rows, ...header }: PictureHeader & { rows: AsyncIterable<Samples> | Iterable<Samples> },
): Promise<Picture> {
  const data = allocateSamples(header.depth, header.width * header.height * header.channels);
  let at = 0;
  for await (const samples of rows) {
    data.set(samples, at);
    at += samples.length;
  }
  return { ...header, data };
}
