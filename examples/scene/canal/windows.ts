/**
 * Windows, doors and shop fronts: what is bright in a street in the evening.
 */

import type { Random } from "../../../tests/reference/random.ts";
import { type Colour, hex, mix, type Paint, type Shape, times } from "../canvas.ts";
import { fractal, hash, noise } from "../noise.ts";
import { arc, arch, ellipse, polygon, rect, stroke } from "../shapes.ts";
import { type Box, type Scene, SHADOW } from "./stage.ts";
import { boards } from "./textures.ts";

const WHITE_PAINT = hex("#e9e2d0");

/** How the windows of a house look. */
export interface WindowStyle {
  /** Panes side by side and one above the other. */
  panes: [number, number];
  arched: boolean;
  frame: Colour;
  surround: Colour;
  shutters?: string;
  flowers: boolean;
}

/** Paints one window into a wall. */
export function paintWindow(scene: Scene, box: Box, style: WindowStyle): void {
  const { canvas, light, random } = scene;
  const { x, y, width, height } = box;
  const rise = style.arched ? width * 0.42 : 0;
  const outline = (grow: number): Shape =>
    style.arched
      ? arch(x - grow, y + rise, width + 2 * grow, height - rise + grow, rise + grow)
      : rect(x - grow, y - grow, width + 2 * grow, height + 2 * grow);
  canvas.fill(outline(13), light.on(style.surround));
  if (style.arched) paintKeystone(scene, x + width / 2, y, style.surround);
  canvas.fill(outline(3), SHADOW);
  canvas.fill(outline(0), random.uniform() < 0.68 ? litRoom(random, box) : darkGlass(box));
  paintBars(scene, box, style, rise);
  canvas.fill(rect(x, y + rise * 0.4, width, 9), SHADOW, 0.35);
  paintSill(scene, box, style);
  if (style.shutters) paintShutters(scene, box, style.shutters);
}

/** A room with a lamp in it, curtains, and perhaps books or a plant. */
function litRoom(random: Random, { x, y, width, height }: Box): Paint {
  const tint = mix(hex("#ffb14a"), hex("#ffd28a"), random.uniform());
  const power = random.uniform(0.85, 1.7);
  const [lampX, lampY] = [x + width * random.uniform(0.25, 0.75), y + height * 0.3];
  const shelf = random.uniform() < 0.45 ? height * random.uniform(0.16, 0.2) : 0;
  const drawn = random.uniform(0.1, 0.3);
  const seed = random.integer(1, 1000);
  return (px, py) => {
    const [u, v] = [(px - x) / width, (py - y) / height];
    const distance = Math.hypot(px - lampX, py - lampY) / height;
    let colour = times(tint, power * (0.3 + 0.9 / (1 + 6 * distance * distance)));
    if (shelf > 0 && v > 0.25) colour = times(colour, books(px, py - y, shelf, seed));
    const gather = drawn * (1 - 0.35 * Math.sin(Math.PI * Math.min(1, v)));
    const cloth = Math.min(u, 1 - u);
    if (cloth < gather) {
      const fold = 0.5 + 0.25 * Math.sin(px * 0.8 + 3 * noise(py / 60, seed)) +
        0.25 * Math.sin(px * 0.37 + seed);
      colour = times(colour, 0.35 + 0.45 * fold);
    }
    return colour;
  };
}

/** Rows of book spines, by what share of the light they return. */
function books(x: number, y: number, shelf: number, seed: number): Colour {
  const row = Math.floor(y / shelf);
  const within = y / shelf - row;
  if (within > 0.92) return [0.1, 0.08, 0.06];
  const slot = Math.floor(x / 7.5);
  const tall = 0.3 + 0.35 * hash(slot, row, seed);
  if (within < tall) return [0.42, 0.36, 0.3];
  const edge = Math.min(1, Math.max(0.25, Math.min(x - slot * 7.5, (slot + 1) * 7.5 - x)));
  const hue = hash(slot, row, seed + 1);
  const spine = hue < 0.35 ? hex("#c25a3a") : hue < 0.6 ? hex("#8a9a62") : hex("#d9c9a0");
  return times(spine, edge * (0.6 + 0.5 * hash(slot, row, seed + 2)));
}

/** Glass before a dark room, with the sky in it. */
function darkGlass({ x, y, height }: Box): Paint {
  const [top, bottom] = [hex("#39508c"), hex("#141c38")];
  return (px, py) => {
    const sky = mix(top, bottom, (py - y) / height);
    const cloud = fractal((px - x) / 50 + y, py / 30, 3, 11);
    return times(sky, 0.6 + 0.9 * Math.max(0, cloud - 0.4));
  };
}

