/**
 * XMP packets where they must be understood: sizes that became wrong, packets that JPEG splits, and texts
 * that formats without a place for them keep there. All else is carried as it is.
 *
 * XMP is a subset of RDF/XML (ISO 16684-1). Nothing is parsed here: properties are found by the prefixes
 * that the standard gives them, as attributes or as elements, and new ones are put in before the end of
 * `rdf:RDF`. A packet that is not UTF-8, or has no such place, is left alone.
 */

import { crc32 } from "../../platform/mod.ts";
import { latin1, startsWith, viewOf } from "../bytes.ts";
import { escapeMarkup } from "./markup.ts";
import type { PictureText } from "../picture.ts";

/** What stands before a packet in a JPEG segment. */
export const XMP_PREFIX = "http://ns.adobe.com/xap/1.0/\0";

/** What stands before each part of a packet beyond a segment: this, a name of 32 digits, length, place. */
export const EXTENSION_PREFIX = "http://ns.adobe.com/xmp/extension/\0";

/** Digits of the name by which the parts of an extension know each other, and two numbers. */
const EXTENSION_HEAD_BYTES = EXTENSION_PREFIX.length + 32 + 8;

/** The most bytes that the parts of an extension may have. */
const MAX_EXTENSION_BYTES = 2 ** 26;

/** The namespace of RDF. */
export const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const TEXTS = "urn:tessera:texts:1.0/";

/** Texts that have a property of their own, by the keywords that PNG gives them. */
const PROPERTIES: Readonly<Record<string, { name: string; kind: "Alt" | "Seq" | "plain" }>> = {
  Title: { name: "dc:title", kind: "Alt" },
  Description: { name: "dc:description", kind: "Alt" },
  Copyright: { name: "dc:rights", kind: "Alt" },
  Author: { name: "dc:creator", kind: "Seq" },
  Software: { name: "xmp:CreatorTool", kind: "plain" },
};

/** Properties that say how many pixels the picture has. */
const SIZES: Readonly<Record<string, "width" | "height">> = {
  "exif:PixelXDimension": "width",
  "exif:PixelYDimension": "height",
  "tiff:ImageWidth": "width",
  "tiff:ImageLength": "height",
};

/** Properties of a panorama in pixels, across and down. */
const PANORAMA = {
  across: ["FullPanoWidthPixels", "CroppedAreaImageWidthPixels", "CroppedAreaLeftPixels"],
  down: ["FullPanoHeightPixels", "CroppedAreaImageHeightPixels", "CroppedAreaTopPixels"],
} as const;

/** Proportions that differ by less than rounding can make them. */
const SAME_PROPORTIONS = 0.01;

/**
 * Returns a packet whose sizes say the given numbers of pixels. A panorama is enlarged with its picture;
 * if that was cut to other proportions, nothing is known of its place on the sphere any more, and it no
 * longer claims one.
 */
export function withXmpSize(xmp: Uint8Array, width: number, height: number): Uint8Array {
  const text = decodeXmp(xmp);
  if (text === undefined) return xmp;
  let changed = text;
  for (const [name, side] of Object.entries(SIZES)) {
    changed = replaceValue(changed, name, () => String(side === "width" ? width : height));
  }
  changed = withPanorama(changed, width, height);
  return changed === text ? xmp : new TextEncoder().encode(changed);
}

function withPanorama(text: string, width: number, height: number): string {
  const oldWidth = Number(valueOf(text, "GPano:CroppedAreaImageWidthPixels"));
  const oldHeight = Number(valueOf(text, "GPano:CroppedAreaImageHeightPixels"));
  if (!(oldWidth > 0 && oldHeight > 0)) return text;
  const factors = { across: width / oldWidth, down: height / oldHeight };
  const isCut = Math.abs(factors.across / factors.down - 1) > SAME_PROPORTIONS;
  if (isCut) return withoutNamespace(text, "GPano");
  let changed = text;
  for (const direction of ["across", "down"] as const) {
    for (const name of PANORAMA[direction]) {
      changed = replaceValue(
        changed,
        `GPano:${name}`,
        (value) => String(Math.round(Number(value) * factors[direction])),
      );
    }
  }
  return changed;
}

