/**
 * The scenes: pictures of three kinds whose truth is known, because they are painted.
 */

import { fileURLToPath } from "node:url";
import type { Picture } from "../../src/pictures/picture.ts";
import type { Size } from "../../src/raster/size.ts";
import { toPicture, toTensor } from "../../tests/reference/pictures.ts";
import { resample } from "../../tests/reference/resample.ts";
import { paintCanal } from "./canal/canal.ts";
import { Canvas, type Highlights } from "./canvas.ts";
import { paintFur } from "./fur.ts";
import { paintPage } from "./page.ts";

/** How many times larger than the picture to try the painted one is. */
export const FACTOR = 4;

/** A picture that can be painted. */
export interface Painting {
  name: string;
  /** Size of the large picture in pixels, multiples of `FACTOR`. */
  width: number;
  height: number;
  highlights: Highlights;
  /** Paints on a canvas of that size, from back to front; always the same. */
  paint(canvas: Canvas): void;
  /** Where the small picture is kept. */
  file: string;
}

/** All scenes, in the order in which they are shown. */
export const SCENES: Painting[] = [
  {
    name: "canal",
    width: 3840,
    height: 2160,
    highlights: "bent",
    paint: paintCanal,
    file: besides("scene-960x540.png"),
  },
  {
    name: "page",
    width: 1280,
    height: 800,
    highlights: "clipped",
    paint: paintPage,
    file: besides("page-320x200.png"),
  },
  {
    name: "fur",
    width: 960,
    height: 640,
    highlights: "bent",
    paint: paintFur,
    file: besides("fur-240x160.png"),
  },
];

/** Paints a scene, or as much of its upper left corner as is asked for. */
export function render(scene: Painting, { width, height }: Size = scene): Picture {
  const canvas = new Canvas(width, height);
  scene.paint(canvas);
  const data = canvas.toBytes(scene.highlights);
  return { width, height, channels: 3, depth: 8, data, metadata: {} };
}

/** Shrinks a picture by the bicubic filter of MATLAB's `imresize`, antialiased. */
export function shrink(truth: Picture): Picture {
  return toPicture(resample(toTensor(truth), truth.height / FACTOR, truth.width / FACTOR));
}

/** Returns the path of a file in the folder above. */
function besides(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
