/** The formats that results can be had in. */

import type { PictureFormat } from "../src/pictures/mod.ts";
import type { ResultFacts } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** TIFF is for programs, not for people who take a picture home. */
export type OfferedFormat = Exclude<PictureFormat, "tiff">;

/** In the order of the menu: how people write it, and the ending of its files. */
export const FORMATS: Readonly<Record<OfferedFormat, { name: string; extension: string }>> = {
  jpeg: { name: "JPEG", extension: ".jpg" },
  png: { name: "PNG", extension: ".png" },
  webp: { name: "WebP", extension: ".webp" },
  avif: { name: "AVIF", extension: ".avif" },
  jxl: { name: "JPEG XL", extension: ".jxl" },
  gif: { name: "GIF", extension: ".gif" },
};

/** What is asked of a result here. */
type Result = Pick<ResultFacts, "formats" | "moving">;

/** The formats that a result can be had in; GIF holds too few colours for a still one. */
export function formatsOf({ formats, moving }: Result): OfferedFormat[] {
  const names = Object.keys(FORMATS) as OfferedFormat[];
  return names.filter((name) => formats.includes(name) && (moving !== undefined || name !== "gif"));
}

/** Returns the format to write: the one that is wanted, or PNG where that cannot hold the result. */
export function formatFor(
  { format, movingFormat }: Pick<Settings, "format" | "movingFormat">,
  result: Result,
): OfferedFormat {
  const wanted = result.moving === undefined ? format : movingFormat;
  return formatsOf(result).includes(wanted) ? wanted : "png";
}
