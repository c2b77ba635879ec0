/**
 * Texts where a format has no place for them: all of them in XMP, with properties of their own where XMP
 * has such; and what made a generated picture also in EXIF's user comment, where programs look for it.
 */

import type { Metadata, PictureText } from "../picture.ts";
import { withUserComment } from "./exif.ts";
import { withXmpTexts } from "./xmp.ts";

/** The keyword under which programs that generate pictures keep prompt and settings. */
const PARAMETERS = "parameters";

/** Returns metadata whose texts are in XMP and EXIF. */
export function textsMoved({ texts = [], ...metadata }: Metadata): Metadata {
  if (texts.length === 0) return metadata;
  const xmp = withXmpTexts(metadata.xmp, texts);
  const parameters = texts.find(({ keyword }) => keyword === PARAMETERS)?.text;
  return {
    ...metadata,
    ...xmp && { xmp },
    ...parameters !== undefined && { exif: withUserComment(metadata.exif, parameters) },
  };
}

/** Says whether a text is one that JPEG has a segment for. */
export function isComment({ keyword }: PictureText): boolean {
  return keyword === "Comment";
}
