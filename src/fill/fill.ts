/**
 * Filling: pixels that are not known are made of those that are, by copying what fits best.
 *
 * A picture of many pixels is worked on at a reduced size, so that the device needs no more memory for a
 * larger one; what is found there says from where pixels are copied at full size.
 */

import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Lean } from "../kernels/fill.ts";
import { LossBudget } from "../passes/loss_budget.ts";
import { type Picture, whiteOf } from "../pictures/picture.ts";
import { copyFilled } from "./copy.ts";
import { levelsOf, type WorkPicture } from "./levels.ts";
import { countMarks, emptyMask, type Mask, shrunkMask } from "../pictures/mask.ts";
import { type Synthesis, synthesise } from "./synthesis.ts";

/** The most pixels of the reduced copy. */
export const MOST_WORK_PIXELS = 2 ** 19;

/** How a picture is filled. */
export interface FillOptions {
  /** What may not be copied, beside the hole. Default: nothing. */
  barred?: Mask;
  /** What it costs to copy from afar; what is known is in pixels of the picture. Default: nothing. */
  lean?: Lean;
  /** Another one gives another result; the same one the same, on any device. Default: 1. */
  seed?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Fills the hole of a picture; its other samples stay as they are.
 *
 * @param hole The pixels to fill; their samples are not looked at.
 * @throws {InputError} If nothing is left to copy.
 * @throws {GpuError} If the device fails, or is lost more often than it is opened again.
 *
 * @example
 * ```ts
 * import { Gpu } from "../gpu/device.ts";
 * import { emptyMask, markRegion } from "../pictures/mask.ts";
 * const gpu = await Gpu.open();
 * const data = Uint8Array.from({ length: 48 * 32 }, (_, i) => i % 4 < 2 ? 50 : 200); // stripes
 * const stripes = { width: 48, height: 32, channels: 1, depth: 8, data, metadata: {} } as const;
 * const hole = emptyMask(stripes);
 * markRegion(hole, { x: 20, y: 10, width: 8, height: 8 });
 * const damaged = data.map((value, i) => hole.data[i] ? 0 : value);
 * const whole = await fill(gpu, { ...stripes, data: damaged }, hole);
 * console.assert(whole.data.every((value, i) => value === data[i]));
 * gpu.destroy();
 * ```
 */
export async function fill(
  gpu: Gpu,
  picture: Picture,
  hole: Mask,
  options: FillOptions = {},
): Promise<Picture> {
  if (countMarks(hole) === 0) return picture;
  const { barred = emptyMask(hole), lean = { x: 0, y: 0 }, seed = 1, signal } = options;
  const factor = reduction(picture);
  const levels = levelsOf(workPicture(picture, hole, barred, factor));
  if (levels.length === 0) {
    throw new InputError(
      `Of ${picture.width} x ${picture.height} pixels, too little is left to copy from`,
    );
  }
  const known = lean.known && reducedBy(lean.known, factor);
  const reduced = { x: lean.x, y: lean.y, ...known && { known } };
  const synthesis = await withDevice(
    gpu,
    () => synthesise(gpu, levels, { seed, lean: reduced, signal }),
  );
  return copyFilled(picture, hole, factor, synthesis);
}

function reducedBy({ left, right, top, bottom }: NonNullable<Lean["known"]>, factor: number) {
  const [from, to] = [
    (at: number) => Math.ceil(at / factor),
    (at: number) => Math.floor(at / factor),
  ];
  return { left: from(left), right: to(right), top: from(top), bottom: to(bottom) };
}

/** Does it all again if the device was lost: the result is the same. */
async function withDevice(gpu: Gpu, work: () => Promise<Synthesis>): Promise<Synthesis> {
  const losses = new LossBudget(gpu);
  for (;;) {
    try {
      await losses.reopen(undefined);
      return await work();
    } catch (error) {
      if (!gpu.lost) throw error;
      await losses.reopen(error);
    }
  }
}

/** The least whole factor that leaves at most {@linkcode MOST_WORK_PIXELS}. */
function reduction({ width, height }: Picture): number {
  let factor = Math.max(1, Math.floor(Math.sqrt(width * height / MOST_WORK_PIXELS)));
  while (Math.ceil(width / factor) * Math.ceil(height / factor) > MOST_WORK_PIXELS) factor++;
  return factor;
}

/** Shrinks what is known; pixels at the edge of which only a part is there are not copied. */
function workPicture(picture: Picture, hole: Mask, barred: Mask, factor: number): WorkPicture {
  const { width, height } = picture;
  const small = shrunkMask(hole, factor);
  const closed = shrunkMask(barred, factor);
  for (let y = 0; y < small.height; y++) {
    for (let x = 0; x < small.width; x++) {
      const isPart = (x + 1) * factor > width || (y + 1) * factor > height;
      if (isPart) closed.data[y * small.width + x] = 1;
    }
  }
  return { ...small, colours: shrunkColours(picture, factor), hole: small, barred: closed };
}

/** Packed means of squares of pixels, 8 bits each. */
function shrunkColours({ width, height, channels, depth, data }: Picture, factor: number) {
  const columns = Math.ceil(width / factor);
  const sums = new Float64Array(columns * Math.ceil(height / factor) * 3);
  const counts = new Uint32Array(sums.length / 3);
  const step = channels >= 3 ? 1 : 0;
  for (let y = 0, from = 0; y < height; y++) {
    const row = Math.floor(y / factor) * columns;
    for (let x = 0; x < width; x++, from += channels) {
      const cell = row + Math.floor(x / factor);
      counts[cell]++;
      for (let c = 0; c < 3; c++) sums[3 * cell + c] += data[from + c * step];
    }
  }
  const scale = 255 / whiteOf(depth);
  const level = (sum: number, count: number) =>
    Math.min(255, Math.max(0, Math.round(sum / count * scale)));
  return Uint32Array.from(counts, (count, cell) => {
    const [red, green, blue] = [0, 1, 2].map((c) => level(sums[3 * cell + c], count));
    return red | green << 8 | blue << 16;
  });
}
