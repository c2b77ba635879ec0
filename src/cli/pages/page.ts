/**
 * Pages that need no other file: what stands in double braces in a page of ours is filled in, text
 * escaped and pictures as data URIs.
 */

import { basename, dirname, extname, join } from "node:path";
import { UsageError } from "../../errors.ts";
import { type PictureKind, sniff } from "../../pictures/kind.ts";
import { escapeMarkup } from "../../pictures/metadata/markup.ts";

/**
 * Returns where a page goes.
 *
 * @param asked The name asked for; without one, `photo-KIND.html` beside `photo.jpg`.
 * @throws {UsageError} If the name asked for is not a page's.
 */
export function pagePath(asked: string | undefined, picture: string, kind: string): string {
  const name = `${basename(picture, extname(picture))}-${kind}.html`;
  const path = asked ?? join(dirname(picture), name);
  if (/\.html?$/i.test(path)) return path;
  throw new UsageError(`Expected a name that ends in .html for --output but received "${path}"`);
}

/** A picture's file, to be embedded. */
export interface EmbeddedFile {
  /** What it is, as in `image/png`. */
  type: string;
  bytes: Uint8Array;
}

/** The kinds that browsers show, as they call them. */
const MEDIA_TYPES: Readonly<Partial<Record<PictureKind, string>>> = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
  gif: "image/gif",
  bmp: "image/bmp",
};

/** Returns a picture's file for a page, or `undefined` if browsers do not show its kind. */
export function embeddable(bytes: Uint8Array): EmbeddedFile | undefined {
  const { kind } = sniff(bytes);
  const type = kind && MEDIA_TYPES[kind];
  return type === undefined ? undefined : { type, bytes };
}

/** Returns styles or a script of ours as an element of a page. */
export function inlined(tag: "style" | "script", text: string): Iterable<Uint8Array> {
  const open = tag === "script" ? '<script type="module">' : "<style>";
  return [new TextEncoder().encode(`${open}\n${text}</${tag}>`)];
}

/** What can stand in a page: text, a picture as a data URI, or parts of a page that are filled in. */
export type PageValue = string | EmbeddedFile | Iterable<Uint8Array>;

/**
 * Fills in a page.
 *
 * @param template HTML with places such as `{{ name }}`, in text or between double quotes.
 * @param values What stands for each name.
 * @returns The page in parts, as large pictures would not fit into one string.
 */
export function* fillPage(
  template: string,
  values: Readonly<Record<string, PageValue>>,
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const parts = template.split(/\{\{\s*(\w+)\s*\}\}/);
  for (const [i, part] of parts.entries()) {
    const value = i % 2 === 0 ? undefined : values[part];
    if (i % 2 === 0) yield encoder.encode(part);
    else if (value === undefined) throw new Error(`The page has no value for "${part}"`);
    else if (typeof value === "string") yield encoder.encode(escapeMarkup(value));
    else if (Symbol.iterator in value) yield* value;
    else yield encoder.encode(`data:${value.type};base64,${value.bytes.toBase64()}`);
  }
}
