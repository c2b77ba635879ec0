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
 * @example Rows in, rows out: neither picture is ever in memory as a whole
 * ```ts
 * import { decodePngRows, encodePngRows, sourceOf, Upscaler } from "./mod.ts";
 *
 * const file = sourceOf(await Deno.readFile("examples/scene-960x540.png"));
 * const png = await decodePngRows(file); // undefined: interlaced, or to be turned
 * const upscaler = await Upscaler.create({ model: "bicubic" });
 * const large = upscaler.upscaleRows(png!, { scale: 1.5 });
 * let size = 0;
 * for await (const bytes of encodePngRows(large, large.rows)) size += bytes.length;
 * console.assert(large.height === 810 && size > 0);
 * upscaler.destroy();
 * ```
 *
 * @module
 */

export { type Plan, Upscaler } from "./src/upscaler.ts";
export type { PlannedPass } from "./src/pass_runner.ts";
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
  type ByteSource,
  convertDepth,
  type DecodeOptions,
  decodePicture,
  decodePngRows,
  type Depth,
  encodeJpegRows,
  type EncodeOptions,
  encodePicture,
  encodePngRows,
  flattenAlpha,
  lossesOf,
  type Metadata,
  type Picture,
  type PictureFormat,
  type PictureHeader,
  type PictureRows,
  type Samples,
  sourceOf,
} from "./src/pictures/mod.ts";
export {
  type Blend,
  defaultModel,
  embeddedModels,
  type LibraryEntry,
  type LoadedModel,
  loadModel,
} from "./src/weights/library.ts";
export type { Network } from "./src/networks/network.ts";
