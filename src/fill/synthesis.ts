/**
 * The work on the device: from the levels of a picture to the place from which each pixel of its hole is
 * copied.
 *
 * At the smallest level the hole is filled layer by layer, from what is known inward; then patches are
 * matched and vote in turn, and each larger level begins with the matches of the one below it (Y. Wexler,
 * E. Shechtman, M. Irani, 2007; A. Newson et al., "Video inpainting of complex scenes", SIAM Journal on
 * Imaging Sciences 7(4), 2014).
 */

import { commandOf, createChecked } from "../engine/band_buffers.ts";
import type { Gpu } from "../gpu/device.ts";
import { Readback } from "../gpu/readback.ts";
import { type Command, Submitter } from "../gpu/submission.ts";
import type { Dispatch } from "../kernels/dispatch.ts";
import {
  type FillLevel,
  type Lean,
  refineStep,
  type Search,
  searchStep,
  type TargetRange,
  voteStep,
} from "../kernels/fill.ts";
import type { Size } from "../raster/size.ts";
import type { Level } from "./levels.ts";

/** What was found for a picture. */
export interface Synthesis extends Size {
  /** `[height][width]` of two words: the place of the source, and the weight of the match; 0: none. */
  matches: Uint32Array;
  /** `[height][width]`: the pixels with the hole filled by votes, as the kernels have them. */
  pixels: Uint32Array;
}

/** How it is done. */
export interface SynthesisOptions {
  /** Another one gives another result; the same one the same, on any device. */
  seed: number;
  /** What is known of it is in pixels of the largest level. */
  lean: Lean;
  signal?: AbortSignal | undefined;
}

/** Rounds of search and votes, at the smallest level and at those above it, the smallest first. */
const ROUNDS = { smallest: 8, above: [6, 4, 2] } as const;

/** Sources that are tried anywhere for a pixel that is new, and how often its layer is searched. */
const FIRST_SAMPLES = 64;
const FIRST_SEARCHES = 4;

/** How far around a match others are tried at levels above the smallest. */
const NEAR = 8;

/** Neighbours whose matches are tried, near and far in turn. */
const STEPS = [1, 4, 1, 2] as const;

/** Bytes of a uniform buffer. */
const PARAMS_BYTES = 64;

/** The steps of one level, with the buffers that each binds. */
interface Step {
  dispatch: Dispatch;
  binds: readonly (keyof LevelBuffers)[];
}

/**
 * Fills the hole of a picture.
 *
 * @param levels From the largest, at least one.
 * @throws {OutOfGpuMemoryError} If the buffers do not fit.
 * @throws {GpuError} If the device fails.
 */
export async function synthesise(
  gpu: Gpu,
  levels: readonly Level[],
  options: SynthesisOptions,
): Promise<Synthesis> {
  const submitter = new Submitter(gpu);
  let below: { level: Level; buffers: LevelBuffers } | undefined;
  try {
    for (let i = levels.length - 1; i >= 0; i--) {
      const level = levels[i];
      const coarse: GPUBuffer | undefined = below?.buffers.matches;
      const buffers = await createChecked(
        gpu,
        "filling",
        () => new LevelBuffers(gpu, level, coarse),
      );
      const steps = stepsOf(level, below?.level, levels[0], levels.length - 1 - i, options);
      try {
        await runSteps(gpu, submitter, steps, buffers, options.signal);
      } catch (error) {
        buffers.destroy();
        throw error;
      }
      below?.buffers.destroy();
      below = { level, buffers };
    }
    return await read(gpu, below!.level, below!.buffers);
  } finally {
    below?.buffers.destroy();
  }
}

