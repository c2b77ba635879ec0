/** The options that say how pictures are upscaled: those of every subcommand that does so or plans it. */

import type { EnhancerOptions } from "../enhance/options.ts";
import { DEFAULT_MEMORY, SCALE_RANGE, type UpscalerOptions } from "../upscale_options.ts";
import { Upscaler } from "../upscaler.ts";
import { choiceOption, numberOption, type OptionValues, textOption } from "./arguments.ts";

const BYTES_PER_MEGABYTE = 1e6;

/** The options. */
export const UPSCALER_OPTIONS = {
  scale: numberOption({
    value: "S",
    ...SCALE_RANGE,
    help:
      `factor, whole or not, ${SCALE_RANGE.min} to ${SCALE_RANGE.max} (default: the network's own)`,
  }),
  model: textOption({
    value: "NAME|PATH|URL",
    help: "see tessera models; or bicubic, lanczos3, or a safetensors file",
  }),
  denoise: numberOption({
    value: "D",
    words: ["auto"],
    min: 0,
    max: 1,
    help: "take away JPEG damage and noise; photo-x4 and fast-x4 (default: auto, as found)",
  }),
  tile: numberOption({
    value: "N",
    words: ["auto"],
    min: 16,
    max: 16384,
    whole: true,
    help: "side of a tile in input pixels (default: auto, what memory allows)",
  }),
  halo: numberOption({
    value: "N",
    words: ["auto", "exact"],
    min: 0,
    max: 1024,
    whole: true,
    help: "input pixels around a tile; exact: no trace of tiles (default: auto)",
  }),
  memory: numberOption({
    value: "MB",
    min: 16,
    max: 1048576,
    help: `GPU memory to use (default: ${DEFAULT_MEMORY / BYTES_PER_MEGABYTE})`,
  }),
  precision: choiceOption({
    words: ["auto", "f32", "f16"],
    help: "storage between layers (default: auto)",
  }),
};

/** Their values. */
export type UpscalerValues = OptionValues<typeof UPSCALER_OPTIONS>;

/** Returns how an upscaler, or an enhancer, is made. */
export function enhancerOptionsOf(
  { model, denoise, tile, halo, precision, memory }: UpscalerValues,
): EnhancerOptions {
  return {
    ...(model !== undefined && { model }),
    ...(denoise !== undefined && { denoise }),
    ...(tile !== undefined && { tile }),
    ...(halo !== undefined && { halo }),
    ...(precision !== undefined && { precision }),
    ...(memory !== undefined && { memory: memory * BYTES_PER_MEGABYTE }),
  };
}

/** Makes the upscaler that the options describe; how much it denoises is said apart. */
export function createUpscaler(
  values: UpscalerValues,
  shared: Pick<UpscalerOptions, "device"> & { denoise: number },
): Promise<Upscaler> {
  return Upscaler.create({ ...enhancerOptionsOf(values), ...shared });
}
