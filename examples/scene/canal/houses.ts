/**
 * The houses of the row: walls, gables, roofs and signs.
 */

import { type Colour, hex, type Paint, type Shape, times } from "../canvas.ts";
import { lettering } from "../lettering.ts";
import { noise } from "../noise.ts";
import { ellipse, path, polygon, rect, ring, stroke } from "../shapes.ts";
import { type Box, type Scene, SHADOW } from "./stage.ts";
import { bricks, scales, type Texture } from "./textures.ts";
import { paintDoor, paintShop, paintWindow, type WindowStyle } from "./windows.ts";

/** What crowns a house. */
export type Gable = "steps" | "bell" | "neck" | "pointed" | "mansard" | "clock";

/** A board above the ground floor. */
export interface Sign {
  text: string;
  /** Of the letters, and of what they stand on. */
  colour: string;
  board: string;
  /** Of the letters. */
  height: number;
}

/** One house of the row. */
export interface House {
  x: number;
  width: number;
  /** Floors above the ground floor, and the height of each. */
  floors: number;
  floorHeight: number;
  /** Windows per floor. */
  columns: number;
  wall: Texture;
  trim: string;
  gable: Gable;
  gableHeight: number;
  windows: Omit<WindowStyle, "surround">;
  /** The colour of the beams of a timber-framed wall. */
  timber?: string;
  sign?: Sign;
  /** The awning of a shop; without it there are windows beside the door. */
  stripes?: [string, string];
  door: string;
}

/** Where the houses stand, and how high their ground floors are. */
export const GROUND = 1500;
const GROUND_FLOOR = 222;

/** Where the lantern beside a door hangs: from the left of the house, and on the canvas. */
export const LANTERN_OFFSET = 172;
export const LANTERN_HEIGHT = GROUND - 126;

const STONE = hex("#8d8478");
const CLAY = hex("#a4583c");
const SLATE = ["#4b5468", "#566078", "#3f475c", "#626a80"];

/** Paints a house from its roof down to its door. */
export function paintHouse(scene: Scene, house: House): void {
  const { canvas, light } = scene;
  const eaves = eavesOf(house);
  const trim = hex(house.trim);
  paintChimneys(scene, house, eaves);
  const crown = gableShape(house, eaves);
  const [left, right] = [house.x, house.x + house.width];
  const roofed = house.gable === "mansard";
  canvas.fill(crown, light.on(roofed ? scales(SLATE) : house.wall));
  paintCoping(scene, house, crown, trim);
  canvas.fill(rect(left, eaves, house.width, GROUND - eaves), light.on(house.wall));
  if (house.timber) paintTimber(scene, house, eaves, house.timber);
  paintQuoins(scene, house, eaves, trim);
  paintCornice(scene, house, eaves, trim);
  paintGableDetails(scene, house, eaves, trim);
  for (let floor = 0; floor < house.floors; floor++) {
    paintFloor(scene, house, eaves + floor * house.floorHeight, trim);
  }
  paintGroundFloor(scene, house, trim);
  const edge = (x: number) => 0.5 * Math.max(0, 1 - Math.min(x - left, right - x) / 10);
  canvas.fill(rect(left, eaves, house.width, GROUND - eaves), SHADOW, edge);
}

/** Returns where the gable begins: above all floors, and the board of a sign. */
function eavesOf({ sign, floors, floorHeight }: House): number {
  const board = sign ? sign.height * 1.9 + 34 : 0;
  return GROUND - GROUND_FLOOR - board - floors * floorHeight;
}

/** Returns the outline of what stands above the eaves. */
function gableShape({ x, width, gable, gableHeight }: House, eaves: number): Shape {
  const [left, right] = [x, x + width];
  if (gable === "pointed") {
    const half = width / 2 + 14;
    return polygon(left + width / 2, eaves, [[-half, 0], [0, -gableHeight], [half, 0]]);
  }
  if (gable === "mansard") {
    const slope: [number, number][] = [[0, 0], [46, -gableHeight]];
    return polygon(left, eaves, [...slope, [width - 46, -gableHeight], [width, 0]]);
  }
  const half = gable === "steps" ? steps(width, gableHeight) : curve(gable, width, gableHeight);
  const rising = half.flatMap(([dx, dy]) => [left + dx, eaves - dy]);
  const falling = half.toReversed().flatMap(([dx, dy]) => [right - dx, eaves - dy]);
  return [[...rising, ...falling]];
}

/** The left half of a stepped gable: distances from the corner. */
function steps(width: number, height: number): [number, number][] {
  const count = 6;
  const points: [number, number][] = [];
  for (let i = 0; i < count; i++) {
    const dx = i * width * 0.43 / (count - 1);
    points.push([dx, i * height / count], [dx, (i + 1) * height / count]);
  }
  return points;
}

