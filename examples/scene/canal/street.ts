/**
 * The quay before the houses: paving, wall, railing, lamp posts, bicycles and trees.
 */

import type { Random } from "../../../tests/reference/random.ts";
import { type Colour, hex, mix, type Paint, type Shape, times } from "../canvas.ts";
import { GROUND } from "./houses.ts";
import { fractal } from "../noise.ts";
import { arc, ellipse, path, polygon, rect, ring, rope, stroke } from "../shapes.ts";
import { type Scene, SHADOW } from "./stage.ts";
import { ashlar, cobbles } from "./textures.ts";

/** The edge of the quay, and the water below its wall. */
export const QUAY = GROUND + 62;
export const WATER = GROUND + 172;

const IRON = hex("#20222c");
const STEEL = hex("#d8dce6");
const RUBBER = hex("#16161c");

/** Paints the street, the edge stones and the wall with its mooring rings. */
export function paintQuay({ canvas, light }: Scene): void {
  const { width } = canvas;
  canvas.fill(rect(0, GROUND, width, QUAY - GROUND), light.on(cobbles("#8f8a8c")));
  const shade = (_: number, y: number) => 0.55 * Math.max(0, 1 - (y - GROUND) / 22);
  canvas.fill(rect(0, GROUND, width, 22), SHADOW, shade);
  canvas.fill(rect(0, QUAY, width, WATER - QUAY), light.on(ashlar("#8d8377")));
  canvas.fill(rect(0, QUAY - 3, width, 17), light.on(ashlar("#c2b8a6", 150, 400)));
  const damp = (x: number, y: number) => {
    const line = WATER - 34 - 26 * fractal(x / 60, 2, 3, 17);
    return 0.8 * Math.min(1, Math.max(0, (y - line) / 18));
  };
  canvas.fill(rect(0, QUAY, width, WATER - QUAY), hex("#1c2a1e"), damp);
  for (let x = 210; x < width; x += 430) {
    canvas.fill(ring(x, QUAY + 48, 15, 11), IRON);
    canvas.fill(ellipse(x, QUAY + 34, 6), IRON);
  }
}

/** Paints the railing: posts, two rails, thin bars and a row of rings. */
export function paintRailing({ canvas, light }: Scene): void {
  const iron = light.on(hex("#454a5c"));
  const top = QUAY - 78;
  for (let x = 4; x < canvas.width; x += 12) canvas.fill(rect(x, top + 26, 2.2, 52), iron);
  for (let x = 10; x < canvas.width; x += 24) canvas.fill(ring(x, top + 15, 10, 7.6), iron);
  for (const [y, height] of [[0, 5], [24, 3], [70, 3.5]]) {
    canvas.fill(rect(0, top + y, canvas.width, height), iron);
  }
  for (let x = 40; x < canvas.width; x += 144) {
    canvas.fill(rect(x - 4, top - 6, 8, 86), iron);
    canvas.fill(ellipse(x, top - 11, 7), iron);
  }
}

/** Paints a lamp post with an ornate head; the light that it casts is placed apart. */
export function paintLampPost({ canvas, light }: Scene, x: number, lantern: number): void {
  const iron = light.on(times(IRON, 1.4));
  const foot = QUAY - 8;
  const shaft = foot - lantern;
  canvas.fill(polygon(x, lantern, [[-4, 40], [4, 40], [6, shaft], [-6, shaft]]), iron);
  canvas.fill(polygon(x, foot, [[-9, -60], [9, -60], [14, 0], [-14, 0]]), iron);
  for (const y of [lantern + 62, foot - 64, foot - 120]) canvas.fill(rect(x - 10, y, 20, 6), iron);
  for (const side of [-1, 1]) {
    const scroll = arc(x + side * 16, lantern + 66, 14, 14, -1.2, 4.2);
    canvas.fill(stroke(scroll, 2.6), iron);
  }
  canvas.fill(polygon(x, lantern, [[-22, -28], [22, -28], [13, 34], [-13, 34]]), (px, py) => {
    return times(hex("#ffd896"), 2.4 - Math.hypot(px - x, py - lantern) / 30);
  });
  for (const side of [-1, 0, 1]) {
    canvas.fill(stroke(path(x, lantern, [[side * 21, -28], [side * 13, 34]]), 2.4), iron);
  }
  canvas.fill(rect(x - 15, lantern + 33, 30, 8), iron);
  canvas.fill(polygon(x, lantern, [[-29, -27], [-10, -52], [10, -52], [29, -27]]), iron);
  canvas.fill(ellipse(x, lantern - 58, 6, 9), iron);
}

