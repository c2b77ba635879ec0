/**
 * The boat: planked hull, cabin, a mast with rigging, a line of flags, and a checked cover.
 */

import { hex, type Paint, times } from "../canvas.ts";
import { lettering } from "../lettering.ts";
import { ellipse, path, polygon, rect, ring, rope, stroke } from "../shapes.ts";
import type { Scene } from "./stage.ts";
import { boards, tartan, type Texture } from "./textures.ts";

/** Height of the deck above the water. */
const FREEBOARD = 92;

const CANVAS_WHITE = hex("#e9e2d0");
const ROPE = hex("#b8b4a8");
const BRASS = hex("#d8b478");
const FRAME = hex("#7a5530");

/** Paints the boat with its stern at `x` and its waterline at `line`, moored to the left. */
export function paintBoat(scene: Scene, x: number, line: number): void {
  const deck = line - FREEBOARD;
  paintMast(scene, x + 560, deck);
  paintCabin(scene, x + 330, deck);
  paintCover(scene, x + 60, deck);
  paintHull(scene, x, deck);
  const mooring = rope(x + 12, deck - 22, x - 172, line - 206, 40);
  scene.canvas.fill(stroke(mooring, 3), scene.light.on(hex("#c9b78f")));
}

/** The hull, with a painted line, portholes and a name. */
function paintHull({ canvas, light }: Scene, x: number, deck: number): void {
  const sheer: [number, number][] = [[0, -26], [120, 0], [420, 12], [700, 0], [850, -40]];
  const keel: [number, number][] = [[800, FREEBOARD], [70, FREEBOARD]];
  const planks = shaded(boards(hex("#2f6f78"), 13, "x"), deck - 10);
  canvas.fill(polygon(x, deck, [...sheer, ...keel]), light.on(planks));
  const band = polygon(x, deck + FREEBOARD, [[60, -17], [815, -17], [800, 0], [70, 0]]);
  canvas.fill(band, light.on(hex("#7a2d28")));
  canvas.fill(stroke(path(x, deck, sheer), 9), light.on(BRASS));
  canvas.fill(stroke(path(x, deck + 13, sheer), 3), light.on(CANVAS_WHITE));
  canvas.fill(lettering("MIRA", x + 735, deck + 14, 22), light.on(hex("#f2e6c4")));
  for (let i = 0; i < 5; i++) {
    const cx = x + 170 + i * 110;
    canvas.fill(ellipse(cx, deck + 36, 10), light.on(BRASS));
    canvas.fill(ellipse(cx, deck + 36, 7), hex("#ffcf80"));
  }
}

/** A cloth over the stern, woven in a check. */
function paintCover({ canvas, light }: Scene, x: number, deck: number): void {
  const cloth = tartan(["#b23a3a", "#e8dcc0", "#2c4a6e", "#e8dcc0"], 18);
  const outline = polygon(x, deck, [[0, 8], [24, -66], [116, -92], [218, -66], [246, 8]]);
  canvas.fill(outline, light.on(shaded(cloth, deck)));
}

/** The mast, a furled sail on its boom, stays and ratlines. */
function paintMast(scene: Scene, x: number, deck: number): void {
  const { canvas, light } = scene;
  const height = 520;
  const top = deck - height;
  const wood = light.on(boards(hex("#a97b4a"), 12, "y"));
  const line = light.on(ROPE);
  canvas.fill(polygon(x, top, [[-4, 0], [4, 0], [8, height + 10], [-8, height + 10]]), wood);
  canvas.fill(stroke(path(x, deck, [[0, -88], [-250, -104]]), 9), wood);
  const furled: [number, number][] = [[-244, -106], [-240, -124], [-120, -122], [-6, -116]];
  const folds = (px: number, py: number) => 0.8 + 0.2 * Math.sin(px / 9 + py / 5);
  const sail = light.on((px, py) => times(CANVAS_WHITE, folds(px, py)));
  canvas.fill(polygon(x, deck, [...furled, [-6, -92], [-120, -84]]), sail);
  for (const [dx, dy] of [[-330, 0], [-200, 2], [120, 2], [200, -4], [286, -38]]) {
    canvas.fill(stroke(path(x, top, [[0, 6], [dx, height + dy]]), 1.7), line);
  }
  for (let i = 1; i < 9; i++) {
    const t = i / 9;
    const rung = path(x, top + 6 + height * t, [[120 * t, 0], [200 * t, -6 * t]]);
    canvas.fill(stroke(rung, 1.4), line);
  }
  paintFlags(scene, rope(x, top + 4, x + 286, deck - 38, 18));
}

/** Small flags along a rope. */
function paintFlags({ canvas, light }: Scene, points: number[]): void {
  const colours = ["#d8433b", "#f2c94c", "#3a7ca5", "#e9e4d4"].map(hex);
  for (let i = 0; i + 3 < points.length; i += 4) {
    const flag = polygon(points[i], points[i + 1], [[0, 0], [14, 24], [-8, 26]]);
    canvas.fill(flag, light.on(colours[(i / 4) % colours.length]));
  }
}

/** The cabin with a row of lit windows, and a lifebuoy beside it. */
function paintCabin({ canvas, light }: Scene, x: number, deck: number): void {
  canvas.fill(rect(x, deck - 66, 190, 80), light.on(boards(hex("#c79a5c"), 11, "x")));
  const roof = polygon(x, deck, [[-14, -66], [-4, -82], [194, -82], [204, -66]]);
  canvas.fill(roof, light.on(CANVAS_WHITE));
  for (let i = 0; i < 4; i++) {
    const left = x + 14 + i * 44;
    canvas.fill(rect(left - 4, deck - 54, 38, 38), light.on(FRAME));
    canvas.fill(rect(left, deck - 50, 30, 30), lamplight(left + 15, deck - 40));
    canvas.fill(rect(left + 14, deck - 50, 2.4, 30), light.on(FRAME));
  }
  canvas.fill(ring(x + 230, deck - 8, 23.5, 16.5), light.on(hex("#e8e2d6")));
}

/** A lamp behind glass. */
function lamplight(cx: number, cy: number): Paint {
  return (x, y) => times(hex("#ffc873"), 1.5 - Math.hypot(x - cx, y - cy) / 40);
}

/** Darkens a texture towards the water. */
function shaded(texture: Texture, top: number): Texture {
  return (x, y) => times(texture(x, y), 1.1 - 0.006 * (y - top));
}
