/** A picture that grows beyond its frame: what is around it is filled by what continues its edges. */

import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { allocateSamples, type Picture } from "../pictures/picture.ts";
import type { Region } from "../raster/size.ts";
import { fill } from "./fill.ts";
import { emptyMask, markRegion, type Mask } from "../pictures/mask.ts";
import { activityOf, type Edge, structuresIn } from "./structures.ts";

/** The canvas of an extended picture in its own pixels: its size, and where on it the picture lies. */
export type Frame = Region;

/** How a picture is extended. */
export interface ExtendOptions {
  /** Parts of the picture that are not copied: people, letters. */
  kept?: readonly Region[];
  seed?: number;
  signal?: AbortSignal | undefined;
}

/** What it costs to copy from afar: a horizon stays at its height, and an edge goes on as it is there. */
const LEAN = { x: 32, y: 32 } as const;

/** People reach beyond their faces: so many widths to each side, and so many heights above and below. */
const BODY = { beside: 1, above: 0.5, below: 6 } as const;

/**
 * Extends a picture. Neither parts that are to be kept nor structures that are busier than the edges are
 * copied, unless nothing else is there.
 *
 * @throws {InputError} If nothing is left to copy.
 * @throws {GpuError} If the device fails.
 */
export async function extend(
  gpu: Gpu,
  picture: Picture,
  frame: Frame,
  { kept = [], seed, signal }: ExtendOptions = {},
): Promise<Picture> {
  const canvas = placedOn(picture, frame);
  const hole = holeAround(picture, frame);
  const barred = emptyMask(frame);
  for (const region of kept) {
    markRegion(barred, { ...region, x: region.x + frame.x, y: region.y + frame.y });
  }
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
  try {
    return await fill(gpu, canvas, hole, {
      ...options,
      barred: joined(barred, structures, frame),
    });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return await fill(gpu, canvas, hole, { ...options, barred });
  }
}

/** The part of a picture that a person takes up whose face is here. */
export function bodyOf(face: Region): Region {
  const { width, height } = face;
  return {
    x: Math.floor(face.x - BODY.beside * width),
    y: Math.floor(face.y - BODY.above * height),
    width: Math.ceil((1 + 2 * BODY.beside) * width),
    height: Math.ceil((1 + BODY.above + BODY.below) * height),
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

/** Marks of a canvas, with those of the picture on it. */
function joined(canvas: Mask, picture: Mask, frame: Frame): Mask {
  const marks = { ...canvas, data: canvas.data.slice() };
  for (let y = 0; y < picture.height; y++) {
    const to = (frame.y + y) * frame.width + frame.x;
    for (let x = 0; x < picture.width; x++) {
      if (picture.data[y * picture.width + x] === 1) marks.data[to + x] = 1;
    }
  }
  return marks;
}