/** Paints a string of small bulbs between two points. */
export function paintBulbs({ canvas }: Scene, from: [number, number], to: [number, number]): void {
  const points = rope(...from, ...to, 60);
  canvas.fill(stroke(points, 1.8), IRON);
  const colours = ["#ffd27a", "#ff9a5c", "#ffe9b8", "#ff7d6b"].map(hex);
  for (let i = 4; i < points.length - 4; i += 4) {
    const [x, y] = [points[i], points[i + 1] + 7];
    const colour = colours[(i / 4) % colours.length];
    canvas.fill(ellipse(x, y, 5, 6.5), times(colour, 1.5));
    canvas.fill(rect(x - 2.5, y - 10, 5, 5), IRON);
    canvas.glow(x, y, 42, times(colour, 0.5));
  }
}

/** Paints a bicycle that leans on the railing. */
export function paintBicycle(scene: Scene, x: number, colour: string): void {
  const { canvas, light } = scene;
  const y = QUAY - 34;
  const paint = light.on(hex(colour));
  for (const wheel of [x - 39, x + 41]) paintWheel(scene, wheel, y, paint);
  const frame = path(x, y, [[-6, 2], [-16, -42], [29, -40], [-6, 2], [-39, 0], [-16, -42]]);
  const fork = path(x, y, [[29, -50], [41, 0]]);
  canvas.fill([...stroke(frame, 3.6), ...stroke(fork, 3.6)], paint);
  canvas.fill(ring(x - 6, y + 2, 8, 6), light.on(STEEL));
  canvas.fill(stroke(path(x, y, [[-39, -3], [-6, -5]]), 1.1), light.on(RUBBER));
  const saddle = polygon(x, y, [[-30, -51], [-6, -51], [-14, -45], [-28, -44]]);
  canvas.fill(saddle, light.on(RUBBER));
  canvas.fill(stroke(path(x, y, [[31, -40], [25, -56], [11, -57]]), 3), light.on(STEEL));
  canvas.fill(polygon(x, y, [[33, -60], [63, -60], [59, -38], [37, -38]]), light.on(wicker));
}

/** A wheel with crossing spokes, a tyre and a mudguard. */
function paintWheel({ canvas, light }: Scene, cx: number, cy: number, guard: Paint): void {
  const radius = 27;
  const steel = light.on(STEEL);
  for (let i = 0; i < 18; i++) {
    const angle = i * Math.PI / 9;
    const [dx, dy] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    canvas.fill(stroke(path(cx, cy, [[dy * 0.1, -dx * 0.1], [dx, dy]]), 0.9), steel);
  }
  canvas.fill(ring(cx, cy, radius + 2, radius - 1.5), light.on(RUBBER));
  canvas.fill(ring(cx, cy, radius - 1.5, radius - 3), steel);
  const over = arc(cx, cy, radius + 6, radius + 6, Math.PI * 1.05, Math.PI * 1.8);
  canvas.fill(stroke(over, 2), guard);
}

/** The plaited basket of a bicycle. */
function wicker(x: number, y: number): Colour {
  const over = (Math.floor(x / 4) + Math.floor(y / 4)) % 2 === 0;
  return over ? hex("#b98d54") : hex("#7d5a32");
}

/** A leaf of a tree: where it is, and how near to the eye. */
interface Leaf {
  x: number;
  y: number;
  depth: number;
  tone: number;
}

