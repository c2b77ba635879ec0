/**
 * What phones append to a JPEG file: the gain map of an Ultra HDR picture, the video of a motion photo. Both
 * are of the old size and are left out; the XMP packet that points to them must not claim them any longer.
 */

import { decodeXmp, withoutNamespace } from "./xmp.ts";

/** Namespaces that are only about what is appended, by their usual prefixes. */
const NAMESPACES = ["hdrgm", "Container", "GContainer", "Item", "HDRGainMap"];

/** Properties of the camera's namespace that are about its video. */
const VIDEO = /\sGCamera:(?:MotionPhoto|MicroVideo)\w*\s*=\s*(?:"[^"]*"|'[^']*')/g;
const VIDEO_ELEMENTS = /<(GCamera:(?:MotionPhoto|MicroVideo)\w*)\b[^>]*(?:\/>|>[^]*?<\/\1>)/g;

/** What is said of a picture whose gain map is left out. */
export const GAIN_MAP_LEFT_OUT =
  "its gain map (Ultra HDR) is left out: what is read is the picture for all";

/** A packet without the claims, and what they were about, for people. */
export interface Unclaimed {
  xmp: Uint8Array;
  notes: string[];
}

/** Takes away what a packet claims to be appended. */
export function withoutAppended(xmp: Uint8Array): Unclaimed {
  const text = decodeXmp(xmp);
  if (text === undefined) return { xmp, notes: [] };
  const gainMap = /\bhdrgm:Version\b|Semantic\s*=\s*["']GainMap/.test(text);
  const video = /\bGCamera:(?:MotionPhoto|MicroVideo)\b|Semantic\s*=\s*["']MotionPhoto/.test(text);
  if (!gainMap && !video) return { xmp, notes: [] };
  let rest = text.replace(VIDEO, "").replace(VIDEO_ELEMENTS, "");
  for (const prefix of NAMESPACES) {
    const elements = new RegExp(`<(${prefix}:\\w+)\\b[^>]*?(?:/>|>[^]*?</\\1>)`, "g");
    rest = withoutNamespace(rest.replace(elements, ""), prefix);
  }
  const notes = [
    ...gainMap ? [GAIN_MAP_LEFT_OUT] : [],
    ...video ? ["its video (motion photo) is left out"] : [],
  ];
  return { xmp: new TextEncoder().encode(rest), notes };
}
