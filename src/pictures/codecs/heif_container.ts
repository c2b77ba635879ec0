/**
 * An AVIF or HEIC file seen as its boxes: what must be known before the pixels are decoded, and the
 * profile, EXIF and XMP, which are read and written here.
 */

import { big, type Box, boxOf, BoxReader, readBoxes } from "./boxes.ts";
import { leftOutOf, premultiplies, sourceOf, withoutTileTurns } from "./heif_derived.ts";
import { type Meta, propertiesOf, readMeta } from "./heif_meta.ts";
import { concatBytes, latin1, startsWith, viewOf } from "../bytes.ts";
import { metadataOfLabel } from "../colour/label.ts";
import { checkSize } from "../limits.ts";
import { withoutAppended } from "../metadata/appended.ts";
import type { Metadata } from "../picture.ts";

/** A file, taken apart. */
export interface HeifParts {
  /** The file as decoders read it rightly. */
  file: Uint8Array;
  /** How the picture is coded, by the type of its item: `av01`, `hvc1` and the like. */
  coding: string;
  /** Bits per sample of the picture. */
  bits: number;
  /** Whether its colours are those of the file times its alpha. */
  premultiplied: boolean;
  /** What of the file is left out, for people. */
  notes: string[];
  /** With what the profile, or else a label (nclx), says of the colours. */
  metadata: Metadata;
}

const XMP_TYPE = "application/rdf+xml";

/**
 * Takes a file apart.
 *
 * @param format `AVIF` or `HEIC`, for errors
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if it is cut off, damaged, or claims too much
 */
export function readHeifParts(format: string, bytes: Uint8Array, maxPixels: number): HeifParts {
  const top = readBoxes(format, bytes);
  const meta = readMeta(format, top);
  // Items that a decoder may allocate for (alpha, parts of a grid) must not claim too much either.
  for (const { type, data } of meta.properties) {
    if (type !== "ispe" || data.length < 12) continue;
    checkSize(format, viewOf(data).getUint32(4), viewOf(data).getUint32(8), maxPixels);
  }
  const { xmp, ...metadata } = readMetadata(bytes, meta, propertiesOf(meta, meta.primary));
  const claimed = xmp && withoutAppended(xmp);
  const animated = top.some(({ type }) => type === "moov");
  const notes = [
    ...animated ? ["of the animation only the first frame is read"] : [],
    ...claimed?.notes ?? [],
    ...leftOutOf(meta),
  ];
  return {
    file: withoutTileTurns(bytes, meta),
    ...sourceOf(meta),
    premultiplied: premultiplies(meta),
    notes: [...new Set(notes)],
    metadata: { ...metadata, ...claimed && { xmp: claimed.xmp } },
  };
}

/**
 * Returns the file that a codec wrote with profile, EXIF and XMP put in.
 *
 * @param bytes a still picture whose item locations are relative to the file
 */
export function withHeifMetadata(bytes: Uint8Array, metadata: Metadata): Uint8Array {
  const { cicp, icc, exif, xmp } = metadata;
  if (cicp !== undefined) setLabel(bytes, cicp);
  if (icc === undefined && exif === undefined && xmp === undefined) return bytes;
  const top = readBoxes("AVIF", bytes);
  const meta = readMeta("AVIF", top);
  const added: { type: string; contentType: string; data: Uint8Array }[] = [];
  if (exif !== undefined) {
    added.push({ type: "Exif", contentType: "", data: concatBytes([big(0, 4), exif]) });
  }
  if (xmp !== undefined) added.push({ type: "mime", contentType: XMP_TYPE, data: xmp });
  const firstId = Math.max(...meta.items.keys()) + 1;
  // The length of the new `meta` box does not depend on the offsets in it: write it twice.
  const write = (shift: number, addedAt: number) =>
    writeMeta(meta, added, firstId, icc, shift, addedAt);
  const metaAt = meta.boxes.get("meta")!.at - 8;
  const metaEnd = metaAt + 8 + meta.boxes.get("meta")!.data.length;
  const growth = write(0, 0).length - (metaEnd - metaAt);
  return concatBytes([
    bytes.subarray(0, metaAt),
    write(growth, bytes.length + growth + 8),
    bytes.subarray(metaEnd),
    ...(added.length > 0 ? [boxOf("mdat", ...added.map(({ data }) => data))] : []),
  ]);
}

/** Writes code points into the label that every file of the codec has. */
function setLabel(bytes: Uint8Array, { primaries, transfer }: NonNullable<Metadata["cicp"]>): void {
  const meta = readMeta("AVIF", readBoxes("AVIF", bytes));
  for (const { type, data } of meta.properties) {
    if (type !== "colr" || !startsWith(data, "nclx")) continue;
    viewOf(data).setUint16(4, primaries);
    viewOf(data).setUint16(6, transfer);
  }
}