/** The left half of a bell or neck gable. */
function curve(gable: Gable, width: number, height: number): [number, number][] {
  const shoulder = gable === "bell" ? 0.3 : 0.24;
  const points: [number, number][] = [[0, 0], [0, height * 0.08]];
  for (let i = 0; i <= 12; i++) {
    const t = i / 12;
    const sweep = gable === "bell" ? Math.sin(t * Math.PI / 2) ** 1.5 : t ** 0.45;
    const rise = gable === "bell" ? t : t ** 2.4;
    points.push([width * shoulder * sweep, height * (0.08 + 0.6 * rise)]);
  }
  points.push([width * shoulder, height * 0.8]);
  for (let i = 0; i <= 8; i++) {
    const angle = Math.PI / 2 * i / 8;
    const span = 0.5 - shoulder;
    points.push([
      width * (shoulder + span * (1 - Math.cos(angle))),
      height * (0.8 + 0.2 * Math.sin(angle)),
    ]);
  }
  return points;
}

/** The stone that covers the edge of a gable. */
function paintCoping({ canvas, light }: Scene, house: House, crown: Shape, trim: Colour): void {
  const dark = house.gable === "mansard" || house.gable === "pointed";
  const paint = light.on(dark ? times(trim, 0.6) : trim);
  canvas.fill(stroke(crown[0], dark ? 9 : 14), paint);
}

/** What is set into the gable, and what stands on top of it. */
function paintGableDetails(scene: Scene, house: House, eaves: number, trim: Colour): void {
  const { canvas, light } = scene;
  const cx = house.x + house.width / 2;
  const top = eaves - house.gableHeight;
  const style = { ...house.windows, surround: trim, flowers: false };
  if (house.gable === "clock") return paintClock(scene, cx, eaves - house.gableHeight * 0.52, 74);
  if (house.gable === "mansard") {
    for (const dx of [-house.width * 0.25, house.width * 0.25]) {
      paintDormer(scene, cx + dx, eaves, style);
    }
    return;
  }
  const tall = house.gableHeight * 0.36;
  const size = { width: tall * 0.62, height: tall };
  const { shutters: _, ...plain } = style;
  paintWindow(scene, { x: cx - size.width / 2, y: eaves - tall * 1.35, ...size }, plain);
  const [y, radius] = [eaves - house.gableHeight * 0.66, house.gableHeight * 0.065];
  canvas.fill(ellipse(cx, y, radius + 8), light.on(trim));
  canvas.fill(ellipse(cx, y, radius), hex("#ffbf62"));
  canvas.fill(rect(cx - radius, y - 1.5, 2 * radius, 3), light.on(trim));
  canvas.fill(rect(cx - 1.5, y - radius, 3, 2 * radius), light.on(trim));
  if (house.gable === "pointed") paintVane(scene, cx, top);
  else canvas.fill(ellipse(cx, top - 14, 11, 16), light.on(trim));
}

/** A clock face with minute marks, hour marks and hands. */
function paintClock({ canvas, light }: Scene, cx: number, cy: number, radius: number): void {
  canvas.fill(ellipse(cx, cy, radius + 17), light.on(hex("#cbbd9f")));
  canvas.fill(ring(cx, cy, radius + 9, radius + 4), light.on(hex("#4a3b2c")));
  canvas.fill(ellipse(cx, cy, radius), (x, y) => {
    return times(hex("#ffeec4"), 1.05 - 0.35 * Math.hypot(x - cx, y - cy) / radius);
  });
  for (let minute = 0; minute < 60; minute++) {
    const angle = minute * Math.PI / 30;
    const [dx, dy] = [Math.sin(angle), -Math.cos(angle)];
    const hour = minute % 5 === 0;
    const [from, to] = [radius * (hour ? 0.74 : 0.86), radius * 0.94];
    const mark = [cx + dx * from, cy + dy * from, cx + dx * to, cy + dy * to];
    canvas.fill(stroke(mark, hour ? 5 : 1.6), hex("#2a1f18"));
  }
  for (const [angle, length, width] of [[5.25, 0.5, 6], [0.63, 0.78, 3.6]]) {
    const tip = [cx + radius * length * Math.sin(angle), cy - radius * length * Math.cos(angle)];
    canvas.fill(stroke([cx, cy, ...tip], width), hex("#2a1f18"));
  }
  canvas.fill(ellipse(cx, cy, 7), hex("#2a1f18"));
}

