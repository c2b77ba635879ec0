/**
 * How the picture of an AVIF or HEIC file is made of items, and which other pictures are in the file: tiles of a
 * grid, alpha, gain maps, depth maps, thumbnails, and pictures of their own.
 */

import { plainBytes } from "../bytes.ts";
import { type Meta, propertiesOf, type Reference } from "./heif_meta.ts";
import { DEPTH_LEFT_OUT, GAIN_MAP_LEFT_OUT } from "../metadata/appended.ts";

/** Types of items that are pictures: made of others, or coded. */
const MADE_OF_OTHERS = ["grid", "iden", "iovl"];
const CODED = ["av01", "hvc1", "hev1", "lhv1", "avc1", "vvc1", "evc1", "jpeg", "j2k1", "unci"];

/** A picture and the gain map beside it, together one of HDR (ISO 21496-1). */
const TONE_MAP = "tmap";

/** Properties that turn, mirror or crop. */
const TURNS = ["irot", "imir", "clap"];

/** Items may be made of each other in so many steps; real ones have one or two. */
const MAX_STEPS = 8;

/** How the picture is coded, by the type of the item that its first pixels are in, and its bits per sample. */
export function sourceOf(meta: Meta): { coding: string; bits: number } {
  let id = meta.primary;
  let bits = bitsOf(meta, id);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { type } = meta.items.get(id)!;
    const [next] = targetsOf(meta, "dimg", id);
    if (!MADE_OF_OTHERS.includes(type) || !meta.items.has(next)) break;
    id = next;
    bits ??= bitsOf(meta, id);
  }
  return { coding: meta.items.get(id)!.type, bits: bits ?? 8 };
}

/** Bits per sample, which an item's properties say, or those of its codec. */
function bitsOf(meta: Meta, id: number): number | undefined {
  const properties = propertiesOf(meta, id);
  const data = (wanted: string) => properties.find(({ type }) => type === wanted)?.data;
  const [pixels, hevc, av1] = [data("pixi"), data("hvcC"), data("av1C")];
  if (pixels !== undefined && pixels.length > 5) return Math.max(...pixels.subarray(5));
  if (hevc !== undefined && hevc.length > 17) return 8 + (hevc[17] & 7);
  if (av1 === undefined || av1.length < 3) return undefined;
  return (av1[2] & 0x40) === 0 ? 8 : (av1[2] & 0x20) === 0 ? 10 : 12;
}

/** Says whether the colours are multiplied by the picture's alpha. */
export function premultiplies({ references, primary }: Meta): boolean {
  return references.some(({ type, from }) => type === "prem" && from === primary);
}

/**
 * Returns the file without the turns of a grid's tiles that the grid has too: an encoder (avifenc before its
 * version 1) writes both, and means the turn of the whole.
 */
export function withoutTileTurns(bytes: Uint8Array, meta: Meta): Uint8Array {
  const turned = meta.references.flatMap((reference) => turnsOfTiles(reference, meta));
  if (turned.length === 0) return bytes;
  const copy = plainBytes(bytes).slice();
  // Property 0 is none.
  for (const { at, bytes: count } of turned) {
    copy.fill(0, at - bytes.byteOffset, at - bytes.byteOffset + count);
  }
  return copy;
}

function turnsOfTiles({ type, from, to }: Reference, { items, properties }: Meta) {
  const grid = items.get(from);
  if (type !== "dimg" || grid?.type !== "grid") return [];
  const own = new Set(grid.properties.map(({ number }) => number));
  return to.flatMap((id) => items.get(id)?.properties ?? []).filter(({ number }) => {
    return own.has(number) && TURNS.includes(properties[number - 1]?.type);
  });
}

/** What of the pictures in a file is left out, for people. Thumbnails are not worth a word. */
export function leftOutOf(meta: Meta): string[] {
  const auxiliary = meta.references.filter(({ type }) => type === "auxl")
    .map(({ from }) => auxiliaryTypeOf(meta, from));
  const hasGainMap = auxiliary.some((type) => /gainmap/i.test(type)) ||
    [...meta.items.values()].some(({ type }) => type === TONE_MAP);
  const hasDepth = auxiliary.some((type) => /depth|auxid:2$/i.test(type));
  const pictures = countPictures(meta);
  return [
    ...hasGainMap ? [GAIN_MAP_LEFT_OUT] : [],
    ...hasDepth ? [DEPTH_LEFT_OUT] : [],
    ...pictures > 1 ? [`of the ${pictures} pictures only the main one is read`] : [],
  ];
}

/** The name of what an auxiliary picture is: a property has it, up to a zero. */
function auxiliaryTypeOf(meta: Meta, id: number): string {
  const data = meta.items.has(id)
    ? propertiesOf(meta, id).find(({ type }) => type === "auxC")?.data ?? new Uint8Array(0)
    : new Uint8Array(0);
  const end = data.indexOf(0, 4);
  return String.fromCharCode(...data.subarray(4, end < 0 ? data.length : Math.min(end, 260)));
}

/** Pictures that are shown by themselves: no part of another, nor beside one. */
function countPictures({ items, references, primary }: Meta): number {
  const parts = new Set<number>();
  for (const { type, from, to } of references) {
    if (type === "dimg") { for (const id of to) parts.add(id); }
    if (type === "thmb" || type === "auxl") parts.add(from);
  }
  return [...items].filter(([id, { type, hidden }]) => {
    const isPicture = CODED.includes(type) || MADE_OF_OTHERS.includes(type);
    return id === primary || (isPicture && !hidden && !parts.has(id));
  }).length;
}

function targetsOf({ references }: Meta, type: string, id: number): number[] {
  return references.find((each) => each.type === type && each.from === id)?.to ?? [];
}
