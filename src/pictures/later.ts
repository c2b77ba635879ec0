/**
 * Kinds of files that few people have: their code is loaded when one of them is read or written, so that a
 * page begins without it.
 */

import type * as Bmp from "./codecs/bmp.ts";
import type * as TiffOut from "./tiff/encode.ts";
import type * as Tiff from "./tiff/tiff.ts";
import type { Picture } from "./picture.ts";

const tiff = () => import("./tiff/tiff.ts");
const tiffOut = () => import("./tiff/encode.ts");

/** {@linkcode Bmp.decodeBmp} */
export async function decodeBmp(...given: Parameters<typeof Bmp.decodeBmp>): Promise<Picture> {
  return (await import("./codecs/bmp.ts")).decodeBmp(...given);
}

/** {@linkcode Tiff.decodeTiff} */
export async function decodeTiff(...given: Parameters<typeof Tiff.decodeTiff>): Promise<Picture> {
  return await (await tiff()).decodeTiff(...given);
}

/** {@linkcode Tiff.openTiffPages} */
export async function openTiffPages(
  ...given: Parameters<typeof Tiff.openTiffPages>
): ReturnType<typeof Tiff.openTiffPages> {
  return await (await tiff()).openTiffPages(...given);
}

/** {@linkcode Tiff.openTiffRows} */
export async function openTiffRows(
  ...given: Parameters<typeof Tiff.openTiffRows>
): ReturnType<typeof Tiff.openTiffRows> {
  return await (await tiff()).openTiffRows(...given);
}

/** {@linkcode TiffOut.encodeTiff} */
export async function encodeTiff(picture: Picture): Promise<Uint8Array> {
  return await (await tiffOut()).encodeTiff(picture);
}

/** {@linkcode TiffOut.encodeTiffPages} */
export async function* encodeTiffPages(
  ...given: Parameters<typeof TiffOut.encodeTiffPages>
): ReturnType<typeof TiffOut.encodeTiffPages> {
  yield* (await tiffOut()).encodeTiffPages(...given);
}
