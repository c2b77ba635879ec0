/**
 * What phones append to a picture's file: the gain map of an Ultra HDR picture, the video of a motion photo, a depth
 * map. All are of the old size and are left out; the XMP packet that points to them must not claim them any longer.
 */

import { decodeXmp, withoutNamespace } from "./xmp.ts";

/** What is said of a picture whose gain map is left out. */
export const GAIN_MAP_LEFT_OUT =
  "its gain map (Ultra HDR) is left out: what is read is the picture for all";

/** What is said of a motion photo. */
export const VIDEO_LEFT_OUT = "its video (motion photo) is left out";

/** What is said of a picture with a depth map. */
export const DEPTH_LEFT_OUT = "its depth map is left out";

/** Namespaces with the prefixes that they usually have. */
interface Namespaces {
  names: RegExp;
  usual: readonly string[];
}

/** About gain maps: Adobe's, which became Ultra HDR, and Apple's. */
const GAIN_MAP: Namespaces = {
  names: /^http:\/\/ns\.(?:adobe\.com\/hdr-gain-map|apple\.com\/HDRGainMap)\//,
  usual: ["hdrgm", "HDRGainMap"],
};

/** Lists of what is appended, and their items. */
const CONTAINER: Namespaces = {
  names: /^http:\/\/ns\.google\.com\/photos\/(?:dd\/)?1\.0\/container\//,
  usual: ["Container", "GContainer", "Item"],
};

/** The camera's, in which the video is. */
const CAMERA: Namespaces = {
  names: /^http:\/\/ns\.google\.com\/photos\/1\.0\/camera\//,
  usual: ["GCamera"],
};

/** A packet without the claims, and what they were about, for people. */
export interface Unclaimed {
  xmp: Uint8Array;
  notes: string[];
}

/** Takes away what a packet claims to be appended. */
export function withoutAppended(xmp: Uint8Array): Unclaimed {
  const text = decodeXmp(xmp);
  if (text === undefined) return { xmp, notes: [] };
  const [gainMaps, containers, cameras] = [GAIN_MAP, CONTAINER, CAMERA].map((namespaces) =>
    prefixesIn(text, namespaces)
  );
  const contents = contentsOf(text, containers);
  const has = (prefixes: string[], pattern: string) =>
    prefixes.some((prefix) => new RegExp(`\\b${prefix}:${pattern}`).test(text));
  const notes = [
    ...contents.has("GainMap") || has(gainMaps, "\\w*Version\\b") ? [GAIN_MAP_LEFT_OUT] : [],
    ...contents.has("MotionPhoto") || has(cameras, `(?:MotionPhoto|MicroVideo)${TRUE}`)
      ? [VIDEO_LEFT_OUT]
      : [],
    ...[...contents].some((content) => /depth/i.test(content)) ? [DEPTH_LEFT_OUT] : [],
    ...[...contents].filter((content) => !/^(Primary|GainMap|MotionPhoto)$|depth/i.test(content))
      .map((content) => `what is appended to it (${content}) is left out`),
  ];
  if (notes.length === 0) return { xmp, notes };
  let rest = text;
  for (const prefix of cameras) {
    rest = withoutElements(rest, `${prefix}:(?:MotionPhoto|MicroVideo)\\w*`);
  }
  for (const prefix of [...gainMaps, ...containers]) {
    rest = withoutNamespace(withoutElements(rest, `${prefix}:\\w+`), prefix);
  }
  return { xmp: new TextEncoder().encode(rest), notes };
}

/** A value that is not 0, of an attribute or an element. */
const TRUE = `(?:\\s*=\\s*["']|>)\\s*[1-9]`;

/** The prefixes by which a packet calls some namespaces, or could have done. */
function prefixesIn(text: string, { names, usual }: Namespaces): string[] {
  const declared = [...text.matchAll(/\sxmlns:([\w.-]+)\s*=\s*["']([^"']*)["']/g)]
    .filter(([, , name]) => names.test(name)).map(([, prefix]) => prefix);
  return [...new Set([...usual, ...declared])];
}

/** What a packet says that the parts of its file are: "Primary", "GainMap", and so on. */
function contentsOf(text: string, prefixes: string[]): Set<string> {
  const pattern = new RegExp(
    `\\b(?:${prefixes.join("|")}):Semantic(?:\\s*=\\s*["']|>)\\s*([\\w:.-]+)`,
    "g",
  );
  return new Set([...text.matchAll(pattern)].map(([, content]) => content));
}

/** Takes away elements with all that is in them, and attributes, by a pattern of their name. */
function withoutElements(text: string, name: string): string {
  return text
    .replace(new RegExp(`<(${name})\\b[^>]*?(?:/>|>[^]*?</\\1>)`, "g"), "")
    .replace(new RegExp(`\\s${name}\\s*=\\s*(?:"[^"]*"|'[^']*')`, "g"), "");
}
