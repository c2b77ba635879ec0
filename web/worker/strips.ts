/** Rows of a result on their way past: shrunk to what a page shows of them, band by band. */

import {
  convertDepth,
  hasAlpha,
  type PictureHeader,
  type Samples,
} from "../../src/pictures/mod.ts";
import type { Size } from "../../src/raster/size.ts";
import type { Strip } from "../protocol.ts";

/** Averages the pixels of each cell; colours are shown as they are stored, whatever their profile. */
export class Strips {
  readonly #header: PictureHeader;
  /** The size of all strips together. */
  readonly size: Size;
  readonly #width: number;
  readonly #height: number;
  readonly #onStrip: (strip: Strip) => void;
  /** The row of cells that is being filled: `[width][4]`, and how many pixels are in each. */
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  #taken = 0;
  #row = 0;
  #done: Uint8ClampedArray<ArrayBuffer>[] = [];
  #first = 0;

  /** @param width How wide the page shows the result, in pixels; never wider than it is. */
  constructor(header: PictureHeader, width: number, onStrip: (strip: Strip) => void) {
    this.#header = header;
    this.#width = Math.max(1, Math.min(Math.round(width), header.width));
    this.#height = Math.max(1, Math.round(header.height * this.#width / header.width));
    this.size = { width: this.#width, height: this.#height };
    this.#onStrip = onStrip;
    this.#sums = new Float64Array(this.#width * 4);
    this.#counts = new Float64Array(this.#width);
  }

  /** Passes rows on as they are, and tells of them. */
  async *passing(rows: AsyncIterable<Samples>): AsyncGenerator<Samples> {
    for await (const samples of rows) {
      this.add(samples);
      yield samples;
    }
    this.finish();
  }

  /** Takes the next rows. */
  add(samples: Samples): void {
    const first = this.#taken;
    const { width, height, channels } = this.#header;
    const count = samples.length / (width * channels);
    const { data } = convertDepth(
      { ...this.#header, height: count, data: samples, metadata: {} },
      8,
      {},
    );
    for (let row = 0; row < count; row++) {
      const cellRow = Math.floor((first + row) * this.#height / height);
      if (cellRow > this.#row) this.#finishRow();
      this.#addRow(data, row * width * channels);
    }
    this.#taken += count;
    this.#tell();
  }

  /** To be called after the last rows. */
  finish(): void {
    this.#finishRow();
    this.#tell();
  }

  #addRow(data: Samples, from: number): void {
    const { width, channels } = this.#header;
    const colour = channels >= 3 ? 1 : 0;
    const alpha = hasAlpha(this.#header) ? channels - 1 : undefined;
    for (let x = 0; x < width; x++, from += channels) {
      const cell = Math.floor(x * this.#width / width);
      const opacity = alpha === undefined ? 255 : data[from + alpha];
      for (let c = 0; c < 3; c++) this.#sums[cell * 4 + c] += data[from + c * colour];
      this.#sums[cell * 4 + 3] += opacity;
      this.#counts[cell]++;
    }
  }

  #finishRow(): void {
    if (this.#counts[0] === 0) return;
    const line = new Uint8ClampedArray(this.#width * 4);
    for (let i = 0; i < line.length; i++) line[i] = this.#sums[i] / this.#counts[i >> 2];
    this.#done.push(line);
    this.#sums.fill(0);
    this.#counts.fill(0);
    this.#row++;
  }

  #tell(): void {
    if (this.#done.length === 0) return;
    const width = this.#width;
    const data = new Uint8ClampedArray(this.#done.length * width * 4);
    this.#done.forEach((line, i) => data.set(line, i * width * 4));
    this.#onStrip({ y: this.#first, width, height: this.#done.length, data });
    this.#first += this.#done.length;
    this.#done = [];
  }
}
