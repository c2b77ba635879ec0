/**
 * Kinds of files that a run may not meet: the code of each is loaded when one is read or written, so that the
 * program and a page begin without it.
 */

import type * as TiffOut from "./tiff/encode.ts";

const animation = () => import("./animation/animation.ts");
const avif = () => import("./codecs/avif.ts");
const gif = () => import("./codecs/gif.ts");
const jxl = () => import("./codecs/jxl.ts");
const tiff = () => import("./tiff/tiff.ts");
const tiffOut = () => import("./tiff/encode.ts");
const webp = () => import("./codecs/webp.ts");

/** {@linkcode openAnimation} of `animation.ts` */
export const openAnimation = later(async () => (await animation()).openAnimation);
/** {@linkcode packFrame} of `animation.ts` */
export const packFrame = later(async () => (await animation()).packFrame);
/** {@linkcode encodeAnimation} of `animation.ts` */
export const encodeAnimation = later(async () => (await animation()).encodeAnimation);

/** {@linkcode decodeAvif} of `avif.ts` */
export const decodeAvif = later(async () => (await avif()).decodeAvif);
/** {@linkcode encodeAvif} of `avif.ts` */
export const encodeAvif = later(async () => (await avif()).encodeAvif);
/** {@linkcode decodeBmp} of `bmp.ts` */
export const decodeBmp = later(async () => (await import("./codecs/bmp.ts")).decodeBmp);
/** {@linkcode decodeGif} of `gif.ts` */
export const decodeGif = later(async () => (await gif()).decodeGif);
/** {@linkcode encodeGif} of `gif.ts` */
export const encodeGif = later(async () => (await gif()).encodeGif);
/** {@linkcode decodeHeic} of `heic.ts` */
export const decodeHeic = later(async () => (await import("./codecs/heic.ts")).decodeHeic);
/** {@linkcode decodeJxl} of `jxl.ts` */
export const decodeJxl = later(async () => (await jxl()).decodeJxl);
/** {@linkcode encodeJxl} of `jxl.ts` */
export const encodeJxl = later(async () => (await jxl()).encodeJxl);
/** {@linkcode decodeRaw} of `raw.ts` */
export const decodeRaw = later(async () => (await import("./codecs/raw.ts")).decodeRaw);
/** {@linkcode decodeSvg} of `svg.ts` */
export const decodeSvg = later(async () => (await import("./codecs/svg.ts")).decodeSvg);
/** {@linkcode decodeTiff} of `tiff.ts` */
export const decodeTiff = later(async () => (await tiff()).decodeTiff);
/** {@linkcode openTiffPages} of `tiff.ts` */
export const openTiffPages = later(async () => (await tiff()).openTiffPages);
/** {@linkcode openTiffRows} of `tiff.ts` */
export const openTiffRows = later(async () => (await tiff()).openTiffRows);
/** {@linkcode encodeTiff} of `tiff/encode.ts` */
export const encodeTiff = later(async () => (await tiffOut()).encodeTiff);
/** {@linkcode decodeWebp} of `webp.ts` */
export const decodeWebp = later(async () => (await webp()).decodeWebp);
/** {@linkcode encodeWebp} of `webp.ts` */
export const encodeWebp = later(async () => (await webp()).encodeWebp);

/** {@linkcode TiffOut.encodeTiffPages} */
export async function* encodeTiffPages(
  ...given: Parameters<typeof TiffOut.encodeTiffPages>
): ReturnType<typeof TiffOut.encodeTiffPages> {
  yield* (await tiffOut()).encodeTiffPages(...given);
}

/** A function that is loaded when it is first called. */
function later<Given extends unknown[], Result>(
  load: () => Promise<(...given: Given) => Result | Promise<Result>>,
): (...given: Given) => Promise<Result> {
  return async (...given) => await (await load())(...given);
}
