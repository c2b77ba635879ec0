/** The formats that results can be had in. */

import type { PictureFormat } from "../src/pictures/mod.ts";

/** TIFF and GIF are for programs, not for people who take a picture home. */
export type OfferedFormat = Exclude<PictureFormat, "tiff" | "gif">;

/** In the order of the menu: how people write it, and the ending of its files. */
export const FORMATS: Readonly<Record<OfferedFormat, { name: string; extension: string }>> = {
  jpeg: { name: "JPEG", extension: ".jpg" },
  png: { name: "PNG", extension: ".png" },
  webp: { name: "WebP", extension: ".webp" },
  avif: { name: "AVIF", extension: ".avif" },
  jxl: { name: "JPEG XL", extension: ".jxl" },
};

/** The formats that can be asked for. */
export const OFFERED = Object.keys(FORMATS) as OfferedFormat[];

/** Returns the format to write: the one that is wanted, or PNG where that cannot hold the result. */
export function formatFor(
  wanted: OfferedFormat,
  { transparent, file }: { transparent: boolean; file: Blob | undefined },
): OfferedFormat {
  return canHold(wanted, { transparent, file }) ? wanted : "png";
}

/** Says whether a format can hold a result. */
export function canHold(
  format: OfferedFormat,
  { transparent, file }: { transparent: boolean; file: Blob | undefined },
): boolean {
  return file === undefined ? format !== "jpeg" || !transparent : format === "png";
}
