/**
 * Tessera: enlarges pictures with ESRGAN-style networks on the user's own GPU.
 *
 * @example All that the program does to a picture, as one call
 * ```ts
 * import { encodePicture, enhance } from "./mod.ts";
 *
 * const file = await Deno.readFile("examples/scene-960x540.png");
 * const asked = { model: "bicubic", to: "qhd", mode: "faithful" } as const; // or a network
 * const { picture, report } = await enhance(file, asked);
 * console.assert(picture.width === 2560 && report.consistency! > 40);
 * const bytes = await encodePicture(picture, { format: "jpeg", quality: 90 });
 * console.assert(bytes.length > 0);
 * ```
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

export {
  enhance,
  type Enhanced,
  Enhancement,
  type EnhancementRun,
  Enhancer,
  type Note,
} from "./src/enhance/enhance.ts";
export type { EnhanceOptions, EnhancerOptions, Pad, Rgb } from "./src/enhance/options.ts";
export { Upscaler } from "./src/upscaler.ts";
export type { PictureRun, Plan, Report } from "./src/upscale_plan.ts";
export type { PassReport, PlannedPass, Retry } from "./src/passes/pass.ts";
export {
  DEFAULT_MEMORY,
  SCALE_RANGE,
  type UpscaleOptions,
  type UpscalerOptions,
} from "./src/upscale_options.ts";
export type { Progress } from "./src/progress.ts";
export { type AdapterSummary, Gpu, type GpuOptions, visibleAdapters } from "./src/gpu/device.ts";
export {
  GpuError,
  InputError,
  ModelError,
  NoGpuError,
  type Remedy,
  UsageError,
} from "./src/errors.ts";
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