/** Returns a packet in which texts stand as properties, those that it has not yet, and as a list. */
export function withXmpTexts(
  xmp: Uint8Array | undefined,
  texts: readonly PictureText[],
): Uint8Array | undefined {
  const text = xmp === undefined ? emptyPacket() : decodeXmp(xmp);
  const end = text?.lastIndexOf("</rdf:RDF") ?? -1;
  if (text === undefined || end < 0 || text.includes(TEXTS)) return xmp;
  const about = /\srdf:about\s*=\s*(["'])([^"'<>]*)\1/.exec(text)?.[2] ?? "";
  const properties = Object.entries(PROPERTIES).flatMap(([keyword, property]) => {
    const value = texts.find((each) => each.keyword === keyword)?.text;
    if (value === undefined || text.includes(property.name)) return [];
    return [`\n   ${propertyOf(property, value)}`];
  });
  const items = texts.map(({ keyword, text: value }) =>
    `\n     <rdf:li rdf:parseType="Resource">` +
    `<texts:Keyword>${escapeMarkup(keyword)}</texts:Keyword>` +
    `<texts:Text>${escapeMarkup(value)}</texts:Text></rdf:li>`
  );
  const added = ` <rdf:Description rdf:about="${about}" xmlns:texts="${TEXTS}"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">${
    properties.join("")
  }
   <texts:Texts>
    <rdf:Seq>${items.join("")}
    </rdf:Seq>
   </texts:Texts>
  </rdf:Description>
 `;
  return new TextEncoder().encode(text.slice(0, end) + added + text.slice(end));
}

function propertyOf({ name, kind }: { name: string; kind: string }, value: string): string {
  const escaped = escapeMarkup(value);
  if (kind === "plain") return `<${name}>${escaped}</${name}>`;
  const language = kind === "Alt" ? ` xml:lang="x-default"` : "";
  return `<${name}><rdf:${kind}><rdf:li${language}>${escaped}</rdf:li></rdf:${kind}></${name}>`;
}

/** A packet that said nothing but that it goes on elsewhere. */
const ONLY_NOTE =
  /<rdf:RDF[^>]*>\s*<rdf:Description\s+rdf:about=""\s+xmlns:xmpNote="[^"]*"\s*\/>\s*<\/rdf:RDF/;

/** Returns a packet without the white space that editors leave at its end to write into. */
export function withoutPadding(xmp: Uint8Array): Uint8Array {
  const text = decodeXmp(xmp);
  if (text === undefined) return xmp;
  return new TextEncoder().encode(text.replace(/(?<=<\/x:xmpmeta>)\s+/, "\n"));
}

/** Collects the parts of a packet that JPEG splits: one segment, and the parts of its extension. */
export class XmpParts {
  #main: Uint8Array | undefined;
  readonly #parts: { name: string; length: number; at: number; data: Uint8Array }[] = [];

  /** Takes a segment's data, and says whether it belongs to XMP. */
  add(data: Uint8Array): boolean {
    if (startsWith(data, XMP_PREFIX)) this.#main ??= data.slice(XMP_PREFIX.length);
    else if (startsWith(data, EXTENSION_PREFIX) && data.length > EXTENSION_HEAD_BYTES) {
      const view = viewOf(data);
      const start = EXTENSION_PREFIX.length;
      this.#parts.push({
        name: new TextDecoder("latin1").decode(data.subarray(start, start + 32)),
        length: view.getUint32(start + 32),
        at: view.getUint32(start + 36),
        data: data.subarray(EXTENSION_HEAD_BYTES),
      });
    } else return false;
    return true;
  }

  /** Returns the packet with what its extension holds, if all parts of that are there. */
  join(): Uint8Array | undefined {
    const text = this.#main && decodeXmp(this.#main);
    if (text === undefined) return this.#main;
    const name = valueOf(text, "xmpNote:HasExtendedXMP");
    if (name === undefined) return this.#main;
    const extension = this.#extension(name);
    const rest = withoutProperty(text, "xmpNote:HasExtendedXMP");
    if (extension === undefined) return new TextEncoder().encode(rest);
    return new TextEncoder().encode(
      ONLY_NOTE.test(rest) ? extension : mergePackets(rest, extension),
    );
  }

  #extension(name: string): string | undefined {
    const parts = this.#parts.filter((part) => part.name === name);
    const length = parts[0]?.length ?? 0;
    const sum = parts.reduce((sum, { data }) => sum + data.length, 0);
    if (length === 0 || sum !== length || length > MAX_EXTENSION_BYTES) return undefined;
    const bytes = new Uint8Array(length);
    for (const { at, data } of parts) {
      if (at + data.length > length) return undefined;
      bytes.set(data, at);
    }
    return decodeXmp(bytes);
  }
}

