/**
 * Files to pixels and pixels to files: all that the rest of Tessera uses of this room.
 */

export * from "./picture.ts";
export { type DecodeOptions, decodePicture } from "./decode.ts";
export { type EncodeOptions, encodePicture, hasFullColour } from "./encode.ts";
export {
  type FormatFacts,
  formatOfName,
  FORMATS,
  isPictureName,
  lossesOf,
  type PictureFormat,
  resultFormatOf,
} from "./formats.ts";
export type { AnimatedFormat, Animation, Timing } from "./animation/animation.ts";
export { openJpegRows } from "./jpeg/jpeg.ts";
export { decodePngRows } from "./png/decode.ts";
export {
  encodeAnimation,
  encodeTiffPages,
  openAnimation,
  openTiffPages,
  openTiffRows,
  packFrame,
} from "./later.ts";
export { isPagesNote } from "./tiff/pages_note.ts";
export type { TiffPages } from "./tiff/tiff.ts";
export { encodePngRows } from "./png/encode.ts";
export { changeRows, gatherRows, samplesOf } from "./rows.ts";
export { encodeJpegRows } from "./jpeg/rows.ts";
export { type ByteSource, sourceOf } from "./source.ts";
export { convertDepth, type DepthOptions } from "./colour/depth.ts";
export { hdrNameOf } from "./colour/label.ts";
export { fromDisplay, isLinearPicture, toDisplay } from "./colour/linear.ts";
export { toSrgb } from "./colour/srgb.ts";
export { stretchTone } from "./colour/tone.ts";
export { stripMetadata } from "./metadata/metadata.ts";
export { applyOrientation, type Orientation } from "./metadata/orientation.ts";
export {
  type AlphaSplit,
  flattenAlpha,
  isOpaque,
  joinAlpha,
  splitAlpha,
  splitAlphaRows,
} from "./colour/alpha.ts";
export { fillTransparent, fillTransparentRows } from "./colour/transparent_fill.ts";
export { fromGpuPixels, toGpuPixels, unpackRows, wordsPerPixel } from "./gpu_pixels.ts";
export { readOrientation, uprightExif, withSize } from "./metadata/exif.ts";