/** The profile, and the items that are EXIF and XMP. */
function readMetadata(bytes: Uint8Array, meta: Meta, properties: Box[]): Metadata {
  const metadata: Metadata = {};
  const label = properties.find(({ type, data }) => type === "colr" && startsWith(data, "nclx"));
  const profile = properties.find(({ type, data }) => {
    return type === "colr" && (startsWith(data, "prof") || startsWith(data, "rICC"));
  });
  if (profile !== undefined) metadata.icc = profile.data.slice(4);
  else if (label !== undefined && label.data.length >= 8) {
    const view = viewOf(label.data);
    const points = { primaries: view.getUint16(4), transfer: view.getUint16(6) };
    Object.assign(metadata, metadataOfLabel(points));
  }
  const idat = meta.boxes.get("idat")?.data ?? new Uint8Array(0);
  for (const [id, { type, contentType, inMeta, extents }] of meta.items) {
    const isXmp = type === "mime" && contentType === XMP_TYPE;
    if ((type !== "Exif" && !isXmp) || !describesPrimary(id, meta)) continue;
    const source = inMeta ? idat : bytes;
    const data = concatBytes(
      extents.slice(0, 16).map(({ at, length }) => source.subarray(at, at + length)),
    );
    if (isXmp) metadata.xmp ??= data;
    // The block is preceded by the number of bytes to skip, such as those of JPEG's prefix.
    else if (data.length > 4) metadata.exif ??= data.slice(4 + viewOf(data).getUint32(0));
  }
  return metadata;
}

/** Says whether an item describes the picture, and not another one, such as a gain map. */
function describesPrimary(id: number, { references, primary }: Meta): boolean {
  const described = references.filter(({ type, from }) => type === "cdsc" && from === id);
  return described.length === 0 || described.some(({ to }) => to.includes(primary));
}

/** Writes the `meta` box anew, with more items and one more property. */
function writeMeta(
  meta: Meta,
  added: { type: string; contentType: string; data: Uint8Array }[],
  firstId: number,
  icc: Uint8Array | undefined,
  shift: number,
  addedAt: number,
): Uint8Array {
  const ids = added.map((_, i) => firstId + i);
  const kept = (type: string) => {
    const box = meta.boxes.get(type);
    return box === undefined ? [] : [boxOf(type, box.data)];
  };
  const references = meta.boxes.get("iref")?.data ?? new Uint8Array(4);
  const describes = ids.map((id) => boxOf("cdsc", big(id, 2), big(1, 2), big(meta.primary, 2)));
  const others = [...meta.boxes.keys()]
    .filter((type) => !["meta", "hdlr", "pitm", "iloc", "iinf", "iref", "iprp"].includes(type));
  return boxOf(
    "meta",
    big(0, 4),
    ...kept("hdlr"),
    ...kept("pitm"),
    writeLocations(meta, added, firstId, shift, addedAt),
    writeItems(meta, added, firstId),
    boxOf("iref", references, ...describes),
    writeProperties(meta, icc),
    ...others.flatMap(kept),
  );
}

/** `iloc` with one extent or more for each item, in 4-byte numbers. */
function writeLocations(
  meta: Meta,
  added: { data: Uint8Array }[],
  firstId: number,
  shift: number,
  addedAt: number,
): Uint8Array {
  const entries = [...meta.items].map(([id, { extents, inMeta }]) => {
    const places = extents.map(({ at, length }) => {
      return concatBytes([big(inMeta ? at : at + shift, 4), big(length, 4)]);
    });
    return concatBytes([
      big(id, 2),
      big(inMeta ? 1 : 0, 2),
      big(0, 2),
      big(places.length, 2),
      ...places,
    ]);
  });
  let at = addedAt;
  added.forEach(({ data }, i) => {
    entries.push(
      concatBytes([big(firstId + i, 2), big(0, 4), big(1, 2), big(at, 4), big(data.length, 4)]),
    );
    at += data.length;
  });
  return boxOf("iloc", big(0x01000000, 4), big(0x4400, 2), big(entries.length, 2), ...entries);
}

/** `iinf` with the old entries as they are and the new ones. */
function writeItems(
  meta: Meta,
  added: { type: string; contentType: string }[],
  firstId: number,
): Uint8Array {
  const data = meta.boxes.get("iinf")!.data;
  const entries = readBoxes("AVIF", data.subarray(data[0] === 0 ? 6 : 8))
    .map((box) => boxOf(box.type, box.data));
  added.forEach(({ type, contentType }, i) => {
    const text = latin1(contentType === "" ? `${type}\0` : `${type}\0${contentType}\0`);
    entries.push(boxOf("infe", big(0x02000000, 4), big(firstId + i, 2), big(0, 2), text));
  });
  return boxOf("iinf", big(0, 4), big(entries.length, 2), ...entries);
}

/** `iprp` with the profile as the last property, which the picture has before all others. */
function writeProperties(meta: Meta, icc: Uint8Array | undefined): Uint8Array {
  const [container, associations] = readBoxes("AVIF", meta.boxes.get("iprp")!.data);
  if (icc === undefined) {
    return boxOf("iprp", boxOf("ipco", container.data), boxOf("ipma", associations.data));
  }
  const profile = boxOf("colr", latin1("prof"), icc);
  const number = meta.properties.length + 1;
  // The old associations keep their "essential" bits, so they are copied and not written anew.
  const reader = new BoxReader(associations.data);
  const head = reader.number(4);
  const idSize = head >>> 24 === 0 ? 2 : 4;
  const size = (head & 1) === 1 ? 2 : 1;
  const parts = [big(head, 4), big(reader.number(4), 4)];
  while (!reader.done) {
    const id = reader.number(idSize);
    const old = Array.from({ length: reader.number(1) }, () => reader.number(size));
    const list = id === meta.primary ? [number, ...old] : old;
    parts.push(big(id, idSize), big(list.length, 1), ...list.map((value) => big(value, size)));
  }
  return boxOf("iprp", boxOf("ipco", container.data, profile), boxOf("ipma", ...parts));
}
