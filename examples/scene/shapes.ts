/**
 * Outlines for the canvas. All of them run clockwise on the screen, so that they may overlap.
 */

import type { Contour, Shape } from "./canvas.ts";

/** A rectangle by its upper left corner and size. */
export function rect(x: number, y: number, width: number, height: number): Shape {
  return [[x, y, x + width, y, x + width, y + height, x, y + height]];
}

/** A polygon through corners that are given from an origin, clockwise. */
export function polygon(x: number, y: number, corners: readonly [number, number][]): Shape {
  return [path(x, y, corners)];
}

/** Points that are given from an origin, as a line to be stroked. */
export function path(x: number, y: number, points: readonly [number, number][]): number[] {
  return points.flatMap(([dx, dy]) => [x + dx, y + dy]);
}

/** An ellipse. */
export function ellipse(cx: number, cy: number, rx: number, ry: number = rx): Shape {
  return [arc(cx, cy, rx, ry, 0, 2 * Math.PI)];
}

/** A ring between two radii. */
export function ring(cx: number, cy: number, outer: number, inner: number): Shape {
  return [...ellipse(cx, cy, outer), reversed(arc(cx, cy, inner, inner, 0, 2 * Math.PI))];
}

/** A rectangle with a rounded top that rises `rise` above it. */
export function arch(x: number, y: number, width: number, height: number, rise: number): Shape {
  const top = arc(x + width / 2, y, width / 2, rise, Math.PI, 2 * Math.PI);
  return [[...top, x + width, y + height, x, y + height]];
}

/** A line of the given width through points, with flat ends. */
export function stroke(points: Contour, width: number): Shape {
  const shape: Contour[] = [];
  for (let i = 0; i + 3 < points.length; i += 2) {
    const [x0, y0, x1, y1] = points.slice(i, i + 4);
    const length = Math.hypot(x1 - x0, y1 - y0);
    const [nx, ny] = [(y1 - y0) / length * width / 2, -(x1 - x0) / length * width / 2];
    shape.push([x0 + nx, y0 + ny, x1 + nx, y1 + ny, x1 - nx, y1 - ny, x0 - nx, y0 - ny]);
    if (i > 0 && width > 2) shape.push(...ellipse(x0, y0, width / 2));
  }
  return shape;
}

/** Points of an elliptic arc; angles grow clockwise from the right. */
export function arc(
  cx: number,
  cy: number,
  rx: number,
  ry: number,
  from: number,
  to: number,
): number[] {
  const steps = Math.max(8, Math.ceil(Math.sqrt(Math.max(rx, ry)) * Math.abs(to - from)));
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = from + (to - from) * i / steps;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  }).flat();
}

/** Points of a rope that hangs between two ends. */
export function rope(x0: number, y0: number, x1: number, y1: number, sag: number): number[] {
  const steps = 32;
  return Array.from({ length: steps + 1 }, (_, i) => {
    const t = i / steps;
    return [x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + 4 * sag * t * (1 - t)];
  }).flat();
}

/** The same points in the opposite direction. */
function reversed(contour: Contour): number[] {
  const result: number[] = [];
  for (let i = contour.length - 2; i >= 0; i -= 2) result.push(contour[i], contour[i + 1]);
  return result;
}