/**
 * Splits a packet that does not fit into a segment: what stands in its place there, and the data of the
 * segments that hold it. The name should be the packet's MD5; readers only compare it.
 *
 * @param room bytes that a segment holds
 */
export function splitXmp(
  xmp: Uint8Array,
  room: number,
): { main: Uint8Array; extensions: Uint8Array[] } {
  const name = [1, 2, 3, 4].map((seed) => crc32(xmp, seed).toString(16).padStart(8, "0")).join("")
    .toUpperCase();
  const packet = emptyPacket(
    `<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/"` +
      ` xmpNote:HasExtendedXMP="${name}"/>\n `,
  );
  const extensions: Uint8Array[] = [];
  const step = room - EXTENSION_HEAD_BYTES;
  for (let at = 0; at < xmp.length; at += step) {
    const part = xmp.subarray(at, at + step);
    const data = new Uint8Array(EXTENSION_HEAD_BYTES + part.length);
    data.set(latin1(EXTENSION_PREFIX + name));
    viewOf(data).setUint32(EXTENSION_HEAD_BYTES - 8, xmp.length);
    viewOf(data).setUint32(EXTENSION_HEAD_BYTES - 4, at);
    data.set(part, EXTENSION_HEAD_BYTES);
    extensions.push(data);
  }
  return { main: new TextEncoder().encode(packet), extensions };
}

/** Puts the descriptions of one packet into another, with the names that they use. */
function mergePackets(text: string, extension: string): string {
  const end = text.lastIndexOf("</rdf:RDF");
  const [, attributes = "", inner = ""] = /<rdf:RDF([^>]*)>([^]*)<\/rdf:RDF/.exec(extension) ?? [];
  if (end < 0 || inner.trim() === "") return text;
  const names = [...attributes.matchAll(/\sxmlns:(\w+)\s*=\s*(["'])[^"']*\2/g)]
    .filter(([, prefix]) => prefix !== "rdf").map(([declaration]) => declaration);
  const added = inner.replace(/<rdf:Description/g, (start, at: number) => {
    const tag = inner.slice(at, inner.indexOf(">", at));
    const missing = names.filter((name) => !tag.includes(name.split("=")[0].trim()));
    return start + missing.join("");
  });
  return text.slice(0, end) + added + text.slice(end);
}

/** Returns the packet as text, with its byte order mark; `undefined` if it is not UTF-8. */
export function decodeXmp(xmp: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(xmp);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function emptyPacket(inner = ""): string {
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="${RDF}">
  ${inner}</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`;
}

/** A property as an attribute or as an element, with its value in the second or the fourth group. */
function propertyPattern(name: string): RegExp {
  return new RegExp(
    `(\\s${name}\\s*=\\s*["'])([^"'<>]*)(["'])|(<${name}>)([^<]*)(</${name}>)`,
    "g",
  );
}

function valueOf(text: string, name: string): string | undefined {
  const [match] = text.matchAll(propertyPattern(name));
  return match?.[2] ?? match?.[5];
}

function replaceValue(text: string, name: string, change: (value: string) => string): string {
  return text.replace(propertyPattern(name), (_, a, b, c, d, e, f) => {
    return a === undefined ? d + change(e) + f : a + change(b) + c;
  });
}

function withoutProperty(text: string, name: string): string {
  return text.replace(propertyPattern(name), "");
}

/** Takes away all simple properties of a namespace. */
export function withoutNamespace(text: string, prefix: string): string {
  const names = new Set(
    [...text.matchAll(new RegExp(`\\b${prefix}:\\w+`, "g"))].map(([all]) => all),
  );
  return [...names].reduce(withoutProperty, text);
}
