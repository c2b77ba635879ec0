/**
 * A picture on its way from one pass to the next, of which only the rows that are still needed are in
 * memory.
 *
 * Bands of rows come from above in order; windows are cut from them in any order, as long as the rows
 * they need have not been given up.
 */

import { wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Band } from "./bands.ts";
import type { RasterSize, Region } from "./size.ts";

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
   * Returns a window of pixels, loading the rows that it needs. Whole rows of one band are not copied.
   *
   * Past the right and bottom edge the picture is reflected (the edge pixel is not repeated); that
   * happens only where its size is no multiple of a network's unshuffle factor.
   */
  async cut(window: Region): Promise<Uint32Array> {
    const { width, height, depth } = this.size;
    await this.#load(Math.min(height, window.y + window.height));
    const size = wordsPerPixel(depth);
    const shared = this.#shared(window);
    if (shared !== undefined) return shared;
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

  /** The window as a part of a band, if it consists of whole rows of that. */
  #shared({ y, width, height }: Region): Uint32Array | undefined {
    if (width !== this.size.width) return undefined;
    const band = this.#bands.find((band) => y >= band.y && y + height <= band.y + band.rows);
    const perRow = width * wordsPerPixel(this.size.depth);
    return band?.words.subarray((y - band.y) * perRow, (y - band.y + height) * perRow);
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