/** Paints a tree: branches that divide, and leaves around their ends, the far ones first. */
export function paintTree(scene: Scene, x: number, foot: number, height: number): void {
  const { canvas, light, random } = scene;
  const twigs = paintBranches(scene, x, foot, height);
  const leaves = twigs.flatMap(([cx, cy]) => scatterLeaves(random, cx, cy, height * 0.06));
  leaves.sort((a, b) => a.depth - b.depth);
  for (const { x, y, depth, tone } of leaves) {
    const high = Math.min(1, Math.max(0, (foot - y) / height - 0.3));
    const green = mix(hex("#1c3a2b"), hex("#a3b85a"), depth * tone * (0.55 + 0.5 * high));
    const colour = mix(green, hex("#d99a3e"), random.uniform() < 0.1 ? 0.6 * depth : 0);
    const outline = leaf(x, y, random.uniform(4.5, 8.5), random.uniform(0, Math.PI));
    canvas.fill(outline, light.on(colour));
  }
}

/** Returns the leaves around the end of one branch. */
function scatterLeaves(random: Random, cx: number, cy: number, spread: number): Leaf[] {
  const tone = random.uniform(0.65, 1.1);
  return Array.from({ length: 24 }, () => {
    const radius = spread * Math.sqrt(random.uniform());
    const angle = random.uniform(0, 2 * Math.PI);
    const [x, y] = [cx + 1.25 * radius * Math.cos(angle), cy + radius * Math.sin(angle)];
    return { x, y, depth: random.uniform(), tone };
  });
}

/** Paints the trunk and all branches; returns the ends of those that bear leaves. */
function paintBranches(scene: Scene, x: number, foot: number, height: number): [number, number][] {
  const { canvas, light, random } = scene;
  const twigs: [number, number][] = [];
  const bark = light.on((px: number, py: number) => {
    return times(hex("#6b5645"), 0.5 + fractal(px / 3, py / 16, 3, 19));
  });
  const grow = (x0: number, y0: number, angle: number, length: number, width: number) => {
    const [x1, y1] = [x0 + length * Math.cos(angle), y0 + length * Math.sin(angle)];
    canvas.fill(stroke([x0, y0, x1, y1], width), bark);
    if (length < height * 0.16) twigs.push([x1, y1]);
    if (length < height * 0.06) return;
    const parts = length > height * 0.2 ? 4 : 3;
    for (let i = 0; i < parts; i++) {
      const turn = (i - (parts - 1) / 2) * 0.55 + random.uniform(-0.16, 0.16);
      grow(x1, y1, angle + turn, length * random.uniform(0.6, 0.74), width * 0.62);
    }
  };
  grow(x, foot, -Math.PI / 2, height * 0.34, height * 0.052);
  return twigs;
}

/** Paints a low hedge with a ragged top. */
export function paintHedge({ canvas, light, random }: Scene, left: number, right: number): void {
  canvas.fill(rect(left, GROUND - 60, right - left, 64), light.on(hex("#182c20")));
  for (let i = 0; i < (right - left) * 6; i++) {
    const depth = random.uniform();
    const [x, y] = [random.uniform(left, right), GROUND - 66 * random.uniform() ** 0.8];
    const colour = mix(hex("#1b3526"), hex("#7fa04e"), depth * 0.85);
    canvas.fill(leaf(x, y, random.uniform(3, 6), random.uniform(0, 3)), light.on(colour));
  }
}

/** The outline of a leaf, pointed at both ends. */
function leaf(x: number, y: number, size: number, angle: number): Shape {
  const [c, s] = [size * Math.cos(angle), size * Math.sin(angle)];
  const outline = [[-1, 0], [-0.4, -0.42], [0.3, -0.4], [1, 0], [0.3, 0.4], [-0.4, 0.42]];
  return polygon(x, y, outline.map(([u, v]) => [u * c - v * s, u * s + v * c]));
}
