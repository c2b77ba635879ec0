/**
 * Tessera: enlarges pictures with ESRGAN-style networks on the user's own GPU.
 *
 * @example A file in, a file out
 * ```ts
 * import { decodePicture, encodePicture, Upscaler } from "./mod.ts";
 *
 * const upscaler = await Upscaler.create();
 * const picture = await decodePicture(await Deno.readFile("examples/scene-960x540.png"));
 * const large = await upscaler.upscale({ ...picture }, { scale: 2 });
 * const bytes = await encodePicture(large, { format: "png" });
 * console.assert(large.width === 1920 && bytes.length > 0);
 * upscaler.destroy();
 * ```
 *
 * @module
 */

export { type PictureRows, type Plan, type PlannedPass, Upscaler } from "./src/upscaler.ts";
export {
  DEFAULT_MEMORY,
  SCALE_RANGE,
  type UpscaleOptions,
  type UpscalerOptions,
} from "./src/upscale_options.ts";
export type { Progress } from "./src/progress.ts";
export { type AdapterSummary, Gpu, type GpuOptions } from "./src/gpu/device.ts";
export { GpuError, InputError, ModelError, NoGpuError, UsageError } from "./src/errors.ts";
export {
  convertDepth,
  type DecodeOptions,
  decodePicture,
  type Depth,
  type EncodeOptions,
  encodePicture,
  type Metadata,
  type Picture,
  type PictureFormat,
  type Samples,
} from "./src/pictures/mod.ts";
export {
  defaultModel,
  embeddedModels,
  type LibraryEntry,
  type LoadedModel,
  loadModel,
} from "./src/weights/library.ts";
export type { Network } from "./src/networks/network.ts";
