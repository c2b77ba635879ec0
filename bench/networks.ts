/**
 * Whole networks, from pixels in host memory to pixels in host memory: what a picture waits for, apart
 * from its file.
 */

import type { Gpu } from "../src/gpu/device.ts";
import { matrixUnits } from "../src/engine/matrix_units.ts";
import type { Storage } from "../src/kernels/dispatch.ts";
import { isMatrixNetwork } from "../src/kernels/matrix_conv.ts";
import { isResampleKernel } from "../src/kernels/taps.ts";
import { flopPerPixel } from "../src/networks/analysis.ts";
import type { Picture } from "../src/pictures/picture.ts";
import type { UpscalerOptions } from "../src/upscale_options.ts";
import { Upscaler } from "../src/upscaler.ts";
import type { Size } from "./test_tensor.ts";
import { repeatTimed, stopwatch, type Timing, type TimingBudget } from "./timing.ts";

/** The figures of one network, or of bicubic resampling by the same factor. */
export interface NetworkFigures extends Timing {
  model: string;
  /** How activations are stored; pixels for bicubic. */
  storage: Storage | "pixels";
  scale: number;
  /** Size of the picture that was enlarged. */
  width: number;
  height: number;
  /** The first run, with uploading the weights and compiling. */
  firstMs: number;
  /** Milliseconds per 10^6 input pixels. */
  msPerMegapixel: number;
  /** By the mathematical definition of the convolutions. */
  gflops: number;
  /** The same as a share of the adapter's measured multiply-add peak. */
  peakShare: number;
  /** Most GPU memory that was in use. */
  gpuBytes: number;
  /** Time as a multiple of bicubic's on the same adapter; 1 for bicubic. */
  timesBicubic: number;
}

/**
 * Measures networks one after the other, each beside bicubic by its factor.
 *
 * @param models Names, paths or URLs; resampling kernels among them are passed over.
 * @param onStart Told what is measured before its turn.
 * @throws {ModelError} If a model cannot be used.
 * @throws {GpuError} If the device fails.
 */
export async function benchNetworks(
  gpu: Gpu,
  models: string[],
  size: Size,
  peakGflops: number,
  budget: TimingBudget,
  onStart: (label: string) => void,
): Promise<NetworkFigures[]> {
  const picture = noise(size);
  const bicubics = new Map<number, NetworkFigures>();
  const figures: NetworkFigures[] = [];
  for (const model of models.filter((name) => !isResampleKernel(name))) {
    for (const storage of await storagesOf(gpu, model)) {
      onStart(`${model} ${storage}`);
      const precision = storage === "matrix" ? "auto" : storage;
      const row = await benchUpscaler(gpu, { model, precision }, picture, budget);
      const bicubic = bicubics.get(row.scale) ??
        await benchBicubic(gpu, row.scale, picture, budget);
      bicubics.set(row.scale, bicubic);
      const peakShare = row.gflops / peakGflops;
      figures.push({ ...row, storage, peakShare, timesBicubic: row.ms / bicubic.ms });
    }
  }
  return [...figures, ...bicubics.values()];
}

/** What a network can be measured in; matrix units are what is taken where they are used. */
async function storagesOf(gpu: Gpu, model: string): Promise<Storage[]> {
  const upscaler = await Upscaler.create({ device: gpu, model });
  const { network } = upscaler;
  upscaler.destroy();
  const hasUnits = network !== undefined && isMatrixNetwork(network) &&
    (await matrixUnits(gpu)).shape !== undefined;
  return ["f32", "f16", ...hasUnits ? ["matrix" as const] : []];
}

async function benchBicubic(
  gpu: Gpu,
  scale: number,
  picture: Picture,
  budget: TimingBudget,
): Promise<NetworkFigures> {
  const row = await benchUpscaler(gpu, { model: "bicubic" }, picture, budget, scale);
  return { ...row, storage: "pixels", peakShare: 0, timesBicubic: 1 };
}

type Measured = Omit<NetworkFigures, "storage" | "peakShare" | "timesBicubic">;

async function benchUpscaler(
  gpu: Gpu,
  options: UpscalerOptions,
  picture: Picture,
  budget: TimingBudget,
  factor?: number,
): Promise<Measured> {
  const upscaler = await Upscaler.create({ ...options, device: gpu });
  const { width, height } = picture;
  const scale = upscaler.network?.scale ?? factor!;
  const { signal } = budget;
  const asked = { scale, mode: "network", ...(signal && { signal }) } as const;
  const upscale = () => upscaler.upscale(picture, asked);
  const bytesBefore = gpu.bytes;
  gpu.resetPeak();
  try {
    const firstMs = await stopwatch(upscale);
    const timing = await repeatTimed(() => stopwatch(upscale), budget);
    const flop = upscaler.network ? flopPerPixel(upscaler.network) * width * height : 0;
    return {
      model: upscaler.label,
      scale,
      width,
      height,
      firstMs,
      ...timing,
      msPerMegapixel: timing.ms * 1e6 / (width * height),
      gflops: flop / timing.ms / 1e6,
      gpuBytes: gpu.peakBytes - bytesBefore,
    };
  } finally {
    upscaler.destroy();
  }
}

/** A picture whose content no shortcut can use. */
function noise({ width, height }: Size): Picture {
  const data = Uint8Array.from({ length: width * height * 3 }, () => Math.random() * 256);
  return { width, height, channels: 3, depth: 8, data, metadata: {} };
}
