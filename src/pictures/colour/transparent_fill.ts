/**
 * Colours for transparent pixels: whatever mixes neighbours must not find there the arbitrary colours
 * that files keep under full transparency.
 *
 * A pixel takes over what its neighbours found, in two sweeps: one down over the whole picture, and one
 * up over two blocks of rows at a time. So colour runs down without end and up over at least a block,
 * farther than any resampling and most networks see, and rows can come one after the other. Blocks
 * begin at the same rows however the rows come: the result is always the same.
 */

import {
  allocateSamples,
  hasAlpha,
  type Picture,
  type PictureHeader,
  type Samples,
} from "../picture.ts";
import { bandsOf } from "../rows.ts";

/** Rows of a block. */
const BLOCK_ROWS = 32;

/**
 * Returns a picture whose fully transparent pixels have the colour of a visible pixel near them. Alpha
 * and visible pixels stay as they are, and so do rows at the top that are far above any visible pixel.
 * A picture without alpha is returned as it is.
 *
 * Takes time in proportion to the number of pixels.
 */
export function fillTransparent(picture: Picture): Picture {
  if (!hasAlpha(picture)) return picture;
  const { width, height, channels, depth, data } = picture;
  const filled = allocateSamples(depth, data.length);
  const filler = new BlockFiller(picture);
  const blockSamples = BLOCK_ROWS * width * channels;
  let at = 0;
  const put = (block: Samples) => {
    filled.set(block, at);
    at += block.length;
  };
  for (let from = 0; from < height * width * channels; from += blockSamples) {
    put(filler.push(data.subarray(from, from + blockSamples)));
  }
  put(filler.end());
  return { ...picture, data: filled };
}

/**
 * Does the same with rows as they come, and yields them in bands whose memory is used again.
 *
 * @param header with alpha
 * @param rows samples from the top, whole rows at a time
 * @throws {UsageError} if they are not as many rows, or not of that depth, as the header says
 */
export async function* fillTransparentRows(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
): AsyncGenerator<Samples> {
  const filler = new BlockFiller(header);
  for await (const block of bandsOf(header, rows, BLOCK_ROWS)) {
    const filled = filler.push(block);
    if (filled.length > 0) yield filled;
  }
  yield filler.end();
}

/**
 * Takes blocks of rows and gives each back once the next one is there. Pixels are those of a window of
 * two blocks; found places are those of the picture.
 */
class BlockFiller {
  readonly #width: number;
  readonly #channels: number;
  /** `[2 * BLOCK_ROWS][width][channels]`: the block that waits, and the one after it. */
  readonly #samples: Samples;
  /** Column and row of the visible pixel whose colour each pixel has; column -1: none yet. */
  readonly #foundX: Int32Array;
  readonly #foundY: Int32Array;
  /** Whether each row has a transparent pixel. */
  readonly #open = new Array<boolean>(2 * BLOCK_ROWS).fill(false);
  /** Row of the picture at which the window begins. */
  #top = 0;
  /** Rows in the window. */
  #rows = 0;

  constructor({ width, channels, depth }: PictureHeader) {
    this.#width = width;
    this.#channels = channels;
    this.#samples = allocateSamples(depth, 2 * BLOCK_ROWS * width * channels);
    this.#foundX = new Int32Array(2 * BLOCK_ROWS * width);
    this.#foundY = new Int32Array(2 * BLOCK_ROWS * width);
  }

  /**
   * Takes the next `BLOCK_ROWS` rows, or the last ones, and returns those before them, which stay until
   * the next call: none at first.
   */
  push(block: Samples): Samples {
    if (this.#rows > BLOCK_ROWS) this.#shift();
    const first = this.#rows;
    this.#rows += block.length / (this.#width * this.#channels);
    this.#samples.set(block, first * this.#width * this.#channels);
    for (let row = first; row < this.#rows; row++) {
      this.#findVisible(row);
      this.#sweepRow(row, row - 1, 1);
    }
    if (first === 0) return this.#samples.subarray(0, 0);
    this.#sweepUp();
    return this.#samples.subarray(0, BLOCK_ROWS * this.#width * this.#channels);
  }

  /** Returns the last rows. */
  end(): Samples {
    if (this.#rows > BLOCK_ROWS) this.#shift();
    this.#sweepUp();
    return this.#samples.subarray(0, this.#rows * this.#width * this.#channels);
  }

  /** Makes the block after it the one that waits. */
  #shift(): void {
    const pixels = BLOCK_ROWS * this.#width;
    this.#samples.copyWithin(0, pixels * this.#channels);
    this.#foundX.copyWithin(0, pixels);
    this.#foundY.copyWithin(0, pixels);
    this.#open.copyWithin(0, BLOCK_ROWS);
    this.#top += BLOCK_ROWS;
    this.#rows -= BLOCK_ROWS;
  }

  #sweepUp(): void {
    for (let row = this.#rows - 1; row >= 0; row--) {
      this.#sweepRow(row, row + 1 < this.#rows ? row + 1 : -1, -1);
    }
  }

  /** Visible pixels have their own colour. */
  #findVisible(row: number): void {
    const alpha = this.#channels - 1;
    this.#open[row] = false;
    for (let x = 0, i = row * this.#width; x < this.#width; x++, i++) {
      const visible = this.#samples[i * this.#channels + alpha] > 0;
      this.#foundX[i] = visible ? x : -1;
      this.#foundY[i] = this.#top + row;
      this.#open[row] ||= !visible;
    }
  }

  /**
   * Lets each pixel of a row take over what its neighbours in the row before it found, and those beside
   * it, first in one direction, then in the other.
   *
   * @param before the row before it; -1: none
   */
  #sweepRow(row: number, before: number, direction: 1 | -1): void {
    if (!this.#open[row]) return;
    const width = this.#width;
    const y = this.#top + row;
    for (const step of [direction, -direction]) {
      for (let column = 0; column < width; column++) {
        const x = step === 1 ? column : width - 1 - column;
        const i = row * width + x;
        if (this.#foundX[i] === x && this.#foundY[i] === y) continue;
        let nearest = i;
        let least = this.#distance(i, x, y);
        const compare = (other: number) => {
          const distance = this.#distance(other, x, y);
          if (distance >= least) return;
          nearest = other;
          least = distance;
        };
        if (column > 0) compare(i - step);
        if (before >= 0 && step === direction) {
          const last = Math.min(x + 1, width - 1);
          for (let near = Math.max(x - 1, 0); near <= last; near++) compare(before * width + near);
        }
        if (nearest !== i) this.#takeOver(i, nearest);
      }
    }
  }

  /** Squared distance of (x, y) from the visible pixel that pixel `i` found. */
  #distance(i: number, x: number, y: number): number {
    if (this.#foundX[i] < 0) return Infinity;
    const dx = this.#foundX[i] - x;
    const dy = this.#foundY[i] - y;
    return dx * dx + dy * dy;
  }

  /** Gives pixel `i` what pixel `other` found. */
  #takeOver(i: number, other: number): void {
    this.#foundX[i] = this.#foundX[other];
    this.#foundY[i] = this.#foundY[other];
    const channels = this.#channels;
    for (let c = 0; c < channels - 1; c++) {
      this.#samples[i * channels + c] = this.#samples[other * channels + c];
    }
  }
}