/** A weather vane: an arrow on a rod. */
function paintVane({ canvas }: Scene, cx: number, top: number): void {
  const iron = hex("#1b1a24");
  const y = top - 62;
  canvas.fill(rect(cx - 1.5, top - 92, 3, 96), iron);
  canvas.fill(rect(cx - 34, y - 1.2, 68, 2.4), iron);
  canvas.fill(polygon(cx, y, [[30, -8], [48, 0], [30, 8]]), iron);
  canvas.fill(polygon(cx, y, [[-34, 0], [-46, -10], [-40, 0], [-46, 10]]), iron);
  canvas.fill(ellipse(cx, top - 92, 4), iron);
}

/** A window that stands in the slope of the roof. */
function paintDormer(scene: Scene, cx: number, eaves: number, style: WindowStyle): void {
  const { canvas, light } = scene;
  const [width, height] = [74, 96];
  const y = eaves - 40 - height;
  const stone = light.on(STONE);
  canvas.fill(rect(cx - width / 2 - 18, y - 8, width + 36, height + 34), stone);
  canvas.fill(polygon(cx, y, [[-67, -6], [0, -52], [67, -6]]), stone);
  canvas.fill(polygon(cx, y, [[-53, -12], [0, -42], [53, -12]]), light.on(scales(SLATE, 12, 9)));
  const { shutters: _, ...plain } = style;
  paintWindow(scene, { x: cx - width / 2, y, width, height }, plain);
}

/** The ridge of the roof behind the gable, and two chimneys with pots. */
function paintChimneys({ canvas, light }: Scene, house: House, eaves: number): void {
  const { x, width, gableHeight } = house;
  const wall = light.on(bricks(["#7d4a3c", "#6d4236", "#8a5a48"], 22, 9, 1.8));
  const ridge = gableHeight * 0.34;
  canvas.fill(rect(x + 4, eaves - ridge, width - 8, ridge + 6), light.on(scales(SLATE)));
  const top = eaves - gableHeight * 0.72;
  for (const u of [0.1, 0.86]) {
    const left = x + width * u - 22;
    canvas.fill(rect(left, top, 44, gableHeight), wall);
    canvas.fill(rect(left - 6, top, 56, 12), light.on(STONE));
    for (const dx of [5, 26]) canvas.fill(rect(left + dx, top - 24, 13, 24), light.on(CLAY));
  }
}

/** The beams of a timber-framed wall, and of the gable above it. */
function paintTimber(scene: Scene, house: House, eaves: number, code: string): void {
  const beam = hex(code);
  const paint = scene.light.on((x, y) => times(beam, 0.75 + 0.5 * noise(x / 3, y / 30, 15)));
  for (let floor = 0; floor < house.floors; floor++) {
    paintFloorBeams(scene, house, eaves + floor * house.floorHeight, paint);
  }
  const bottom = eaves + house.floors * house.floorHeight;
  scene.canvas.fill(rect(house.x, bottom - 9, house.width, 18), paint);
  paintGableBeams(scene, house, eaves, paint);
}

/** A rail above a floor, posts between the windows, and slanting braces. */
function paintFloorBeams({ canvas, random }: Scene, house: House, y: number, paint: Paint): void {
  const { x, width, columns, floorHeight } = house;
  const bay = width / columns;
  canvas.fill(rect(x, y - 9, width, 18), paint);
  for (let i = 0; i <= columns; i++) {
    const post = Math.min(width - 8, Math.max(8, i * bay));
    canvas.fill(rect(x + post - 7, y, 14, floorHeight), paint);
  }
  for (let i = 0; i < columns; i++) {
    const [above, below] = random.pick([[0.05, 0.2], [0.2, 0.05]]).map((u) => u * bay);
    const left = path(x + i * bay, y, [[above, 0], [below, floorHeight]]);
    const right = path(x + (i + 1) * bay, y, [[-above, 0], [-below, floorHeight]]);
    canvas.fill([...stroke(left, 10), ...stroke(right, 10)], paint);
  }
}

/** Two rails and four braces in a pointed gable. */
function paintGableBeams({ canvas }: Scene, house: House, eaves: number, paint: Paint): void {
  const { width, gableHeight } = house;
  const cx = house.x + width / 2;
  const rail = -gableHeight * 0.3;
  for (const t of [0.3, 0.55]) {
    const half = width / 2 * (1 - t);
    canvas.fill(rect(cx - half, eaves - gableHeight * t - 7, 2 * half, 14), paint);
  }
  for (const side of [-width, width]) {
    const lower = path(cx, eaves, [[side * 0.2, 0], [side * 0.34, rail]]);
    const upper = path(cx, eaves, [[side * 0.01, 70 - gableHeight], [side * 0.2, rail]]);
    canvas.fill([...stroke(lower, 10), ...stroke(upper, 9)], paint);
  }
}

