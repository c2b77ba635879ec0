/** A small copy of a picture: what is looked at to find its details, and what backgrounds are made of. */

import {
  allocateSamples,
  hasAlpha,
  type Picture,
  type PictureHeader,
  type Samples,
  whiteOf,
} from "../pictures/picture.ts";

/**
 * Shrinks a picture as its rows come: every pixel of the copy is the mean of those in its place. Colours
 * count by their alpha.
 *
 * @param rows Samples from the top, whole rows at a time.
 * @param mostSide The copy's longer side in pixels; a smaller picture keeps its size.
 * @returns A copy of depth 32 with the same channels, without metadata.
 */
export async function thumbnailOf(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
  mostSide: number,
): Promise<Picture> {
  const { channels, depth } = header;
  const scale = Math.min(1, mostSide / Math.max(header.width, header.height));
  const width = Math.max(1, Math.round(header.width * scale));
  const height = Math.max(1, Math.round(header.height * scale));
  const cells = new Cells(width, height, channels);
  const columns = Int32Array.from(
    { length: header.width },
    (_, x) => Math.floor(x * width / header.width),
  );
  let y = 0;
  for await (const data of rows) {
    for (let from = 0; from < data.length; from += header.width * channels, y++) {
      cells.addRow(data, from, columns, Math.floor(y * height / header.height), whiteOf(depth));
    }
  }
  return { width, height, channels, depth: 32, data: cells.means(), metadata: {} };
}

/** Sums of the samples that fall into each pixel of a copy. */
class Cells {
  readonly #width: number;
  readonly #channels: number;
  readonly #alpha: boolean;
  /** `[height][width][channels]`: colours times their weight, then alpha if there is any. */
  readonly #sums: Float64Array;
  /** `[height][width]` */
  readonly #counts: Uint32Array;

  constructor(width: number, height: number, channels: Picture["channels"]) {
    this.#width = width;
    this.#channels = channels;
    this.#alpha = hasAlpha({ channels });
    this.#sums = new Float64Array(width * height * channels);
    this.#counts = new Uint32Array(width * height);
  }

  addRow(data: Samples, from: number, columns: Int32Array, row: number, white: number): void {
    const channels = this.#channels;
    const colours = this.#alpha ? channels - 1 : channels;
    for (let x = 0; x < columns.length; x++, from += channels) {
      const cell = row * this.#width + columns[x];
      const weight = this.#alpha ? data[from + colours] / white : 1;
      for (let c = 0; c < colours; c++) {
        this.#sums[cell * channels + c] += weight * data[from + c] / white;
      }
      if (this.#alpha) this.#sums[cell * channels + colours] += weight;
      this.#counts[cell]++;
    }
  }

  means(): Samples {
    const channels = this.#channels;
    const means = allocateSamples(32, this.#sums.length);
    for (let i = 0; i < means.length; i++) {
      const cell = Math.floor(i / channels);
      const isColour = !this.#alpha || i % channels < channels - 1;
      const weights = this.#alpha && isColour
        ? this.#sums[(cell + 1) * channels - 1]
        : this.#counts[cell];
      means[i] = weights > 0 ? this.#sums[i] / weights : 0;
    }
    return means;
  }
}
