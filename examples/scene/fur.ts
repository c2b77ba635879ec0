/**
 * A cat's eye, close by: hair over hair, and behind it a garden out of focus.
 *
 * Hairs are painted from the far ones to those at the eye, as they lie on one another.
 */

import { Random } from "../../tests/reference/random.ts";
import { type Canvas, type Colour, type Contour, hex, mix, type Shape, times } from "./canvas.ts";
import { fractal, noise } from "./noise.ts";
import { ellipse, rect } from "./shapes.ts";

const [WIDTH, HEIGHT] = [960, 640];

/** The eye: its middle, half of its width and height, and the iris. */
const EYE = { x: 392, y: 330, rx: 158, ry: 104, iris: 98 };

/** The head: a circle that hairs grow from. */
const HEAD = { x: 300, y: 470, radius: 545 };

/** Pixels between the roots of two hairs. */
const SPACING = 5;

const GINGER = hex("#b8743a");
const CREAM = hex("#f0dcbc");
const DARK = hex("#3a2416");
const GLOSS = hex("#ffe6c8");
const RIM = hex("#1a1110");

/** A hair before it is painted. */
interface Hair {
  x: number;
  y: number;
  length: number;
  /** Of its root. */
  width: number;
  /** How much of the light it returns. */
  tone: number;
}

/** Paints the whole scene on a canvas of 960x640; always the same. */
export function paintFur(canvas: Canvas): void {
  const random = new Random(31);
  paintGarden(canvas, random);
  canvas.fill(ellipse(HEAD.x, HEAD.y, HEAD.radius - 2), (x, y) => times(coat(x, y), 0.35));
  for (const hair of hairs(random)) paintHair(canvas, hair);
  paintEye(canvas);
  paintWhiskers(canvas, random);
}

/** Soft discs of light on green. */
function paintGarden(canvas: Canvas, random: Random): void {
  const [shade, leaf] = [hex("#1d3a2a"), hex("#7fa860")];
  canvas.fill(rect(0, 0, WIDTH, HEIGHT), (x, y) => {
    return mix(shade, leaf, fractal(x / 320, y / 260, 2, 5) ** 1.5);
  });
  for (let i = 0; i < 26; i++) {
    const [cx, cy] = [random.uniform(480, 1000), random.uniform(-40, 640)];
    const radius = random.uniform(30, 80);
    const colour = mix(hex("#c8dc8a"), hex("#f6e7c0"), random.uniform());
    const soft = (x: number, y: number) => {
      return 0.16 * Math.min(1, (radius - Math.hypot(x - cx, y - cy)) / (0.35 * radius));
    };
    canvas.fill(ellipse(cx, cy, radius), colour, soft);
  }
}

/** The colour of the coat at a place: pale around the eye, with dark bands that run outward. */
function coat(x: number, y: number): Colour {
  const [dx, dy] = [(x - EYE.x) / EYE.rx, (y - EYE.y) / EYE.ry];
  const distance = Math.hypot(dx, dy);
  const warp = 2.2 * fractal(x / 130, y / 130, 3, 11);
  const band = 0.5 + 0.5 * Math.sin(3.4 * Math.atan2(dy, dx) + 2.1 * warp + 1.1 * distance);
  const ticked = 0.8 + 0.4 * fractal(x / 40, y / 40, 3, 12);
  const pale = Math.max(0, 1 - Math.abs(distance - 1.25) / 0.45);
  const banded = mix(times(GINGER, ticked), DARK, band ** 3 * Math.min(1, distance - 0.8));
  return mix(banded, CREAM, 0.85 * pale);
}

/** The direction that hair at a place grows in: away from the eye, and back over the head. */
function growth(x: number, y: number): [number, number] {
  const [dx, dy] = [x - EYE.x, 1.4 * (y - EYE.y)];
  const distance = Math.hypot(dx, dy) + 1;
  const turn = 1.1 * (noise(x / 90, y / 90, 21) - 0.5);
  const angle = Math.atan2(dy / distance - 0.25, dx / distance + 0.35) + turn;
  return [Math.cos(angle), Math.sin(angle)];
}

/** All hairs, those far from the eye first. */
function hairs(random: Random): Hair[] {
  const all: (Hair & { distance: number })[] = [];
  for (let row = -40; row < HEIGHT + 40; row += SPACING) {
    for (let column = -40; column < WIDTH + 40; column += SPACING) {
      const x = column + random.uniform(0, 2 * SPACING);
      const y = row + random.uniform(0, 2 * SPACING);
      const length = random.uniform(34, 62);
      const width = random.uniform(1.8, 4);
      const tone = random.uniform(0.55, 1.35);
      const distance = Math.hypot((x - EYE.x) / EYE.rx, (y - EYE.y) / EYE.ry);
      if (distance < 1.08 || Math.hypot(x - HEAD.x, y - HEAD.y) > HEAD.radius) continue;
      const grown = length * Math.min(1, 0.34 + 0.5 * (distance - 1.08));
      all.push({ x, y, length: grown, width, tone, distance });
    }
  }
  return all.sort((a, b) => b.distance - a.distance);
}

