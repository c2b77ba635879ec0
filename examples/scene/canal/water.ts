/**
 * The canal: ripples that mirror what stands above the water.
 */

import { type Canvas, type Colour, hex, times } from "../canvas.ts";
import { fractal } from "../noise.ts";
import { rect } from "../shapes.ts";

/** Where on the canvas a ripple shows the mirrored picture. */
type Ripple = (x: number, y: number) => [number, number];

const DEEP: Colour = hex("#0d2038");

/** Fills everything below `line` with water that mirrors what is above. */
export function paintWater(canvas: Canvas, line: number): void {
  const ripple = ripples(canvas, line, 1.55);
  const above = canvas.pixels.slice();
  canvas.fill(rect(0, line, canvas.width, canvas.height - line), (x, y) => {
    const depth = (y - line) / (canvas.height - line);
    const [sx, sy] = ripple(x, y);
    const mirrored = smear(above, canvas, sx, sy, 2 + 9 * depth);
    return shade(mirrored, 0.86 - 0.34 * depth, depth);
  });
}

/** Mirrors only what the mask holds, about its own waterline: for things that float. */
export function reflectMask(canvas: Canvas, line: number, bottom: number): void {
  const mask = canvas.mask!;
  const above = canvas.pixels.slice();
  const ripple = ripples(canvas, line, 1.05);
  const opacity = (x: number, y: number) => {
    const [sx, sy] = ripple(x, y);
    const column = Math.min(canvas.width - 1, Math.max(0, Math.floor(sx)));
    return 0.93 * mask[Math.max(0, Math.floor(sy)) * canvas.width + column];
  };
  canvas.mask = undefined;
  canvas.fill(rect(0, line, canvas.width, bottom - line), (x, y) => {
    const [sx, sy] = ripple(x, y);
    return shade(smear(above, canvas, sx, sy, 3), 0.6, 0.4);
  }, opacity);
}

/** Returns the place that is mirrored at a place of the water, moved by waves. */
function ripples(canvas: Canvas, line: number, stretch: number): Ripple {
  const horizon = line - 120;
  return (x, y) => {
    const near = (y - horizon) / (canvas.height - horizon);
    const [u, v] = [(x - canvas.width / 2) / (260 * near), 26 / near];
    const swell = fractal(u, v, 4, 101) - 0.5;
    const chop = fractal(u * 3.1, v * 2.3, 3, 111) - 0.5;
    const height = (170 * swell + 50 * chop) * near;
    const mirrored = line - (y - line) * stretch + height * Math.min(1, (y - line) / 90);
    return [x + 0.16 * height, Math.min(line - 1, mirrored)];
  };
}

/** Returns the mean of three places one above the other, between pixels. */
function smear(pixels: Float32Array, canvas: Canvas, x: number, y: number, reach: number): Colour {
  const sum = [0, 0, 0];
  for (const offset of [-reach, 0, reach]) {
    const row = Math.min(canvas.height - 2, Math.max(0, y + offset - 0.5));
    const column = Math.min(canvas.width - 2, Math.max(0, x - 0.5));
    const [ix, iy] = [Math.floor(column), Math.floor(row)];
    const [u, v] = [column - ix, row - iy];
    const i = (iy * canvas.width + ix) * 3;
    const below = i + canvas.width * 3;
    for (let c = 0; c < 3; c++) {
      sum[c] += (1 - v) * ((1 - u) * pixels[i + c] + u * pixels[i + 3 + c]) +
        v * ((1 - u) * pixels[below + c] + u * pixels[below + 3 + c]);
    }
  }
  return [sum[0] / 3, sum[1] / 3, sum[2] / 3];
}

/** Darkens what is mirrored and mixes it with the colour of the water. */
function shade(mirrored: Colour, share: number, depth: number): Colour {
  const own = times(DEEP, 0.9 + 0.5 * depth);
  return [
    own[0] * (1 - share) + mirrored[0] * share * 0.86,
    own[1] * (1 - share) + mirrored[1] * share * 0.93,
    own[2] * (1 - share) + mirrored[2] * share,
  ];
}
