/** A picture that grows beyond its frame: what is around it is filled by what continues its edges. */

import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { allocateSamples, type Picture } from "../pictures/picture.ts";
import type { Region, Size } from "../raster/size.ts";
import { fill } from "./fill.ts";
import { countMarks, emptyMask, markRegion, type Mask } from "../pictures/mask.ts";
import { activityOf, type Edge, structuresIn } from "./structures.ts";

/** The canvas of an extended picture in its own pixels: its size, and where on it the picture lies. */
export type Frame = Region;

/** What is in a picture that is not copied. */
export interface Kept {
  /** Faces: what is copied of the people is nothing, or as little as leaves something else to copy. */
  faces?: readonly Region[];
  /** Letters. */
  text?: readonly Region[];
}

/** How a picture is extended. */
export interface ExtendOptions extends Kept {
  seed?: number;
  signal?: AbortSignal | undefined;
}

/** What it costs to copy from afar: a horizon stays at its height, and an edge goes on as it is there. */
const LEAN = { x: 32, y: 32 } as const;

/** People reach beyond their faces: so many widths to each side, and so many heights above and below. */
const BODY = { beside: 1, above: 0.5, below: 6 } as const;

/** The same for a head with its hair, where bodies leave nothing to copy. */
const HEAD = { beside: 0.3, above: 0.4, below: 0.4 } as const;

/** The share of a picture that has to be left to copy, unless nothing less can be kept. */
const LEAST_LEFT = 0.08;

/**
 * Extends a picture. Neither people and letters nor structures that are busier than the edges are copied;
 * where next to nothing else is there, structures are, then bodies, then what is beside faces.
 *
 * @throws {InputError} If nothing is left to copy.
 * @throws {GpuError} If the device fails.
 */
export async function extend(
  gpu: Gpu,
  picture: Picture,
  frame: Frame,
  { faces = [], text = [], seed, signal }: ExtendOptions = {},
): Promise<Picture> {
  const canvas = placedOn(picture, frame);
  const hole = holeAround(picture, frame);
  const edges = edgesOf(picture, frame);
  if (edges.length === 0) return canvas;
  const structures = structuresIn(await activityOf(picture), picture, edges);
  const known = {
    left: frame.x,
    right: frame.x + picture.width,
    top: frame.y,
    bottom: frame.y + picture.height,
  };
  const options = { lean: { ...LEAN, known }, signal, ...seed !== undefined && { seed } };
  const heads = faces.map((face) => around(face, HEAD));
  const ways = [
    joined(markedIn(picture, [...faces.map(bodyOf), ...text]), structures),
    markedIn(picture, [...faces.map(bodyOf), ...text]),
    markedIn(picture, [...heads, ...text]),
  ];
  const fillBarring = (marks: Mask) =>
    fill(gpu, canvas, hole, { ...options, barred: maskOn(frame, marks) });
  for (const marks of ways) {
    if (isFull(marks)) continue;
    try {
      return await fillBarring(marks);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  return await fillBarring(markedIn(picture, [...faces, ...text]));
}

/** Whether people, whose faces these are, leave next to nothing else of a picture. */
export function isFilledBy(faces: readonly Region[], picture: Size): boolean {
  return isFull(markedIn(picture, faces.map(bodyOf)));
}

function isFull(marks: Mask): boolean {
  return countMarks(marks) > (1 - LEAST_LEFT) * marks.data.length;
}

function markedIn(size: Size, regions: readonly Region[]): Mask {
  const marks = emptyMask(size);
  for (const region of regions) markRegion(marks, region);
  return marks;
}

/** The marks of both. */
function joined(a: Mask, b: Mask): Mask {
  return { ...a, data: a.data.map((mark, i) => mark | b.data[i]) };
}

/** The part of a picture that a person takes up whose face is here. */
export function bodyOf(face: Region): Region {
  return around(face, BODY);
}

/** A region with what is around it, in its own widths and heights. */
function around(
  { x, y, width, height }: Region,
  { beside, above, below }: Record<"beside" | "above" | "below", number>,
): Region {
  return {
    x: Math.floor(x - beside * width),
    y: Math.floor(y - above * height),
    width: Math.ceil((1 + 2 * beside) * width),
    height: Math.ceil((1 + above + below) * height),
  };
}

/** The edges at which a picture grows. */
export function edgesOf({ width, height }: Picture, frame: Frame): Edge[] {
  const grows: Record<Edge, boolean> = {
    left: frame.x > 0,
    right: frame.x + width < frame.width,
    top: frame.y > 0,
    bottom: frame.y + height < frame.height,
  };
  return (Object.keys(grows) as Edge[]).filter((edge) => grows[edge]);
}

/** The picture on its canvas, black around it. */
function placedOn(picture: Picture, frame: Frame): Picture {
  const { width, height, channels, depth } = picture;
  const data = allocateSamples(depth, frame.width * frame.height * channels);
  for (let y = 0; y < height; y++) {
    const row = picture.data.subarray(y * width * channels, (y + 1) * width * channels);
    data.set(row, ((frame.y + y) * frame.width + frame.x) * channels);
  }
  return { ...picture, width: frame.width, height: frame.height, data };
}

function holeAround({ width, height }: Picture, frame: Frame): Mask {
  const hole = emptyMask(frame);
  hole.data.fill(1);
  for (let y = frame.y; y < frame.y + height; y++) {
    hole.data.fill(0, y * frame.width + frame.x, y * frame.width + frame.x + width);
  }
  return hole;
}

/** Marks of a picture on its canvas. */
function maskOn(frame: Frame, { width, height, data }: Mask): Mask {
  const marks = emptyMask(frame);
  for (let y = 0; y < height; y++) {
    const to = (frame.y + y) * frame.width + frame.x;
    marks.data.set(data.subarray(y * width, (y + 1) * width), to);
  }
  return marks;
}
