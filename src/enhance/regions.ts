/** Which parts of a picture are protected, repaired or not copied: from what was asked for to masks. */

import { UsageError } from "../errors.ts";
import { emptyMask, markRegion, type Mask } from "../pictures/mask.ts";
import { type Detector, type Face, findFaces, findText } from "../inspect/mod.ts";
import { type Picture, whiteOf } from "../pictures/mod.ts";
import type { Region, Size } from "../raster/size.ts";
import type { Aim } from "./aim.ts";
import type { EnhanceOptions } from "./options.ts";

/** What was found of what may be protected. */
export interface FoundRegions {
  faces: readonly Face[];
  text: readonly Region[];
}

/**
 * Finds faces, if a detector is given, and text.
 *
 * @param picture The whole picture.
 */
export async function findRegions(
  picture: Picture,
  wanted: { faces: boolean; text: boolean },
  detector: Detector | undefined,
): Promise<FoundRegions> {
  if (wanted.faces && detector === undefined) {
    throw new UsageError("Faces are protected where something is given that finds them");
  }
  return {
    faces: wanted.faces ? await findFaces(picture, detector!) : [],
    text: wanted.text ? findText(picture) : [],
  };
}

/**
 * Returns the marks of what stays faithful: where the mask is dark, and the parts that were found.
 *
 * @throws {UsageError} If the mask has another size than the picture.
 */
export function protectedMask(
  picture: Size,
  { mask }: Pick<EnhanceOptions, "mask">,
  found: FoundRegions,
): Mask {
  const marks = mask === undefined ? emptyMask(picture) : darkMask(picture, mask);
  for (const region of [...found.faces, ...found.text]) markRegion(marks, region);
  return marks;
}

/**
 * Returns the marks of the dark part of a mask. What is transparent was not painted: where all that was is
 * dark, it counts as bright, else as dark.
 */
export function darkMask(picture: Size, mask: Picture): Mask {
  const paint = paintOf(mask, picture);
  const isDrawn = paint.data.includes(PAINT.dark) && !paint.data.includes(PAINT.bright);
  return markedWhere(
    paint,
    (each) => each === PAINT.dark || (each === PAINT.none && !isDrawn),
  );
}

/**
 * Returns the marks of what is to be repaired: where the mask is bright; in one with transparent parts of
 * which nothing is bright, all that is painted.
 *
 * @throws {UsageError} If the mask has another size than the picture.
 */
export function repairMask(picture: Size, mask: Picture): Mask {
  const paint = paintOf(mask, picture);
  const isDrawn = paint.data.includes(PAINT.none) && !paint.data.includes(PAINT.bright);
  return markedWhere(paint, (each) => each === (isDrawn ? PAINT.dark : PAINT.bright));
}

/** Cuts the marks of a picture to the part of it that is upscaled, and puts them on its canvas. */
export function aimedMask(mask: Mask, { crop, frame }: Aim): Mask {
  const { x: left, y: top, ...size } = frame ??
    { x: 0, y: 0, width: crop.width, height: crop.height };
  const aimed = emptyMask(size);
  for (let y = 0; y < crop.height; y++) {
    const from = (crop.y + y) * mask.width + crop.x;
    aimed.data.set(mask.data.subarray(from, from + crop.width), (top + y) * aimed.width + left);
  }
  return aimed;
}

/** What a mask shows at one pixel; nothing where it is transparent. */
const PAINT = { dark: 0, bright: 1, none: 2 } as const;

function paintOf(mask: Picture, picture: Size): Mask {
  const { width, height, channels, depth, data } = mask;
  if (width !== picture.width || height !== picture.height) {
    throw new UsageError(
      `The mask has ${width} x ${height} pixels, the picture ${picture.width} x ${picture.height}: ` +
        "both must be of one size",
    );
  }
  const paint = emptyMask(picture);
  const half = whiteOf(depth) / 2;
  const colours = channels <= 2 ? 1 : 3;
  for (let i = 0; i < paint.data.length; i++) {
    const at = i * channels;
    let sum = 0;
    for (let c = 0; c < colours; c++) sum += data[at + c];
    paint.data[i] = sum / colours < half ? PAINT.dark : PAINT.bright;
    if (channels > colours && data[at + colours] < half) paint.data[i] = PAINT.none;
  }
  return paint;
}

function markedWhere({ width, height, data }: Mask, isMarked: (paint: number) => boolean): Mask {
  return { width, height, data: data.map((paint) => isMarked(paint) ? 1 : 0) };
}