/** The frame and the bars between the panes. */
function paintBars(scene: Scene, box: Box, style: WindowStyle, rise: number): void {
  const { canvas, light } = scene;
  const { x, y, width, height } = box;
  const paint = light.on(style.frame);
  const [columns, rows] = style.panes;
  const top = y + rise;
  for (let i = 1; i < columns; i++) {
    const inset = style.arched ? rise * (1 - Math.sqrt(1 - (2 * i / columns - 1) ** 2)) : 0;
    canvas.fill(rect(x + width * i / columns - 1.6, y + inset, 3.2, height - inset), paint);
  }
  for (let i = 0; i < rows; i++) {
    const bar = i === Math.floor(rows / 2) ? 7 : 3.2;
    canvas.fill(rect(x, top + (height - rise) * i / rows - bar / 2, width, bar), paint);
  }
  const sides = [x, top, x, y + height, x + width, y + height, x + width, top];
  canvas.fill(stroke(sides, 8), paint);
  if (!style.arched) return;
  const curve = arc(x + width / 2, top, width / 2 - 2, rise - 2, Math.PI, 2 * Math.PI);
  canvas.fill(stroke(curve, 7), paint);
}

/** A wedge of stone at the top of an arch. */
function paintKeystone({ canvas, light }: Scene, cx: number, y: number, stone: Colour): void {
  canvas.fill(polygon(cx, y, [[-13, -24], [13, -24], [9, 4], [-9, 4]]), SHADOW);
  const face = polygon(cx, y, [[-12, -23], [12, -23], [8, 2], [-8, 2]]);
  canvas.fill(face, light.on(times(stone, 1.2)));
}

/** The stone sill, its shadow, and flowers on it. */
function paintSill(scene: Scene, box: Box, style: WindowStyle): void {
  const { canvas, light, random } = scene;
  const { x, width } = box;
  const y = box.y + box.height;
  canvas.fill(rect(x - 18, y + 14, width + 36, 16), SHADOW, 0.4);
  canvas.fill(rect(x - 20, y, width + 40, 13), light.on(times(style.surround, 1.15)));
  canvas.fill(rect(x - 20, y + 10, width + 40, 3), light.on(times(style.surround, 0.6)));
  if (!style.flowers || random.uniform() < 0.35) return;
  canvas.fill(rect(x - 4, y - 12, width + 8, 16), light.on(hex("#5d4330")));
  paintFlowers(scene, x - 8, y - 14, width + 16);
}

/** A strip of leaves and blossoms. */
function paintFlowers({ canvas, light, random }: Scene, x: number, y: number, width: number): void {
  const blossom = random.pick(["#e8506a", "#f2d24c", "#e9e4f5", "#c95fd0"]);
  for (let i = 0; i < width * 1.6; i++) {
    const [cx, cy] = [x + random.uniform(0, width), y - 14 * random.uniform() ** 2 + 10];
    const flower = random.uniform() < 0.3;
    const colour = flower ? hex(blossom) : mix(hex("#2f5a2c"), hex("#7ea04a"), random.uniform());
    const [rx, ry] = flower ? [2.6, 2.6] : [random.uniform(1.5, 4), random.uniform(1.5, 3)];
    canvas.fill(ellipse(cx, flower ? cy - 5 : cy, rx, ry), light.on(colour));
  }
}

/** A pair of shutters with slats. */
function paintShutters({ canvas, light }: Scene, { x, y, width, height }: Box, code: string): void {
  const colour = hex(code);
  const slats = light.on((_, py) => times(colour, 0.55 + 0.6 * ((py / 6.5) % 1)));
  const leaf = width * 0.46;
  for (const left of [x - leaf - 15, x + width + 15]) {
    canvas.fill(rect(left + 4, y + 5, leaf, height), SHADOW, 0.5);
    canvas.fill(rect(left, y, leaf, height), light.on(colour));
    for (const from of [0.05, 0.53]) {
      canvas.fill(rect(left + 6, y + height * from, leaf - 12, height * 0.42), slats);
    }
  }
}

/** Paints a door with panels, steps before it, and a fan of glass above. */
export function paintDoor(scene: Scene, box: Box, code: string, stone: Colour): void {
  const { canvas, light } = scene;
  const { x, y, width, height } = box;
  const rise = width / 2;
  const top = y + rise;
  canvas.fill(arch(x - 16, top, width + 32, height - rise, rise + 16), light.on(stone));
  canvas.fill(arch(x - 2, top, width + 4, height - rise, rise + 2), SHADOW);
  paintFanlight(scene, x + rise, top, rise);
  paintPanels(scene, { x, y: top, width, height: height - rise }, hex(code));
  for (let step = 0; step < 3; step++) {
    const wide = width + 40 + 22 * step;
    const tread = rect(x + rise - wide / 2, y + height - 18 + 9 * step, wide, 9);
    canvas.fill(tread, light.on(times(stone, 1.1 - 0.18 * step)));
  }
}

