/**
 * The faces in a picture, and what their size means for its upscaling.
 */

import { hasAlpha, type Picture, type PictureRows, whiteOf } from "../pictures/picture.ts";
import { checkRows, samplesOf } from "../pictures/rows.ts";
import type { Face, FaceDetector, RgbPixels } from "./face_api.ts";

/** The longest side of what the detector is given; it was measured with copies of this size. */
const LONGEST_SIDE = 1024;

/** Under this height in pixels, too little of a face is there to enlarge it truly. */
const GUESSED_BELOW = 100;

/** A face that takes at least this part of the picture's height makes it a portrait. */
const PORTRAIT_SHARE = 1 / 3;

/** What is behind transparent pixels. */
const PAPER = 255;

/** What {@linkcode findFaces} asks: anything that finds faces in pixels. */
export type Detector = Pick<FaceDetector, "detect">;

/**
 * Finds the faces of a picture, the highest first: boxes in whole pixels of the picture, within it.
 *
 * @param picture of any kind; rows are read to their end
 * @throws {UsageError} if the rows are not those of the header
 */
export async function findFaces(
  picture: Picture | PictureRows,
  detector: Detector,
): Promise<Face[]> {
  const pixels = await shrink(picture);
  const scale = { x: picture.width / pixels.width, y: picture.height / pixels.height };
  const faces = (await detector.detect(pixels)).map((face) => {
    const [left, right] = edges(face.x, face.width, scale.x, picture.width);
    const [top, bottom] = edges(face.y, face.height, scale.y, picture.height);
    return { x: left, y: top, width: right - left, height: bottom - top, score: face.score };
  });
  return faces.filter(({ width, height }) => width > 0 && height > 0)
    .sort((a, b) => b.height - a.height);
}

/** Says whether a face fills a third of the picture's height. */
export function isPortrait(faces: readonly Face[], height: number): boolean {
  return faces.some((face) => face.height >= height * PORTRAIT_SHARE);
}

/**
 * Puts faces into words: "2, 310 and 64 pixels high; under 100 pixels features will be guessed".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const face = { x: 8, y: 8, width: 150, height: 200, score: 0.9 };
 * assert.equal(describeFaces([face]), "1, 200 pixels high");
 * assert.equal(describeFaces([]), "none found");
 * ```
 */
export function describeFaces(faces: readonly Face[]): string {
  if (faces.length === 0) return "none found";
  const heights = faces.map(({ height }) => `${height}`);
  const last = heights.pop()!;
  const list = heights.length === 0 ? last : `${heights.join(", ")} and ${last}`;
  const guessed = faces.some(({ height }) => height < GUESSED_BELOW)
    ? `; under ${GUESSED_BELOW} pixels features will be guessed`
    : "";
  return `${faces.length}, ${list} pixels high${guessed}`;
}

/** Both ends of a box along one side, in whole pixels of the picture. */
function edges(from: number, length: number, scale: number, most: number): [number, number] {
  const clamped = (at: number) => Math.min(most, Math.max(0, Math.round(at * scale)));
  return [clamped(from), clamped(from + length)];
}

/** Averages a picture down to at most 1024 pixels along its longer side, as RGB in 8 bits. */
async function shrink(picture: Picture | PictureRows): Promise<RgbPixels> {
  const factor = Math.max(1, Math.max(picture.width, picture.height) / LONGEST_SIDE);
  const width = Math.max(1, Math.round(picture.width / factor));
  const height = Math.max(1, Math.round(picture.height / factor));
  const sums = new Float64Array(width * height * 3);
  const counts = new Uint32Array(width * height);
  const stride = picture.width * picture.channels;
  let y = 0;
  for await (const samples of samplesOf(picture)) {
    checkRows(picture, samples, y);
    for (let from = 0; from < samples.length; from += stride, y++) {
      const first = Math.floor(y * height / picture.height) * width;
      const row = { ...picture, data: samples.subarray(from, from + stride) };
      addRow(row, width, sums.subarray(first * 3), counts.subarray(first));
    }
  }
  return { width, height, data: Uint8Array.from(sums, (sum, i) => mean(sum, counts, i)) };
}

function mean(sum: number, counts: Uint32Array, i: number): number {
  return Math.round(sum / counts[Math.floor(i / 3)]);
}

/** Adds a row to those that one row of the smaller picture is the mean of, in levels of 255. */
function addRow(
  row: Pick<Picture, "width" | "channels" | "depth" | "data">,
  width: number,
  sums: Float64Array,
  counts: Uint32Array,
): void {
  const { channels, data } = row;
  const white = whiteOf(row.depth);
  const alpha = hasAlpha(row) ? channels - 1 : 0;
  const step = channels >= 3 ? 1 : 0;
  for (let x = 0; x < row.width; x++) {
    const to = Math.floor(x * width / row.width);
    const from = x * channels;
    const opacity = alpha === 0 ? 1 : data[from + alpha] / white;
    for (let c = 0; c < 3; c++) {
      const level = Math.min(1, Math.max(0, data[from + c * step] / white)) * 255;
      sums[to * 3 + c] += PAPER + (level - PAPER) * opacity;
    }
    counts[to]++;
  }
}
