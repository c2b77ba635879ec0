/**
 * Animated PNG in (PNG 3, 12.8): frames are pictures of their own within the canvas, each laid over or put in
 * the place of what was there, which stays, goes, or comes back afterwards.
 */

import { concatBytes, viewOf } from "../bytes.ts";
import { rgbaOf } from "../colour/rgba.ts";
import { checkSize, damaged } from "../limits.ts";
import { makeUpright } from "../metadata/metadata.ts";
import { allocateSamples, type Picture, type Samples, whiteOf } from "../picture.ts";
import { pngChunk } from "../png/encode.ts";
import { decodePng } from "../png/decode.ts";
import { PNG_SIGNATURE } from "../png/format.ts";
import type { Animation } from "./animation.ts";

const DISPOSE = { none: 0, background: 1, previous: 2 } as const;
const BLEND_OVER = 1;

/** Chunks that every frame needs to be read. */
const SHARED = ["PLTE", "tRNS", "iCCP", "sRGB", "gAMA", "cHRM", "cICP"];

/** Real files have some hundreds. */
const MAX_FRAMES = 65536;

/** Where a frame is on the canvas, and what becomes of it. */
interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
  delay: number;
  dispose: number;
  blend: number;
  /** Pieces of its compressed data. */
  data: Uint8Array[];
}

/**
 * Opens an animated PNG; `undefined` if the file is none.
 *
 * @throws {InputError} If it is damaged, or claims too much.
 */
export async function openApng(
  bytes: Uint8Array,
  maxPixels: number,
): Promise<Animation | undefined> {
  const { header, shared, frames, plays } = readFrames(bytes);
  if (plays === undefined || frames.length < 2) return undefined;
  const [width, height] = [viewOf(header).getUint32(0), viewOf(header).getUint32(4)];
  checkSize("PNG", width, height, maxPixels);
  for (const { x, y, ...frame } of frames) {
    if (
      frame.width < 1 || frame.height < 1 || x + frame.width > width || y + frame.height > height
    ) {
      throw damaged("PNG", `a frame of ${frame.width} x ${frame.height} leaves its canvas`);
    }
  }
  const pictureOf = (frame: Frame) => {
    const own = header.slice();
    viewOf(own).setUint32(0, frame.width);
    viewOf(own).setUint32(4, frame.height);
    const data = frame.data.map((piece) => pngChunk("IDAT", piece));
    const end = pngChunk("IEND", new Uint8Array(0));
    const file = concatBytes([PNG_SIGNATURE, pngChunk("IHDR", own), ...shared, ...data, end]);
    return decodePng(file, maxPixels);
  };
  const { metadata } = makeUpright(await decodePng(bytes, maxPixels));
  return {
    width,
    height,
    metadata,
    delays: frames.map(({ delay }) => delay),
    loops: plays,
    frames: () => compose({ width, height }, frames, pictureOf),
  };
}

/** Reads the chunks of all frames. The first picture is a frame only if a control chunk is before it. */
function readFrames(
  bytes: Uint8Array,
): { header: Uint8Array; shared: Uint8Array[]; frames: Frame[]; plays: number | undefined } {
  const view = viewOf(bytes);
  const frames: Frame[] = [];
  const shared: Uint8Array[] = [];
  let header = new Uint8Array(13);
  let plays: number | undefined;
  for (let at = PNG_SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = at + 12 + length;
    if (end > bytes.length || type === "IEND") break;
    const data = bytes.subarray(at + 8, end - 4);
    if (type === "IHDR" && length === 13) header = data.slice();
    else if (type === "acTL" && length === 8) plays = view.getUint32(at + 12);
    else if (SHARED.includes(type) && frames.every((frame) => frame.data.length === 0)) {
      shared.push(bytes.subarray(at, end));
    } else if (type === "fcTL" && length === 26 && frames.length < MAX_FRAMES) {
      frames.push(controlOf(data));
    } else if (type === "IDAT") frames.at(-1)?.data.push(data);
    else if (type === "fdAT" && length > 4) frames.at(-1)?.data.push(data.subarray(4));
    at = end;
  }
  return { header, shared, frames: frames.filter(({ data }) => data.length > 0), plays };
}

function controlOf(data: Uint8Array): Frame {
  const view = viewOf(data);
  const [numerator, denominator] = [view.getUint16(20), view.getUint16(22) || 100];
  return {
    width: view.getUint32(4),
    height: view.getUint32(8),
    x: view.getUint32(12),
    y: view.getUint32(16),
    delay: Math.round(numerator / denominator * 1000),
    dispose: data[24],
    blend: data[25],
    data: [],
  };
}

/** Yields the canvas as it is while each frame shows. */
async function* compose(
  { width, height }: { width: number; height: number },
  frames: Frame[],
  pictureOf: (frame: Frame) => Promise<Picture>,
): AsyncGenerator<Picture> {
  let canvas: Samples | undefined;
  for (const [i, frame] of frames.entries()) {
    const picture = await pictureOf(frame);
    const { depth, metadata: { icc, cicp } } = picture;
    canvas ??= allocateSamples(depth, width * height * 4);
    const before = frame.dispose === DISPOSE.previous && i > 0 ? canvas.slice() : undefined;
    paint(canvas, width, frame, rgbaOf(picture), whiteOf(depth));
    const metadata = { ...icc && { icc }, ...cicp && { cicp } };
    yield { width, height, channels: 4, depth, data: canvas.slice(), metadata };
    if (before !== undefined) canvas = before;
    else if (frame.dispose !== DISPOSE.none) clear(canvas, width, frame);
  }
}

/** Lays a frame's pixels over the canvas, or puts them there. */
function paint(canvas: Samples, width: number, frame: Frame, rgba: Samples, white: number): void {
  for (let row = 0; row < frame.height; row++) {
    const from = row * frame.width * 4;
    const to = ((frame.y + row) * width + frame.x) * 4;
    if (frame.blend !== BLEND_OVER) {
      canvas.set(rgba.subarray(from, from + frame.width * 4), to);
      continue;
    }
    for (let i = 0; i < frame.width * 4; i += 4) layOver(canvas, to + i, rgba, from + i, white);
  }
}

/** Straight alpha over straight alpha. */
function layOver(below: Samples, to: number, above: Samples, from: number, white: number): void {
  const alpha = above[from + 3] / white;
  if (alpha === 0) return;
  const rest = (1 - alpha) * below[to + 3] / white;
  const sum = alpha + rest;
  for (let c = 0; c < 3; c++) {
    below[to + c] = (above[from + c] * alpha + below[to + c] * rest) / sum + 0.5;
  }
  below[to + 3] = sum * white + 0.5;
}

function clear(canvas: Samples, width: number, frame: Frame): void {
  for (let row = 0; row < frame.height; row++) {
    const at = ((frame.y + row) * width + frame.x) * 4;
    canvas.fill(0, at, at + frame.width * 4);
  }
}
