/**
 * What can be asked of an upscaler, and the checks of it: sizes, factors and ranges, each refused with
 * the number received.
 */

import { UsageError } from "./errors.ts";
import type { Gpu } from "./gpu/device.ts";
import type { PlannedPass, Retry } from "./passes/pass.ts";
import type { Progress } from "./progress.ts";
import type { Size } from "./raster/size.ts";
import type { Report } from "./upscale_plan.ts";
import type { Blend, ModelSource } from "./weights/library.ts";

/** Factors that can be asked for. A size may also be as much smaller than the picture. */
export const SCALE_RANGE = { min: 1, max: 16 } as const;

/** How often a chain of networks can be run. */
export const PASSES_RANGE = { min: 1, max: 4 } as const;

/** How strictly edges are kept from ringing when nothing else is asked for. */
export const DEFAULT_DERING = 0;

/** How much a creative result may invent when nothing else is asked for. */
export const DEFAULT_CREATIVITY = 0.5;

/**
 * What becomes of a network's output: `faithful`: it is corrected until shrinking it gives the picture
 * back; `network`: it is left as it is; `creative`: only as much of it is corrected as `creativity`
 * leaves over, and the low frequencies, so that colours stay.
 */
export type Mode = "faithful" | "network" | "creative";
export const MODES: readonly Mode[] = ["faithful", "network", "creative"];

/** GPU memory that is used when nothing else is asked for, in bytes. */
export const DEFAULT_MEMORY = 1.5e9;

/** How an upscaler is made. */
export interface UpscalerOptions {
  /**
   * An embedded network's name, a path, a URL, or the bytes of a weights file (safetensors or PyTorch); or `bicubic` or
   * `lanczos3`, which resample without a network. Default: the default embedded network.
   */
  model?: string | URL | Uint8Array;
  /**
   * How much damage is taken away, 0 to 1: the share of the restoring network in the weights. Only for
   * embedded networks that have one (`photo-x4`, `fast-x4`). Default: 0.
   */
  denoise?: number;
  /**
   * How much texture is invented, 0 to 1: the share of the network that invents it in the weights. Only
   * for embedded networks that have one (`photo-x4`). Default: 0.
   */
  detail?: number;
  /** Another network of the same shape that is mixed into the weights, and its share, 0 to 1. */
  blend?: Blend;
  /** Networks that run before it on the device, in this order, such as one that takes damage away. */
  before?: readonly ModelSource[];
  /** A device to share. Default: one is opened, and goes with the upscaler. */
  device?: Gpu;
  /**
   * The implementation of WebGPU on which the device is opened, if none is shared. Default: the
   * runtime's own.
   */
  gpu?: GPU;
  /** GPU memory for everything, in bytes. Default: {@linkcode DEFAULT_MEMORY}. */
  memory?: number;
  /**
   * How activations are stored: `f32`; `f16`, half the memory, up to 2 levels of 255 off; or `auto`,
   * f32 unless only f16 fits the memory, or only f16 without traces of tiles. Arithmetic is f32,
   * unless `tessera tune` found products in f16 to be faster for f16 activations.
   */
  precision?: "auto" | "f32" | "f16";
  /** Side of a tile in input pixels. Default: `auto`, as large as memory allows. */
  tile?: "auto" | number;
  /**
   * Input pixels around a tile. `exact` is the receptive radius: tiles then leave no trace. Default:
   * `auto`, exact for SRVGGNetCompact, and 32 for RRDBNet where the whole picture does not fit.
   */
  halo?: "auto" | "exact" | number;
}

/** How one picture is upscaled. */
export interface UpscaleOptions {
  /** Output pixels per input pixel, 1 to 16, whole or not. Default: the network's own. */
  scale?: number;
  /** Output width in pixels, instead of `scale`; without `height`, proportions are kept. */
  width?: number;
  /** Output height in pixels, instead of `scale`; without `width`, proportions are kept. */
  height?: number;
  /** How often the chain of networks is run, 1 to 4. Default: 1. */
  passes?: number;
  /** Default: `faithful` for embedded networks, `network` for others and for resampling alone. */
  mode?: Mode;
  /** For `creative`: how much may be invented, 0 (as `faithful`) to 1. Default: 0.5. */
  creativity?: number;
  /**
   * How strictly a faithful or creative result is kept within the range of the 5x5 pixels of the
   * picture around it, against ringing edges: 1 allows no overshoot, less allows 1 - `dering` of that
   * range, 0 does not limit it. Limits also take the light off thin bright lines. Default: 0.
   */
  dering?: number;
  /**
   * Whether the networks' outputs for the eight flips and turns of the picture are averaged
   * (geometric self-ensemble; Timofte et al., "Seven ways", CVPR 2016): eight times the work, and the
   * picture and the result are in memory as a whole. Default: false.
   */
  tta?: boolean;
  /** Stops the work soon after it is aborted; the promise rejects with its reason. */
  signal?: AbortSignal;
  /** Told how far the work is, some ten times a second at most. */
  onProgress?: (progress: Progress) => void;
  /** Told, behind the last row, what was done: it may differ from what was planned. */
  onReport?: (report: Report) => void;
  /** Told when a pass had to do something once more: what was finished is kept. */
  onRetry?: (retry: Retry, pass: PlannedPass) => void;
}

