/**
 * A picture on its way from one pass to the next, of which only the rows that are still needed are in
 * memory.
 *
 * Bands of rows come from above in order; windows are cut from them in any order, as long as the rows
 * they need have not been given up.
 */

import { toGpuPixels, wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Depth, Picture, PictureHeader, Samples } from "../pictures/picture.ts";
import type { Region } from "./plan.ts";

/** Size and depth of a whole picture. */
export interface RasterSize {
  width: number;
  height: number;
  depth: Depth;
}

/** Whole rows of a picture in the device's pixel format (see `pictures/gpu_pixels.ts`). */
export interface Band {
  /** First row. */
  y: number;
  rows: number;
  words: Uint32Array;
}

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
 * Gives two readers the same bands; those that one of them has yet to take are kept for it. The source
 * ends when both have ended.
 */
export function teeBands(
  source: AsyncIterator<Band>,
): [AsyncGenerator<Band>, AsyncGenerator<Band>] {
  const queues: Band[][] = [[], []];
  const ended = [false, false];
  const reader = async function* (own: 0 | 1): AsyncGenerator<Band> {
    try {
      for (;;) {
        const kept = queues[own].shift();
        if (kept !== undefined) {
          yield kept;
          continue;
        }
        const next = await source.next();
        if (next.done) return;
        if (!ended[1 - own]) queues[1 - own].push(next.value);
        yield next.value;
      }
    } finally {
      ended[own] = true;
      queues[own].length = 0;
      if (ended[1 - own]) await source.return?.();
    }
  };
  return [reader(0), reader(1)];
}

/** The rows of a picture that have come and are still needed. */
export class RowWindow {
  readonly size: RasterSize;
  readonly #source: Iterator<Band> | AsyncIterator<Band>;
  #bands: Band[] = [];
  #rowsLoaded = 0;

  /** @param source All rows of the picture, from the top. */
  constructor(size: RasterSize, source: Iterator<Band> | AsyncIterator<Band>) {
    this.size = size;
    this.#source = source;
  }

  /**
   * Copies a window of pixels, loading the rows that it needs.
   *
   * Past the right and bottom edge the picture is reflected (the edge pixel is not repeated); that
   * happens only where its size is no multiple of a network's unshuffle factor.
   */
  async cut(window: Region): Promise<Uint32Array> {
    const { width, height, depth } = this.size;
    await this.#load(Math.min(height, window.y + window.height));
    const size = wordsPerPixel(depth);
    const inside = Math.min(window.width, width - window.x);
    const words = new Uint32Array(window.width * window.height * size);
    for (let row = 0; row < window.height; row++) {
      const from = this.#row(reflect(window.y + row, height));
      const to = row * window.width * size;
      words.set(from.subarray(window.x * size, (window.x + inside) * size), to);
      for (let column = inside; column < window.width; column++) {
        const at = reflect(window.x + column, width) * size;
        words.set(from.subarray(at, at + size), to + column * size);
      }
    }
    return words;
  }

  /** Gives up the rows above one: they will not be asked for again. */
  forget(above: number): void {
    this.#bands = this.#bands.filter((band) => band.y + band.rows > above);
  }

  /** Ends the source before its time. */
  async close(): Promise<void> {
    this.#bands = [];
    await this.#source.return?.();
  }

  async #load(rows: number): Promise<void> {
    while (this.#rowsLoaded < rows) {
      const next = await this.#source.next();
      if (next.done) throw new RangeError(`Only ${this.#rowsLoaded} of ${rows} rows came`);
      this.#bands.push(next.value);
      this.#rowsLoaded = next.value.y + next.value.rows;
    }
  }

  #row(y: number): Uint32Array {
    const band = this.#bands.find((band) => y >= band.y && y < band.y + band.rows);
    if (band === undefined) throw new RangeError(`Row ${y} has been given up`);
    const perRow = this.size.width * wordsPerPixel(this.size.depth);
    return band.words.subarray((y - band.y) * perRow, (y - band.y + 1) * perRow);
  }
}

/** Position after reflection at the last pixel; a picture too small for that repeats its pixels. */
function reflect(at: number, size: number): number {
  return at < size ? at : Math.max(0, 2 * (size - 1) - at);
}

/** A band under construction: results are put at their place in it. */
export class BandBuilder {
  readonly band: Band;
  readonly #size: RasterSize;

  /** @param size The whole picture's. */
  constructor(size: RasterSize, y: number, rows: number) {
    const height = Math.min(rows, size.height - y);
    const words = new Uint32Array(size.width * height * wordsPerPixel(size.depth));
    this.band = { y, rows: height, words };
    this.#size = size;
  }

  /** Puts pixels at their place in the picture; what lies beyond its right and bottom edge is left out. */
  put(region: Region, words: Uint32Array): void {
    const size = wordsPerPixel(this.#size.depth);
    const width = Math.min(region.width, this.#size.width - region.x);
    const top = region.y - this.band.y;
    for (let row = 0; row < Math.min(region.height, this.band.rows - top); row++) {
      const from = row * region.width * size;
      const to = ((top + row) * this.#size.width + region.x) * size;
      this.band.words.set(words.subarray(from, from + width * size), to);
    }
  }
}
