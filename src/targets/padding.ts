/**
 * What lies around a picture on a larger canvas: a colour, nothing, the picture itself blurred, or its
 * mirrored edges. Rows are padded as they come.
 */

import {
  allocateSamples,
  hasAlpha,
  type Picture,
  type PictureHeader,
  type Samples,
  whiteOf,
} from "../pictures/picture.ts";
import type { Region } from "../raster/size.ts";
import { Backdrop } from "./backdrop.ts";

/** What a canvas is filled with. */
export type Padding =
  /** A colour, opaque: red, green and blue from 0 to 255. */
  | { kind: "colour"; colour: readonly [red: number, green: number, blue: number] }
  /** Nothing; only for pictures with alpha. */
  | { kind: "transparent" }
  /** The edges of the picture, mirrored there, the edge pixel repeated. */
  | { kind: "mirror" }
  /** The picture, enlarged until it covers the canvas, and blurred: a small copy of it is given. */
  | { kind: "blur"; copy: Picture };

/** Returns what a picture is on its canvas. A grey picture on a colour becomes RGB. */
export function paddedHeader(
  header: PictureHeader,
  { width, height }: Region,
  padding: Padding,
): PictureHeader {
  return { ...header, width, height, channels: channelsOn(header, padding) };
}

/**
 * Puts a picture on its canvas.
 *
 * Mirroring keeps as many rows of the picture's upper and lower end in memory as there are rows of
 * padding there; the others keep one row.
 *
 * @param header The picture's, before it is padded.
 * @param rows Its samples from the top, whole rows at a time.
 * @param canvas The canvas' size, and where the picture lies on it.
 * @returns What {@linkcode paddedHeader} does, and the rows of the whole canvas.
 */
export function padRows(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
  canvas: Region,
  padding: Padding,
): PictureHeader & { rows: AsyncGenerator<Samples> } {
  const outer = paddedHeader(header, canvas, padding);
  const inner = { ...header, channels: outer.channels };
  const single = singleRows(header, rows, outer.channels);
  const padded = padding.kind === "mirror"
    ? mirroredRows(inner, single, canvas)
    : framedRows(inner, single, canvas, painterOf(inner, canvas, padding));
  return { ...outer, rows: padded };
}

/** Paints the columns `from` to `to` (excluded) of a row of the canvas. */
type Painter = (row: Samples, y: number, from: number, to: number) => void;

function painterOf(
  { channels, depth }: PictureHeader,
  canvas: Region,
  padding: Exclude<Padding, { kind: "mirror" }>,
): Painter {
  if (padding.kind === "transparent") return () => {};
  if (padding.kind === "blur") {
    const backdrop = new Backdrop(padding.copy, canvas);
    return (row, y, from, to) => backdrop.paint(row, depth, y, from, to);
  }
  const pixel = pixelOf(padding.colour, channels, depth);
  return (row, _y, from, to) => {
    for (let i = from * channels; i < to * channels; i++) row[i] = pixel[i % channels];
  };
}

async function* framedRows(
  { width, height, channels, depth }: PictureHeader,
  rows: AsyncIterable<Samples>,
  canvas: Region,
  paint: Painter,
): AsyncGenerator<Samples> {
  const right = canvas.x + width;
  const painted = (y: number, from: number, to: number, row = newRow()) => {
    paint(row, y, from, to);
    return row;
  };
  const newRow = () => allocateSamples(depth, canvas.width * channels);
  for (let y = 0; y < canvas.y; y++) yield painted(y, 0, canvas.width);
  let y = canvas.y;
  for await (const inside of rows) {
    const row = painted(y, 0, canvas.x);
    row.set(inside, canvas.x * channels);
    yield painted(y, right, canvas.width, row);
    y++;
  }
  for (y = canvas.y + height; y < canvas.height; y++) yield painted(y, 0, canvas.width);
}

async function* mirroredRows(
  { width, height, channels, depth }: PictureHeader,
  rows: AsyncIterable<Samples>,
  canvas: Region,
): AsyncGenerator<Samples> {
  const bottom = canvas.height - canvas.y - height;
  const kept = new Map<number, Samples>();
  const columns = Int32Array.from(
    { length: canvas.width },
    (_, x) => mirrored(x - canvas.x, width) * channels,
  );
  let y = 0;
  for await (const inside of rows) {
    const row = allocateSamples(depth, canvas.width * channels);
    columns.forEach((from, x) => {
      for (let c = 0; c < channels; c++) row[x * channels + c] = inside[from + c];
    });
    if (y < canvas.y || y >= height - bottom) kept.set(y, row);
    if (y >= canvas.y) yield row;
    else if (y === Math.min(canvas.y, height) - 1) {
      for (let at = -canvas.y; at <= y; at++) yield kept.get(mirrored(at, height))!;
    }
    y++;
  }
  for (let at = height; at < height + bottom; at++) yield kept.get(mirrored(at, height))!;
}

/** Yields one row at a time, in memory that is the caller's until the next one; grey becomes RGB. */
async function* singleRows(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
  channels: Picture["channels"],
): AsyncGenerator<Samples> {
  const perRow = header.width * header.channels;
  for await (const data of rows) {
    for (let from = 0; from < data.length; from += perRow) {
      const row = data.subarray(from, from + perRow);
      yield channels === header.channels ? row : inColour(row, header);
    }
  }
}

/** Returns grey samples as RGB, alpha as it was. */
function inColour(grey: Samples, { width, channels, depth }: PictureHeader): Samples {
  const colour = allocateSamples(depth, width * (channels + 2));
  for (let from = 0, to = 0; from < grey.length; from += channels) {
    colour.fill(grey[from], to, to + 3);
    to += 3;
    if (channels === 2) colour[to++] = grey[from + 1];
  }
  return colour;
}

/** The channels that hold both the picture and its padding. */
function channelsOn(header: PictureHeader, padding: Padding): Picture["channels"] {
  if (padding.kind !== "colour" || header.channels > 2) return header.channels;
  const [red, green, blue] = padding.colour;
  if (red === green && green === blue) return header.channels;
  return hasAlpha(header) ? 4 : 3;
}

/** One opaque pixel of a colour. */
function pixelOf(
  [red, green, blue]: readonly [number, number, number],
  channels: Picture["channels"],
  depth: PictureHeader["depth"],
): number[] {
  const scale = whiteOf(depth) / 255;
  const colours = (channels <= 2 ? [red] : [red, green, blue]).map((value) => value * scale);
  return hasAlpha({ channels }) ? [...colours, whiteOf(depth)] : colours;
}

/** A picture repeats, mirrored, with its edge pixels doubled. */
function mirrored(at: number, length: number): number {
  const period = 2 * length;
  const within = ((at % period) + period) % period;
  return Math.min(within, period - 1 - within);
}