/**
 * Returns the size that the options ask for.
 *
 * @throws {UsageError} If a factor or a side is out of range.
 */
export function outputSize(
  picture: Size,
  options: UpscaleOptions,
  networkScale: number | undefined,
): Size {
  const { scale, width, height, passes = 1 } = options;
  if (scale !== undefined && (width !== undefined || height !== undefined)) {
    throw new UsageError("Expected either a scale or a size but received both");
  }
  const factor = scale ?? (width ?? Infinity) / picture.width;
  const proportional = Math.min(factor, (height ?? Infinity) / picture.height);
  const { max } = SCALE_RANGE;
  const own = Math.min(max, (networkScale ?? 4) ** passes);
  const s = Number.isFinite(proportional) ? proportional : own;
  const size = {
    width: width ?? Math.max(1, Math.round(picture.width * s)),
    height: height ?? Math.max(1, Math.round(picture.height * s)),
  };
  checkSize(picture, size, scale);
  return size;
}

function checkSize(
  picture: Size,
  size: Size,
  scale: number | undefined,
): void {
  const { min, max } = SCALE_RANGE;
  if (scale !== undefined && !(scale >= min && scale <= max)) {
    throw new UsageError(`Expected a scale from ${min} to ${max} but received ${scale}`);
  }
  for (const side of ["width", "height"] as const) {
    const least = Math.ceil(picture[side] / max);
    if (!Number.isInteger(size[side]) || size[side] < least || size[side] > max * picture[side]) {
      throw new UsageError(
        `Expected a ${side} from ${least} to ${max * picture[side]} pixels but received ${
          size[side]
        }`,
      );
    }
  }
}

/**
 * Checks how a picture is to be upscaled, but for its size.
 *
 * @throws {UsageError} If an option is out of range.
 */
export function checkUpscale(options: UpscaleOptions, mode: Mode): void {
  const { passes = 1, creativity, dering = DEFAULT_DERING } = options;
  const { min, max } = PASSES_RANGE;
  if (!(Number.isInteger(passes) && passes >= min && passes <= max)) {
    throw new UsageError(`Expected ${min} to ${max} passes but received ${passes}`);
  }
  if (!MODES.includes(mode)) {
    throw new UsageError(`Expected a mode of ${MODES.join(", ")} but received "${mode}"`);
  }
  if (!(dering >= 0 && dering <= 1)) {
    throw new UsageError(`Expected dering from 0 to 1 but received ${dering}`);
  }
  if (creativity === undefined) return;
  if (!(creativity >= 0 && creativity <= 1)) {
    throw new UsageError(`Expected creativity from 0 to 1 but received ${creativity}`);
  }
  if (mode !== "creative") {
    throw new UsageError(`Creativity needs the mode "creative", not "${mode}"`);
  }
}

/**
 * Checks how an upscaler is to be made.
 *
 * @throws {UsageError} If an option is out of range.
 */
export function checkOptions(options: UpscalerOptions): void {
  const { denoise = 0, detail = 0, blend, memory } = options;
  const { precision = "auto", tile = "auto", halo = "auto" } = options;
  if (blend !== undefined && !(blend.amount >= 0 && blend.amount <= 1)) {
    throw new UsageError(`Expected a blend of 0 to 1 but received ${blend.amount}`);
  }
  if (!(denoise >= 0 && denoise <= 1)) {
    throw new UsageError(`Expected denoise from 0 to 1 but received ${denoise}`);
  }
  if (!(detail >= 0 && detail <= 1)) {
    throw new UsageError(`Expected detail from 0 to 1 but received ${detail}`);
  }
  if (memory !== undefined && !(memory > 0)) {
    throw new UsageError(`Expected memory in bytes above 0 but received ${memory}`);
  }
  if (!["auto", "f32", "f16"].includes(precision)) {
    throw new UsageError(`Expected precision auto, f32 or f16 but received "${precision}"`);
  }
  if (tile !== "auto" && !(Number.isInteger(tile) && tile >= 1)) {
    throw new UsageError(`Expected a tile of 1 or more pixels, or auto, but received ${tile}`);
  }
  if (
    typeof halo === "number"
      ? !(Number.isInteger(halo) && halo >= 0)
      : !["auto", "exact"].includes(halo)
  ) {
    throw new UsageError(
      `Expected a halo of 0 or more pixels, auto or exact, but received ${halo}`,
    );
  }
}