/** Blocks of stone up both corners, long and short by turns. */
function paintQuoins({ canvas, light }: Scene, house: House, eaves: number, trim: Colour): void {
  if (house.timber) return;
  for (let y = eaves + 20, i = 0; y < GROUND - 40; y += 34, i++) {
    const width = i % 2 === 0 ? 40 : 25;
    const paint = light.on(times(trim, 0.85 + 0.25 * noise(i * 3.7, house.x)));
    canvas.fill(rect(house.x, y, width, 31), paint);
    canvas.fill(rect(house.x + house.width - width, y, width, 31), paint);
  }
}

/** A cornice with a row of small blocks and a shadow. */
function paintCornice({ canvas, light }: Scene, house: House, y: number, trim: Colour): void {
  const { x, width } = house;
  canvas.fill(rect(x, y + 18, width, 34), SHADOW, (_, py) => 0.5 * (1 - (py - y - 18) / 34));
  canvas.fill(rect(x - 6, y - 12, width + 12, 13), light.on(times(trim, 1.15)));
  canvas.fill(rect(x - 3, y, width + 6, 19), light.on(times(trim, 0.8)));
  for (let dx = 4; dx < width - 10; dx += 19) {
    canvas.fill(rect(x + dx, y + 2, 10, 13), light.on(times(trim, 1.2)));
    canvas.fill(rect(x + dx, y + 15, 10, 3), SHADOW, 0.6);
  }
}

/** A row of windows. */
function paintFloor(scene: Scene, house: House, y: number, trim: Colour): void {
  const bay = (house.width - 40) / house.columns;
  const height = house.floorHeight * 0.64;
  const width = Math.min(height * 0.62, bay * (house.windows.shutters ? 0.42 : 0.62));
  for (let i = 0; i < house.columns; i++) {
    const x = house.x + 20 + (i + 0.5) * bay - width / 2;
    const box = { x, y: y + house.floorHeight * 0.2, width, height };
    paintWindow(scene, box, { ...house.windows, surround: trim });
  }
}

/** The door, the shop and the sign above it. */
function paintGroundFloor(scene: Scene, house: House, trim: Colour): void {
  const { canvas, light } = scene;
  const top = GROUND - GROUND_FLOOR;
  canvas.fill(rect(house.x, GROUND - 34, house.width, 34), light.on(times(trim, 0.5)));
  const door = { x: house.x + 56, y: top + 36, width: 84, height: GROUND_FLOOR - 36 };
  paintDoor(scene, door, house.door, trim);
  const [width, height] = [house.width - 265, GROUND_FLOOR - 62];
  const rest = { x: house.x + 205, y: top + 62, width, height };
  if (house.stripes) paintShop(scene, rest, house.stripes);
  else paintGroundWindows(scene, house, rest, trim);
  if (house.sign) paintSign(scene, house, house.sign);
  paintLantern(scene, house.x + LANTERN_OFFSET, LANTERN_HEIGHT);
}

/** Windows beside the door of a house without a shop. */
function paintGroundWindows(scene: Scene, house: House, rest: Box, trim: Colour): void {
  const count = Math.max(1, Math.round(rest.width / 150));
  const bay = rest.width / count;
  const { shutters: _, ...plain } = house.windows;
  for (let i = 0; i < count; i++) {
    const box = { x: rest.x + (i + 0.5) * bay - 38, y: rest.y - 6, width: 76, height: 112 };
    paintWindow(scene, box, { ...plain, surround: trim });
  }
}

/** A small lantern on a bracket. */
function paintLantern({ canvas, light }: Scene, x: number, y: number): void {
  const iron = light.on(hex("#20222c"));
  canvas.fill(rect(x - 2, y - 26, 4, 14), iron);
  canvas.fill(polygon(x, y, [[-12, -8], [0, -20], [12, -8]]), iron);
  canvas.fill(polygon(x, y, [[-10, -8], [10, -8], [6, 16], [-6, 16]]), [2.2, 1.6, 0.8]);
  canvas.fill(rect(x - 1, y - 8, 2, 24), iron);
  canvas.fill(rect(x - 7, y + 15, 14, 4), iron);
}

/** A painted board with letters of gold, just above the ground floor. */
function paintSign({ canvas, light }: Scene, { x, width }: House, sign: Sign): void {
  const { text, colour, board, height } = sign;
  const tall = height * 1.9;
  const y = GROUND - GROUND_FLOOR - tall - 4;
  canvas.fill(rect(x + 26, y + 2, width - 52, tall + 12), SHADOW, 0.5);
  canvas.fill(rect(x + 22, y - 6, width - 44, tall + 12), light.on(hex("#c9a45c")));
  canvas.fill(rect(x + 28, y, width - 56, tall), light.on(hex(board)));
  const [cx, top] = [x + width / 2, y + height * 0.45];
  canvas.fill(lettering(text, cx + 2, top + 3, height), SHADOW, 0.8);
  canvas.fill(lettering(text, cx, top, height), light.on(hex(colour)));
}
