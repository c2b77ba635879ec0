/**
 * What all parts of the scene are painted with.
 */

import type { Random } from "../../../tests/reference/random.ts";
import type { Canvas, Colour } from "../canvas.ts";
import type { Light } from "./light.ts";

/** The canvas, the light that falls on what is painted, and the source of all variety. */
export interface Scene {
  canvas: Canvas;
  light: Light;
  random: Random;
}

/** A rectangle on the canvas. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where no lamp shines. */
export const SHADOW: Colour = [0.01, 0.012, 0.03];
