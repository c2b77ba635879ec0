/**
 * Files to pixels and pixels to files: all that the rest of Tessera uses of this room.
 */

export * from "./picture.ts";
export { type DecodeOptions, decodePicture } from "./decode.ts";
export { type EncodeOptions, encodePicture } from "./encode.ts";
export {
  type FormatFacts,
  formatOfName,
  FORMATS,
  isPictureName,
  lossesOf,
  type PictureFormat,
} from "./formats.ts";
export { decodePngRows } from "./png_decode.ts";
export { encodePngRows } from "./png_encode.ts";
export { changeRows, gatherRows, samplesOf } from "./rows.ts";
export { encodeJpegRows } from "./jpeg_rows.ts";
export { type ByteSource, sourceOf } from "./source.ts";
export { convertDepth, type DepthOptions } from "./depth.ts";
export { toSrgb } from "./srgb.ts";
export { stripMetadata } from "./metadata.ts";
export { applyOrientation, type Orientation } from "./orientation.ts";
export {
  type AlphaSplit,
  flattenAlpha,
  isOpaque,
  joinAlpha,
  splitAlpha,
  splitAlphaRows,
} from "./alpha.ts";
export { fillTransparent, fillTransparentRows } from "./transparent_fill.ts";
export { fromGpuPixels, toGpuPixels, wordsPerPixel } from "./gpu_pixels.ts";
export { readOrientation, uprightExif, withSize } from "./exif.ts";