/** Half a wheel of lit glass. */
function paintFanlight({ canvas, light }: Scene, cx: number, y: number, radius: number): void {
  const bars = light.on(WHITE_PAINT);
  canvas.fill(arch(cx - radius, y, 2 * radius, 4, radius), (px, py) => {
    return times(hex("#ffc668"), 1.3 - Math.hypot(px - cx, py - y) / (2 * radius));
  });
  for (let i = 1; i < 8; i++) {
    const angle = Math.PI * (1 + i / 8);
    const tip = [cx + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    canvas.fill(stroke([cx, y, ...tip], 2.6), bars);
  }
  canvas.fill(stroke(arc(cx, y, radius / 2, radius / 2, Math.PI, 2 * Math.PI), 2.6), bars);
}

/** Two leaves of boards with four panels and a knob. */
function paintPanels({ canvas, light }: Scene, box: Box, colour: Colour): void {
  const { x, y, width, height } = box;
  canvas.fill(rect(x, y, width, height), light.on(boards(colour, width / 2, "y")));
  canvas.fill(rect(x, y, width, 7), light.on(WHITE_PAINT));
  for (const left of [x + width * 0.08, x + width * 0.56]) {
    for (const [from, to] of [[0.08, 0.42], [0.5, 0.94]]) {
      const [top, wide, tall] = [y + height * from, width * 0.36, height * (to - from)];
      canvas.fill(rect(left, top, wide, tall), light.on(times(colour, 0.55)));
      canvas.fill(rect(left + 3, top + 4, wide - 4, tall - 5), light.on(times(colour, 1.25)));
    }
  }
  canvas.fill(ellipse(x + width / 2 + 7, y + height / 2, 4), light.on(hex("#f0c860")));
}

/** Paints a shop front: a large window full of goods below a striped awning. */
export function paintShop(scene: Scene, box: Box, stripes: [string, string]): void {
  const { canvas, light } = scene;
  const { x, y, width, height } = box;
  canvas.fill(rect(x - 14, y, width + 28, height), light.on(boards(hex("#3b2d24"), 16, "y")));
  const glass = { x, y: y + 30, width, height: height - 80 };
  canvas.fill(rect(glass.x, glass.y, glass.width, glass.height), litShop(glass));
  for (let i = 0; i <= 6; i++) {
    canvas.fill(rect(x + width * i / 6 - 2.5, glass.y, 5, glass.height), light.on(hex("#2b211b")));
  }
  canvas.fill(rect(x, glass.y + glass.height * 0.3, width, 4), light.on(hex("#2b211b")));
  for (let i = 0; i < 6; i++) {
    const [px, pw] = [x + width * i / 6 + 9, width / 6 - 18];
    canvas.fill(rect(px, glass.y + glass.height + 10, pw, 32), light.on(hex("#5a4534")));
    canvas.fill(rect(px + 4, glass.y + glass.height + 14, pw - 8, 24), light.on(hex("#46362a")));
  }
  paintAwning(scene, { x: x - 22, y: y - 14, width: width + 44, height: 66 }, stripes);
}

/** Shelves of goods in a bright shop. */
function litShop({ x, y, width, height }: Box): Paint {
  return (px, py) => {
    const u = (px - x) / width;
    const lamps = 0.75 + 0.5 * Math.cos(u * Math.PI * 6) ** 2;
    const light = times(hex("#ffc878"), lamps * (1.5 - 0.6 * (py - y) / height));
    return times(light, books(px, py - y, height / 3.6, 77));
  };
}

/** A striped awning with a scalloped edge and a shadow below it. */
function paintAwning({ canvas, light }: Scene, box: Box, stripes: [string, string]): void {
  const { x, y, width, height } = box;
  const bottom = y + height;
  canvas.fill(rect(x, bottom, width, 46), SHADOW, (_, py) => 0.55 * (1 - (py - bottom) / 46));
  const count = 2 * Math.round(width / 52) + 1;
  const stripe = width / count;
  for (let i = 0; i < count; i++) {
    const colour = hex(stripes[i % 2]);
    const cloth = light.on((px, py) => {
      const weave = 0.94 + 0.06 * Math.sin(px * 1.9) * Math.sin(py * 1.9);
      return times(colour, weave * (1.05 - 0.35 * (py - y) / height));
    });
    const left = x + i * stripe;
    const [leanLeft, leanRight] = [i, i + 1].map((edge) => 0.06 * (width / 2 - edge * stripe));
    const upper: [number, number][] = [[leanLeft, -height], [stripe + leanRight, -height]];
    canvas.fill(polygon(left, bottom, [...upper, [stripe, 0], [0, 0]]), cloth);
    const flap = arc(left + stripe / 2, bottom, stripe / 2, 17, 0, Math.PI);
    canvas.fill([flap], light.on(times(colour, 0.62)));
  }
}