/** All that is done at one level; searches come in pairs, so that the last one writes `matches`. */
export function stepsOf(
  level: Level,
  coarse: Size | undefined,
  largest: Size,
  index: number,
  { seed, lean }: SynthesisOptions,
): Step[] {
  const all = { first: 0, count: level.targets.length / 2 };
  const size: FillLevel = { ...level, sources: level.sources.length };
  const leanAt = reducedLean(lean, level.width / largest.width);
  const steps: Step[] = [];
  let searches = 0;
  const search = (range: TargetRange, params: Partial<Search>) => {
    const turn = searches++;
    const step = STEPS[turn % STEPS.length];
    const own = { seed: seed + turn, step, radius: 0, samples: 0, lean: leanAt, ...params };
    const [from, to] = turn % 2 === 0
      ? ["matches", "other"] as const
      : ["other", "matches"] as const;
    const binds = ["pixels", "targets", "sources", from, to] as const;
    steps.push({ dispatch: searchStep(size, range, own), binds });
  };
  const vote = (range: TargetRange) => {
    steps.push({ dispatch: voteStep(size, range), binds: ["targets", "matches", "pixels"] });
  };
  if (coarse === undefined) {
    const radius = Math.max(level.width, level.height);
    for (const layer of level.layers) {
      for (let i = 0; i < FIRST_SEARCHES; i++) search(layer, { samples: FIRST_SAMPLES, radius });
      vote(layer);
    }
    for (let i = 0; i < ROUNDS.smallest; i++) {
      for (let j = 0; j < 2; j++) search(all, { samples: 8, radius });
      vote(all);
    }
    return steps;
  }
  const refine = refineStep(size, all, coarse, seed);
  steps.push({ dispatch: refine, binds: ["pixels", "targets", "sources", "coarse", "matches"] });
  vote(all);
  const rounds = ROUNDS.above[Math.min(index, ROUNDS.above.length) - 1];
  for (let i = 0; i < rounds; i++) {
    for (let j = 0; j < 2; j++) search(all, { radius: NEAR });
    vote(all);
  }
  return steps;
}

/** The same at a smaller level. */
function reducedLean({ x, y, known }: Lean, scale: number): Lean {
  if (known === undefined) return { x, y };
  const [left, right, top, bottom] = [known.left, known.right, known.top, known.bottom]
    .map((at) => Math.round(at * scale));
  return { x, y, known: { left, right, top, bottom } };
}

async function runSteps(
  gpu: Gpu,
  submitter: Submitter,
  steps: readonly Step[],
  buffers: LevelBuffers,
  signal: AbortSignal | undefined,
): Promise<void> {
  const commands: Command[] = [];
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const params = steps.map(() => gpu.createBuffer("parameters of filling", PARAMS_BYTES, usage));
  try {
    for (const [i, { dispatch, binds }] of steps.entries()) {
      const bound = binds.map((name) => buffers[name] as GPUBuffer);
      commands.push(await commandOf(gpu, dispatch, params[i], bound));
    }
    await submitter.run(commands, signal);
  } finally {
    for (const buffer of params) gpu.destroyBuffer(buffer);
  }
}

async function read(gpu: Gpu, level: Level, buffers: LevelBuffers): Promise<Synthesis> {
  const { width, height } = level;
  const [matches, pixels] = [8 * width * height, 4 * width * height];
  const readback = await createChecked(gpu, "filling", () => new Readback(gpu, matches + pixels));
  try {
    const words = await readback.read(
      { buffer: buffers.matches, bytes: matches },
      { buffer: buffers.pixels, bytes: pixels },
    );
    gpu.check();
    return {
      width,
      height,
      matches: words.subarray(0, matches / 4),
      pixels: words.subarray(matches / 4),
    };
  } finally {
    readback.destroy();
  }
}

/** The buffers of one level; that of the level below it is not its own. */
class LevelBuffers {
  readonly pixels: GPUBuffer;
  readonly targets: GPUBuffer;
  readonly sources: GPUBuffer;
  readonly matches: GPUBuffer;
  /** What searches write in turn with `matches`. */
  readonly other: GPUBuffer;
  readonly coarse: GPUBuffer | undefined;
  readonly #gpu: Gpu;

  constructor(gpu: Gpu, level: Level, coarse: GPUBuffer | undefined) {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const upload = (words: Uint32Array) => {
      const buffer = gpu.createBuffer("filling", words.byteLength, usage);
      gpu.writeBuffer(buffer, words);
      return buffer;
    };
    const bytes = 8 * level.width * level.height;
    this.#gpu = gpu;
    this.pixels = upload(level.pixels);
    this.targets = upload(level.targets);
    this.sources = upload(level.sources);
    this.matches = gpu.createBuffer("filling", bytes, usage);
    this.other = gpu.createBuffer("filling", bytes, usage);
    this.coarse = coarse;
  }

  destroy(): void {
    const { pixels, targets, sources, matches, other } = this;
    for (const buffer of [pixels, targets, sources, matches, other]) {
      this.#gpu.destroyBuffer(buffer);
    }
  }
}
