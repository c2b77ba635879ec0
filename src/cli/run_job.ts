/**
 * One picture from file to file: read, decode, upscale, encode, write.
 */

import { InputError, UsageError } from "../errors.ts";
import {
  decodePicture,
  type EncodeOptions,
  encodePicture,
  encodePngRows,
  FORMATS,
  lossesOf,
  type Picture,
  type PictureFormat,
  type Samples,
  splitAlpha,
  whiteOf,
} from "../pictures/mod.ts";
import type { Progress } from "../progress.ts";
import type { Plan, Upscaler } from "../upscaler.ts";
import type { Job } from "./jobs.ts";
import { OutputFile } from "./output_file.ts";

/** Encoding it shows whether the codec can be loaded. */
const ONE_PIXEL: Picture = {
  width: 1,
  height: 1,
  channels: 3,
  depth: 8,
  data: new Uint8Array(3),
  metadata: {},
};

/** How the pictures are to be upscaled, and whom to tell. */
export interface JobOptions {
  scale: number;
  /** 1 to 100, for formats that have such a choice; the format's own unless given. */
  quality: number | undefined;
  overwrite: boolean;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Receives sentences about what of the input the output will not show. */
  onLoss: (loss: string) => void;
}

/** What was done: the line of `--json`. */
export interface JobReport {
  input: string;
  output: string;
  width: number;
  height: number;
  outputWidth: number;
  outputHeight: number;
  model: string;
  scale: number;
  precision: "f32" | "f16";
  tiles: number;
  /** Most GPU memory in use at one time, as planned. */
  gpuBytes: number;
  adapter: string;
  seconds: Record<Phase | "total", number>;
}

/**
 * Upscales one picture.
 *
 * @throws {UsageError} If the output cannot be written.
 * @throws {InputError} If the input cannot be read.
 * @throws {GpuError} If the device fails.
 */
export async function runJob(
  job: Job,
  upscaler: Upscaler,
  options: JobOptions,
): Promise<JobReport> {
  const { scale, quality, signal } = options;
  const clock = new PhaseClock();
  using file = new OutputFile(job.output, options);
  const encoding = { format: job.format, ...(quality !== undefined && { quality }) };
  const picture = fitToFormat(await decodePicture(await readInput(job.input)), job.format, options);
  const plan = await upscaler.plan(picture, { scale });
  await checkEncoder(encoding, plan);
  signal.throwIfAborted();
  for await (const bytes of upscaleAndEncode(picture, encoding, upscaler, options, clock)) {
    await file.write(bytes);
  }
  signal.throwIfAborted();
  await file.commit();
  return { ...describeJob(job, upscaler, plan, scale), seconds: clock.stop() };
}

/** Yields the bytes of the result: of a PNG as its rows are made, of the others all at the end. */
async function* upscaleAndEncode(
  picture: Picture,
  encoding: EncodeOptions,
  upscaler: Upscaler,
  { scale, signal, onProgress }: JobOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  const request = { scale, signal, onProgress };
  clock.enter("upscale");
  if (encoding.format === "png") {
    const { rows, ...header } = upscaler.upscaleRows(picture, request);
    yield* encodePngRows(header, timed(rows, clock));
  } else {
    const result = await upscaler.upscale(picture, request);
    clock.enter("encode");
    yield await encodePicture(result, encoding);
  }
}

/** Passes rows on; the time until the next ones are asked for goes to the encoder. */
async function* timed(rows: AsyncIterable<Samples>, clock: PhaseClock): AsyncGenerator<Samples> {
  for await (const samples of rows) {
    clock.enter("encode");
    yield samples;
    clock.enter("upscale");
  }
  clock.enter("encode");
}

async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (error instanceof Deno.errors.NotFound) throw new InputError("There is no such file");
    if (error instanceof Deno.errors.IsADirectory) {
      throw new InputError("It is a folder, not a picture");
    }
    throw new InputError(`It cannot be read: ${(error as Error).message}`);
  }
}

/** Makes of a picture what its format can hold, or refuses where that would lose what is visible. */
function fitToFormat(picture: Picture, format: PictureFormat, { onLoss }: JobOptions): Picture {
  const fitting = FORMATS[format].alpha ? picture : withoutAlpha(picture, FORMATS[format].name);
  for (const sentence of [...picture.notes ?? [], ...lossesOf(fitting, format)]) onLoss(sentence);
  return fitting;
}

function withoutAlpha(picture: Picture, format: string): Picture {
  const { colour, alpha, constant = whiteOf(picture.depth) } = splitAlpha(picture);
  if (alpha === undefined && constant === whiteOf(picture.depth)) return colour;
  throw new UsageError(`${format} cannot hold the picture's transparency: choose --format png`);
}

/** Finds out before the work whether its result can be encoded. */
async function checkEncoder(encoding: EncodeOptions, plan: Plan): Promise<void> {
  const { name, maxSide } = FORMATS[encoding.format];
  const { outputWidth, outputHeight } = plan;
  if (Math.max(outputWidth, outputHeight) > maxSide) {
    throw new UsageError(
      `${name} holds at most ${maxSide} pixels a side, not ${outputWidth} x ${outputHeight}: ` +
        `choose --format png`,
    );
  }
  await encodePicture(ONE_PIXEL, encoding);
}

function describeJob(
  job: Job,
  upscaler: Upscaler,
  plan: Plan,
  scale: number,
): Omit<JobReport, "seconds"> {
  return {
    input: job.input,
    output: job.output,
    width: plan.width,
    height: plan.height,
    outputWidth: plan.outputWidth,
    outputHeight: plan.outputHeight,
    model: upscaler.label,
    scale,
    precision: plan.passes.find(({ kind }) => kind === "network")?.precision ?? "f32",
    tiles: plan.passes.reduce((sum, { tiles }) => sum + tiles, 0),
    gpuBytes: Math.max(0, ...plan.passes.map(({ gpuBytes }) => gpuBytes)),
    adapter: upscaler.gpu.adapter.description,
  };
}

type Phase = "decode" | "upscale" | "encode";

/** Seconds spent in each phase. */
class PhaseClock {
  #phase: Phase = "decode";
  #since = performance.now();
  readonly #seconds = { decode: 0, upscale: 0, encode: 0 };

  /** Ends the phase that is on and goes on with another, or one from before. */
  enter(phase: Phase): void {
    const now = performance.now();
    this.#seconds[this.#phase] += (now - this.#since) / 1000;
    this.#since = now;
    this.#phase = phase;
  }

  stop(): JobReport["seconds"] {
    this.enter(this.#phase);
    const { decode, upscale, encode } = this.#seconds;
    return {
      decode: toMilliseconds(decode),
      upscale: toMilliseconds(upscale),
      encode: toMilliseconds(encode),
      total: toMilliseconds(decode + upscale + encode),
    };
  }
}

/** Drops the digits that no clock knows. */
function toMilliseconds(seconds: number): number {
  return Number(seconds.toFixed(3));
}