/** Paints one hair, dark at its root; where it lies across the light it shines. */
function paintHair(canvas: Canvas, { x, y, length, width, tone }: Hair): void {
  const [gx, gy] = growth(x, y);
  const across = 1 - (0.6 * gx + 0.8 * gy) ** 2;
  const round = 1.25 - 0.75 * Math.hypot(x - 180, y - 190) / 800;
  const colour = times(coat(x, y), tone * round * (0.55 + 0.6 * across ** 2));
  const shine = 0.16 * across ** 8;
  canvas.fill([strand(x, y, length, width)], (px, py) => {
    const along = Math.min(1, Math.max(0, ((px - x) * gx + (py - y) * gy) / length));
    return mix(times(colour, 0.5 + 0.75 * along), GLOSS, shine * (1 - (2 * along - 1) ** 2));
  });
}

/** The outline of a hair that follows the growth and ends in a point. */
function strand(x: number, y: number, length: number, width: number): Contour {
  const steps = 5;
  const [one, other]: number[][] = [[], []];
  for (let i = 0; i < steps; i++) {
    const [gx, gy] = growth(x, y);
    const half = width / 2 * (1 - i / steps);
    one.push(x - gy * half, y + gx * half);
    other.unshift(x + gy * half, y - gx * half);
    x += gx * length / steps;
    y += gy * length / steps;
  }
  return [...one, x, y, ...other];
}

/** The rim, the iris behind its cornea, and what is mirrored in it. */
function paintEye(canvas: Canvas): void {
  const { x, y, iris } = EYE;
  canvas.fill(almond(1.12), RIM);
  canvas.fill(almond(0.97), (px, py) => {
    const distance = Math.hypot(px - x, py - y) / iris;
    const lid = Math.min(1, Math.max(0.25, (py - y + 0.75 * EYE.ry) / 60));
    const colour = distance < 1 ? irisColour(px, py, distance) : hex("#5b4a38");
    return times(colour, lid * Math.min(1, Math.max(0.3, 6 * Math.abs(1 - distance))));
  });
  const depth = (px: number, py: number) => {
    return 0.4 * Math.max(0, 1 - Math.hypot(px - x - 30, py - y - 36) / 58);
  };
  canvas.fill(ellipse(x + 30, y + 36, 58), hex("#ffe9b0"), depth);
  canvas.fill(pupil(), hex("#050608"));
  canvas.fill([[x - 58, y - 52, x - 18, y - 60, x - 16, y - 18, x - 54, y - 12]], [1.3, 1.4, 1.6]);
  canvas.fill([[x - 38, y - 58, x - 34, y - 58, x - 32, y - 14, x - 36, y - 14]], RIM, 0.7);
  canvas.fill(ellipse(x + 44, y + 34, 7, 5), [0.9, 0.9, 0.8]);
}

/** An outline that is pointed at both ends and higher in its middle, times the size of the eye. */
function almond(scale: number): Shape {
  const steps = 48;
  const points = Array.from({ length: 2 * steps }, (_, i) => {
    const t = 2 * (i % steps) / steps - 1;
    const [across, side] = i < steps ? [t, -1] : [-t, 0.86];
    const height = (1 - across * across) ** 0.8;
    const lean = 18 * across;
    return [EYE.x + EYE.rx * scale * across, EYE.y - lean + side * EYE.ry * scale * height];
  });
  return [points.flat()];
}

/** A slit. */
function pupil(): Shape {
  const steps = 24;
  const side = (sign: number) =>
    Array.from({ length: steps }, (_, i) => {
      const t = sign * (2 * i / steps - 1);
      return [EYE.x + sign * 26 * (1 - t * t), EYE.y + 86 * t];
    }).flat();
  return [[...side(1), ...side(-1)]];
}

/** Fibres that run outward, from gold at the pupil to green. */
function irisColour(x: number, y: number, distance: number): Colour {
  const angle = Math.atan2(y - EYE.y, x - EYE.x);
  const [u, v] = [26 * Math.cos(angle), 26 * Math.sin(angle)];
  const fibre = fractal(u + 1.5 * distance, v, 4, 41) - 0.5;
  const ring = 0.75 + 0.35 * Math.sin(Math.PI * distance);
  return times(mix(hex("#e0a83a"), hex("#6f8f3a"), distance + fibre), ring + 1.1 * fibre);
}

/** Long pale hairs in front of everything. */
function paintWhiskers(canvas: Canvas, random: Random): void {
  for (let i = 0; i < 9; i++) {
    const [x0, y0] = [random.uniform(-140, -10), random.uniform(540, 680)];
    const [reach, rise] = [random.uniform(640, 1020), random.uniform(60, 300)];
    const [one, other]: number[][] = [[], []];
    for (let step = 0; step <= 20; step++) {
      const t = step / 20;
      const half = 2.6 * (1 - t) + 0.2;
      const [x, y] = [x0 + reach * t, y0 - rise * t + 0.35 * rise * t * t];
      one.push(x, y - half);
      other.unshift(x, y + half);
    }
    canvas.fill([[...one, ...other]], (x) => {
      return times(CREAM, 1.15 - 0.5 * Math.abs((x - x0) / reach - 0.4));
    });
  }
}
