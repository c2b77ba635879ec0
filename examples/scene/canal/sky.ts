/**
 * The far distance: evening sky with stars and a moon, hills with woods, and a bridge.
 */

import type { Random } from "../../../tests/reference/random.ts";
import { type Canvas, type Colour, hex, mix, times } from "../canvas.ts";
import { fractal, noise } from "../noise.ts";
import { ellipse, polygon, rect, stroke } from "../shapes.ts";

/** The sky from the zenith to the horizon, by height on the canvas. */
const SKY: [number, Colour][] = [
  [0, hex("#14224d")],
  [420, hex("#28407c")],
  [800, hex("#5a6aa6")],
  [1060, hex("#b58fae")],
  [1230, hex("#f0ab8c")],
  [1400, hex("#ffd39a")],
];

/** Paints the sky with clouds that catch the last light from below. */
export function paintSky(canvas: Canvas, bottom: number): void {
  const [shadow, lit] = [hex("#3a4374"), hex("#ff9d86")];
  canvas.fill(rect(0, 0, canvas.width, bottom), (x, y) => {
    const drift = 40 * noise(x / 300, y / 90, 61);
    const density = fractal(x / 520 + 3, (y + drift) / 95, 6, 62);
    const below = fractal(x / 520 + 3, (y + drift + 22) / 95, 6, 62);
    const cloud = Math.max(0, Math.min(1, (density - 0.5) * 5)) * Math.min(1, 0.25 + y / 900);
    const glow = Math.max(0, Math.min(1, (density - below) * 7 + y / 1600));
    return mix(gradient(y), mix(shadow, lit, glow), cloud * 0.75);
  });
}

/** Scatters stars, denser and brighter towards the zenith. */
export function paintStars(canvas: Canvas, random: Random): void {
  for (let i = 0; i < 900; i++) {
    const y = 900 * random.uniform() ** 1.6;
    const x = random.uniform(0, canvas.width);
    const power = random.uniform() ** 4;
    const fade = Math.max(0, 1 - y / 950) * (0.12 + power);
    const colour = mix(hex("#bcd0ff"), hex("#ffe2b8"), random.uniform());
    canvas.fill(ellipse(x, y, 0.8 + 1.7 * power), colour, Math.min(1, fade * 1.6));
    if (power > 0.5) canvas.glow(x, y, 26 * power, times(colour, 0.5 * fade));
  }
}

/** Paints the moon with its seas and a few craters. */
export function paintMoon(canvas: Canvas, cx: number, cy: number, radius: number): void {
  canvas.glow(cx, cy, radius * 7, [0.5, 0.5, 0.55]);
  const [high, low] = [hex("#fff4dc"), hex("#b9b2a6")];
  canvas.fill(ellipse(cx, cy, radius), (x, y) => {
    const [u, v] = [(x - cx) / radius, (y - cy) / radius];
    const seas = fractal(u * 1.7 + 9, v * 1.7 + 4, 5, 71);
    const rough = fractal(u * 9, v * 9, 4, 72);
    const limb = Math.sqrt(Math.max(0, 1 - 0.55 * (u * u + v * v)));
    return times(mix(low, high, (seas - 0.42) * 5 + (rough - 0.5) * 0.9), limb);
  });
  for (const [u, v, size] of [[0.3, 0.55, 0.13], [-0.4, 0.3, 0.08], [0.1, -0.6, 0.07]]) {
    const [x, y, r] = [cx + u * radius, cy + v * radius, size * radius];
    canvas.fill(ellipse(x, y, r), hex("#fffbee"), 0.55);
    canvas.fill(ellipse(x + r * 0.2, y + r * 0.2, r * 0.7), hex("#a9a294"), 0.6);
  }
}

/** Paints ranges of hills behind each other, the nearer the darker, with trees on their ridges. */
export function paintHills(canvas: Canvas, bottom: number, random: Random): void {
  const haze = hex("#e9a890");
  const ranges = [
    { top: 1130, height: 200, colour: mix(haze, hex("#5b5f92"), 0.55), trees: 0 },
    { top: 1210, height: 150, colour: mix(haze, hex("#414b7d"), 0.78), trees: 9 },
    { top: 1300, height: 120, colour: hex("#2c3760"), trees: 22 },
  ];
  ranges.forEach(({ top, height, colour, trees }, i) => {
    const ridge = (x: number) => top - height * (fractal(x / 700 + 10 * i, 0, 5, 81 + i) - 0.5) * 2;
    const points: number[] = [];
    for (let x = -20; x <= canvas.width + 20; x += 6) points.push(x, ridge(x));
    const paint = (x: number, y: number) => {
      const woods = 0.9 + 0.25 * fractal(x / 11, y / 7, 3, 91 + i);
      return times(mix(colour, haze, (y - top) / 900), woods);
    };
    canvas.fill([[...points, canvas.width + 20, bottom, -20, bottom]], paint);
    for (let x = 0; trees > 0 && x < canvas.width; x += random.uniform(0.25, 0.9) * trees) {
      const tall = trees * random.uniform(0.8, 2.2);
      const foot = ridge(x) + 4;
      canvas.fill(polygon(x, foot, [[0, -tall], [tall * 0.24, 0], [-tall * 0.24, 0]]), paint);
    }
  });
}

/** Paints a bridge: two towers, fans of thin cables, and a deck on a lattice of girders. */
export function paintBridge(canvas: Canvas, left: number, right: number, deck: number): void {
  const steel = hex("#39304d");
  const towers = [left + (right - left) * 0.27, left + (right - left) * 0.77];
  const [top, depth] = [deck - 330, 34];
  for (const tower of towers) {
    for (let i = 1; i <= 16; i++) {
      for (const side of [-1, 1]) {
        const foot = tower + side * i * 19;
        canvas.fill(stroke([tower, top + 16 + i * 4, foot, deck], 1.7), steel);
      }
    }
    const foot = deck + 150 - top;
    canvas.fill(polygon(tower, top, [[-7, 0], [7, 0], [15, foot], [-15, foot]]), steel);
    for (const y of [top + 110, top + 220]) canvas.fill(rect(tower - 13, y, 26, 7), steel);
    canvas.glow(tower, top - 4, 40, [1.6, 0.25, 0.15]);
  }
  for (let x = left; x < right; x += depth) {
    canvas.fill(
      stroke([x, deck + 4, x + depth / 2, deck + depth, x + depth, deck + 4], 2.4),
      steel,
    );
  }
  canvas.fill(rect(left, deck, right - left, 7), steel);
  canvas.fill(rect(left, deck + depth - 2, right - left, 5), steel);
  for (let x = left; x < right; x += 6.5) canvas.fill(rect(x, deck - 13, 1.3, 13), steel);
  canvas.fill(rect(left, deck - 14, right - left, 2), steel);
  for (let x = left + 40; x < right; x += 88) {
    canvas.fill(rect(x - 1, deck - 52, 2.2, 52), steel);
    canvas.glow(x, deck - 53, 34, [2.2, 1.4, 0.7]);
  }
}

/** Returns the colour of a clear sky at a height on the canvas. */
function gradient(y: number): Colour {
  const next = SKY.findIndex(([height]) => height > y);
  if (next < 0) return SKY[SKY.length - 1][1];
  const [[above, from], [below, to]] = [SKY[next - 1], SKY[next]];
  return mix(from, to, (y - above) / (below - above));
}
