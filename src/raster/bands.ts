/**
 * Bands: whole rows of a picture, in order, in the device's pixel format. They are what passes hand on.
 */

import { toGpuPixels, wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Picture, PictureHeader, Samples } from "../pictures/picture.ts";
import type { RasterSize, Region } from "./size.ts";

/** Whole rows of a picture in the device's pixel format (see `pictures/gpu_pixels.ts`). */
export interface Band {
  /** First row. */
  y: number;
  rows: number;
  words: Uint32Array;
}

/** All bands of a picture, from the top. */
export type Bands = Generator<Band> | AsyncGenerator<Band>;

/** Rows of a decoded picture that are converted at a time. */
const ROWS_AT_ONCE = 64;

/** Yields a decoded picture as bands. */
export function* pictureBands(picture: Picture): Generator<Band> {
  const perRow = picture.width * picture.channels;
  for (let y = 0; y < picture.height; y += ROWS_AT_ONCE) {
    const height = Math.min(ROWS_AT_ONCE, picture.height - y);
    const data = picture.data.subarray(y * perRow, (y + height) * perRow);
    yield { y, rows: height, words: toGpuPixels({ ...picture, height, data }) };
  }
}

/** Yields samples that come in whole rows as bands; their memory may be used again for the next ones. */
export async function* rowBands(
  header: PictureHeader,
  samples: AsyncIterable<Samples>,
): AsyncGenerator<Band> {
  const { width, channels } = header;
  let y = 0;
  for await (const data of samples) {
    const rows = data.length / (width * channels);
    yield { y, rows, words: toGpuPixels({ ...header, height: rows, data }) };
    y += rows;
  }
}

/**
 * Gives two readers the same bands, each in order, even if both ask at one time; those that one of them
 * has yet to take are kept for it. The source ends when both have ended.
 */
export function teeBands(
  source: AsyncIterator<Band>,
): [AsyncGenerator<Band>, AsyncGenerator<Band>] {
  const readers = [{ queue: [] as Band[], ended: false }, { queue: [] as Band[], ended: false }];
  let exhausted = false;
  let pulling: Promise<void> | undefined;
  const pull = async () => {
    const next = await source.next();
    if (next.done) exhausted = true;
    else for (const { queue, ended } of readers) if (!ended) queue.push(next.value);
  };
  const read = async function* (own: 0 | 1): AsyncGenerator<Band> {
    const reader = readers[own];
    try {
      for (;;) {
        while (reader.queue.length > 0) yield reader.queue.shift()!;
        if (exhausted) return;
        await (pulling ??= pull().finally(() => pulling = undefined));
      }
    } finally {
      reader.ended = true;
      reader.queue.length = 0;
      if (readers[1 - own].ended) await source.return?.();
    }
  };
  return [read(0), read(1)];
}

/** A band under construction: results are put at their place in it. */
export class BandBuilder {
  readonly #size: RasterSize;
  readonly #y: number;
  readonly #rows: number;
  #words: Uint32Array | undefined;

  /** @param size The whole picture's. */
  constructor(size: RasterSize, y: number, rows: number) {
    this.#size = size;
    this.#y = y;
    this.#rows = Math.min(rows, size.height - y);
  }

  get band(): Band {
    return { y: this.#y, rows: this.#rows, words: this.#words ??= this.#allocate() };
  }

  /**
   * Puts pixels at their place in the picture; what lies beyond its right and bottom edge is left out.
   *
   * @param words Pixels that are the whole band are kept, and not copied.
   */
  put(region: Region, words: Uint32Array): void {
    const size = wordsPerPixel(this.#size.depth);
    const width = Math.min(region.width, this.#size.width - region.x);
    const top = region.y - this.#y;
    const rows = Math.min(region.height, this.#rows - top);
    if (region.width === this.#size.width && rows === this.#rows) {
      this.#words = words.subarray(0, rows * width * size);
      return;
    }
    const band = this.#words ??= this.#allocate();
    for (let row = 0; row < rows; row++) {
      const from = row * region.width * size;
      const to = ((top + row) * this.#size.width + region.x) * size;
      band.set(words.subarray(from, from + width * size), to);
    }
  }

  #allocate(): Uint32Array {
    return new Uint32Array(this.#size.width * this.#rows * wordsPerPixel(this.#size.depth));
  }
}
