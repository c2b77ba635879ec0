/**
 * ICC profiles made and read without a colour engine: those of three primaries and one curve, which say the
 * same as the labels by which PNG, AVIF and HEIC describe colours.
 *
 * Source: ICC.1:2022 (layout, parametric curves).
 */

import { concatBytes, latin1, startsWith, viewOf } from "../bytes.ts";
import { columnsToD50, D50, type Primaries, type Vector } from "./primaries.ts";

/** From a stored number to light: its power, or the curve of sRGB. */
export type Curve = number | "srgb";

const HEADER_BYTES = 128;
const MOST_TAGS = 100;

/** Powers below this one leave dark colours as far apart as light has them: no screen wants them so. */
const LINEAR_BELOW = 1.25;

/** Returns a profile of RGB (version 4) with the given primaries and curve. */
export function makeProfile(name: string, primaries: Primaries, curve: Curve): Uint8Array {
  const [red, green, blue] = columnsToD50(primaries);
  const trc = curve === "srgb" ? srgbCurve() : powerCurve(curve);
  const tags: [type: string, data: Uint8Array][] = [
    ["desc", text(name)],
    ["cprt", text("No copyright")],
    ["wtpt", xyz(D50)],
    ["rXYZ", xyz(red)],
    ["gXYZ", xyz(green)],
    ["bXYZ", xyz(blue)],
    ["rTRC", trc],
    ["gTRC", trc],
    ["bTRC", trc],
  ];
  return assemble("RGB ", tags);
}

/** Returns a profile of grey (version 4) with the given curve. */
export function makeGreyProfile(name: string, curve: Curve): Uint8Array {
  const trc = curve === "srgb" ? srgbCurve() : powerCurve(curve);
  const tags: [type: string, data: Uint8Array][] = [
    ["desc", text(name)],
    ["cprt", text("No copyright")],
    ["wtpt", xyz(D50)],
    ["kTRC", trc],
  ];
  return assemble("GRAY", tags);
}

/**
 * Says whether bytes can be a profile at all, by their header. Whether colours can be computed from it, only
 * the colour engine finds out.
 */
export function isProfile(icc: Uint8Array): boolean {
  if (icc.length < HEADER_BYTES + 4 || !startsWith(icc.subarray(36), "acsp")) return false;
  const size = viewOf(icc).getUint32(0);
  return size > HEADER_BYTES && size <= icc.length;
}

/** Says whether a profile's numbers are light itself, or nearly, which no network was made for. */
export function isLinear(icc: Uint8Array): boolean {
  const curve = findTag(icc, "rTRC") ?? findTag(icc, "kTRC");
  if (curve === undefined || curve.length < 12) return false;
  const view = viewOf(curve);
  if (startsWith(curve, "curv")) {
    const count = view.getUint32(8);
    if (count === 0) return true;
    if (count === 1) return curve.length >= 14 && view.getUint16(12) / 256 < LINEAR_BELOW;
    const middle = 12 + 2 * Math.floor((count - 1) / 2);
    const share = Math.floor((count - 1) / 2) / (count - 1);
    if (middle + 2 > curve.length) return false;
    return view.getUint16(middle) / 65535 > share ** LINEAR_BELOW;
  }
  const half = startsWith(curve, "para") ? lightAtHalf(curve) : undefined;
  return half !== undefined && half > 0.5 ** LINEAR_BELOW;
}

/** The light of a number in the middle by a parametric curve (ICC.1, 10.18), if there is such a curve. */
function lightAtHalf(curve: Uint8Array): number | undefined {
  const view = viewOf(curve);
  const kind = view.getUint16(8);
  const count = [1, 3, 4, 5, 7][kind];
  if (count === undefined || curve.length < 12 + 4 * count) return undefined;
  const numbers = Array.from({ length: count }, (_, i) => view.getInt32(12 + 4 * i) / 65536);
  const [power, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
  const curved = Math.max(a / 2 + b, 0) ** power;
  if (kind <= 1) return a / 2 + b < 0 ? 0 : curved;
  if (kind === 2) return curved + c;
  return 0.5 >= d ? curved + e : c / 2 + f;
}

/** Returns the data of a tag. */
function findTag(icc: Uint8Array, type: string): Uint8Array | undefined {
  if (!isProfile(icc)) return undefined;
  const view = viewOf(icc);
  const count = Math.min(view.getUint32(HEADER_BYTES), MOST_TAGS);
  for (let i = 0, at = HEADER_BYTES + 4; i < count && at + 12 <= icc.length; i++, at += 12) {
    if (!startsWith(icc.subarray(at), type)) continue;
    const offset = view.getUint32(at + 4);
    return icc.subarray(offset, offset + view.getUint32(at + 8));
  }
  return undefined;
}

/** The header, the table of tags, and their data, each of which begins at a multiple of four. */
function assemble(space: string, tags: [type: string, data: Uint8Array][]): Uint8Array {
  const table = new Uint8Array(4 + tags.length * 12);
  const tableView = viewOf(table);
  tableView.setUint32(0, tags.length);
  let at = HEADER_BYTES + table.length;
  const parts: Uint8Array[] = [];
  tags.forEach(([type, data], i) => {
    table.set(latin1(type), 4 + i * 12);
    tableView.setUint32(8 + i * 12, at);
    tableView.setUint32(12 + i * 12, data.length);
    parts.push(data, new Uint8Array(-data.length & 3));
    at += data.length + (-data.length & 3);
  });
  const header = new Uint8Array(HEADER_BYTES);
  const view = viewOf(header);
  view.setUint32(0, at);
  view.setUint32(8, 0x04400000);
  header.set(latin1(`mntr${space}XYZ `), 12);
  // A date is asked for: that of the specification, so that equal labels give equal bytes.
  [2022, 5, 1].forEach((number, i) => view.setUint16(24 + 2 * i, number));
  header.set(latin1("acsp"), 36);
  xyz(D50).subarray(8).forEach((byte, i) => header[68 + i] = byte);
  return concatBytes([header, table, ...parts]);
}

/** A text in one language. */
function text(words: string): Uint8Array {
  const head = new Uint8Array(28);
  const view = viewOf(head);
  head.set(latin1("mluc"));
  view.setUint32(8, 1);
  view.setUint32(12, 12);
  head.set(latin1("enUS"), 16);
  view.setUint32(20, words.length * 2);
  view.setUint32(24, 28);
  const letters = new Uint8Array(words.length * 2);
  for (let i = 0; i < words.length; i++) viewOf(letters).setUint16(2 * i, words.charCodeAt(i));
  return concatBytes([head, letters]);
}

function xyz(vector: Vector): Uint8Array {
  return concatBytes([latin1("XYZ \0\0\0\0"), fixed(vector)]);
}

/** Numbers in 16 bits before and 16 behind the point. */
function fixed(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  numbers.forEach((number, i) => viewOf(bytes).setInt32(4 * i, Math.round(number * 65536)));
  return bytes;
}

function powerCurve(power: number): Uint8Array {
  return concatBytes([latin1("para\0\0\0\0\0\0\0\0"), fixed([power])]);
}

function srgbCurve(): Uint8Array {
  const numbers = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045];
  return concatBytes([latin1("para\0\0\0\0\0\x03\0\0"), fixed(numbers)]);
}
