/**
 * Kinds of files that a run may not meet: the code of each is loaded when one is read or written, so that the
 * program and a page begin without it.
 */

import type * as Animations from "./animation/animation.ts";
import type * as Avif from "./codecs/avif.ts";
import type * as Bmp from "./codecs/bmp.ts";
import type * as Gif from "./codecs/gif.ts";
import type * as Heic from "./codecs/heic.ts";
import type * as Jxl from "./codecs/jxl.ts";
import type * as Raw from "./codecs/raw.ts";
import type * as Svg from "./codecs/svg.ts";
import type * as Webp from "./codecs/webp.ts";
import type * as TiffOut from "./tiff/encode.ts";
import type * as Tiff from "./tiff/tiff.ts";

// deno-lint-ignore no-explicit-any -- any function is one of these, whatever it takes
type AnyFunction = (...given: any[]) => any;

/** A function that is loaded when it is first called. */
type Later<Call extends AnyFunction> = (
  ...given: Parameters<Call>
) => Promise<Awaited<ReturnType<Call>>>;

const animation = () => import("./animation/animation.ts");
const avif = () => import("./codecs/avif.ts");
const gif = () => import("./codecs/gif.ts");
const jxl = () => import("./codecs/jxl.ts");
const tiff = () => import("./tiff/tiff.ts");
const tiffOut = () => import("./tiff/encode.ts");
const webp = () => import("./codecs/webp.ts");

/** {@linkcode Animations.openAnimation} */
export const openAnimation: Later<typeof Animations.openAnimation> = later(
  animation,
  "openAnimation",
);
/** {@linkcode Animations.packFrame} */
export const packFrame: Later<typeof Animations.packFrame> = later(animation, "packFrame");
/** {@linkcode Animations.encodeAnimation} */
export const encodeAnimation: Later<typeof Animations.encodeAnimation> = later(
  animation,
  "encodeAnimation",
);

/** {@linkcode Avif.decodeAvif} */
export const decodeAvif: Later<typeof Avif.decodeAvif> = later(avif, "decodeAvif");
/** {@linkcode Avif.encodeAvif} */
export const encodeAvif: Later<typeof Avif.encodeAvif> = later(avif, "encodeAvif");
/** {@linkcode Bmp.decodeBmp} */
export const decodeBmp: Later<typeof Bmp.decodeBmp> = later(
  () => import("./codecs/bmp.ts"),
  "decodeBmp",
);
/** {@linkcode Gif.decodeGif} */
export const decodeGif: Later<typeof Gif.decodeGif> = later(gif, "decodeGif");
/** {@linkcode Gif.encodeGif} */
export const encodeGif: Later<typeof Gif.encodeGif> = later(gif, "encodeGif");
/** {@linkcode Heic.decodeHeic} */
export const decodeHeic: Later<typeof Heic.decodeHeic> = later(
  () => import("./codecs/heic.ts"),
  "decodeHeic",
);
/** {@linkcode Jxl.decodeJxl} */
export const decodeJxl: Later<typeof Jxl.decodeJxl> = later(jxl, "decodeJxl");
/** {@linkcode Jxl.encodeJxl} */
export const encodeJxl: Later<typeof Jxl.encodeJxl> = later(jxl, "encodeJxl");
/** {@linkcode Raw.decodeRaw} */
export const decodeRaw: Later<typeof Raw.decodeRaw> = later(
  () => import("./codecs/raw.ts"),
  "decodeRaw",
);
/** {@linkcode Svg.decodeSvg} */
export const decodeSvg: Later<typeof Svg.decodeSvg> = later(
  () => import("./codecs/svg.ts"),
  "decodeSvg",
);
/** {@linkcode Tiff.decodeTiff} */
export const decodeTiff: Later<typeof Tiff.decodeTiff> = later(tiff, "decodeTiff");
/** {@linkcode Tiff.openTiffPages} */
export const openTiffPages: Later<typeof Tiff.openTiffPages> = later(tiff, "openTiffPages");
/** {@linkcode Tiff.openTiffRows} */
export const openTiffRows: Later<typeof Tiff.openTiffRows> = later(tiff, "openTiffRows");
/** {@linkcode TiffOut.encodeTiff} */
export const encodeTiff: Later<typeof TiffOut.encodeTiff> = later(tiffOut, "encodeTiff");
/** {@linkcode Webp.decodeWebp} */
export const decodeWebp: Later<typeof Webp.decodeWebp> = later(webp, "decodeWebp");
/** {@linkcode Webp.encodeWebp} */
export const encodeWebp: Later<typeof Webp.encodeWebp> = later(webp, "encodeWebp");

/** {@linkcode TiffOut.encodeTiffPages} */
export async function* encodeTiffPages(
  ...given: Parameters<typeof TiffOut.encodeTiffPages>
): ReturnType<typeof TiffOut.encodeTiffPages> {
  yield* (await tiffOut()).encodeTiffPages(...given);
}

function later<Name extends string, Call extends AnyFunction>(
  load: () => Promise<Record<Name, Call>>,
  name: Name,
): Later<Call> {
  return async (...given) => await (await load())[name](...given);
}
