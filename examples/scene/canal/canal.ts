/**
 * A canal at dusk: what stands where, from back to front.
 */

import { Random } from "../../../tests/reference/random.ts";
import { paintBoat } from "./boat.ts";
import { type Canvas, hex } from "../canvas.ts";
import { GROUND, type House, LANTERN_HEIGHT, LANTERN_OFFSET, paintHouse } from "./houses.ts";
import { Light } from "./light.ts";
import { paintBridge, paintHills, paintMoon, paintSky, paintStars } from "./sky.ts";
import type { Scene } from "./stage.ts";
import {
  paintBicycle,
  paintBulbs,
  paintHedge,
  paintLampPost,
  paintQuay,
  paintRailing,
  paintTree,
  QUAY,
  WATER,
} from "./street.ts";
import { bricks, plaster, scales } from "./textures.ts";
import { paintWater, reflectMask } from "./water.ts";

const CREAM = hex("#efe6d2");
const DARK_GREEN = hex("#20382f");
const LAMP_POSTS = [150, 768, 1552, 2212, 2612, 3412];
const LANTERN = 1302;

/** The row, from left to right. */
const HOUSES: House[] = [
  {
    x: 770,
    width: 430,
    floors: 3,
    floorHeight: 190,
    columns: 3,
    wall: bricks(["#9a4a38", "#84402f", "#a85a42", "#763527"]),
    trim: "#d9cdb4",
    gable: "steps",
    gableHeight: 300,
    windows: { panes: [3, 5], arched: true, frame: CREAM, flowers: true },
    sign: { text: "MAPS & GLOBES", colour: "#f3d98a", board: "#22332c", height: 26 },
    stripes: ["#2f5d50", "#efe6d2"],
    door: "#2f5d50",
  },
  {
    x: 1200,
    width: 350,
    floors: 3,
    floorHeight: 178,
    columns: 2,
    wall: plaster("#dfae62"),
    trim: "#efe6d2",
    gable: "bell",
    gableHeight: 290,
    windows: { panes: [2, 4], arched: false, frame: CREAM, shutters: "#3f6b58", flowers: true },
    door: "#7c2f2a",
  },
  {
    x: 1550,
    width: 660,
    floors: 4,
    floorHeight: 184,
    columns: 5,
    wall: bricks(["#b0694a", "#a25c40", "#bd7a58", "#8f4f38", "#c48a66"], 28, 10, 1.8),
    trim: "#e6dcc4",
    gable: "clock",
    gableHeight: 300,
    windows: { panes: [4, 6], arched: true, frame: CREAM, flowers: false },
    sign: { text: "TESSERA", colour: "#ffe29a", board: "#1d2c44", height: 52 },
    stripes: ["#9c2f33", "#f2e8d4"],
    door: "#1f3d5c",
  },
  {
    x: 2210,
    width: 400,
    floors: 3,
    floorHeight: 172,
    columns: 3,
    wall: plaster("#e9dcc2"),
    trim: "#b9a486",
    gable: "pointed",
    gableHeight: 400,
    windows: { panes: [3, 4], arched: false, frame: hex("#5a3b2a"), flowers: true },
    timber: "#5a3b2a",
    sign: { text: "CAFE 1873", colour: "#f3d98a", board: "#4a1f1c", height: 24 },
    stripes: ["#c58a2e", "#f2e8d4"],
    door: "#5a3b2a",
  },
  {
    x: 2610,
    width: 330,
    floors: 3,
    floorHeight: 186,
    columns: 2,
    wall: plaster("#7fa0b8"),
    trim: "#efe9dc",
    gable: "neck",
    gableHeight: 310,
    windows: { panes: [2, 4], arched: true, frame: CREAM, shutters: "#2d4a6b", flowers: true },
    door: "#23405c",
  },
  {
    x: 2940,
    width: 470,
    floors: 3,
    floorHeight: 196,
    columns: 4,
    wall: bricks(["#6f4a42", "#5f3f3a", "#80584c", "#54363a"], 40, 13, 2.4),
    trim: "#dccfb6",
    gable: "mansard",
    gableHeight: 230,
    windows: { panes: [3, 5], arched: false, frame: CREAM, flowers: true },
    sign: { text: "WEAVERS & DYERS", colour: "#f3d98a", board: "#2b2440", height: 25 },
    stripes: ["#5a4a86", "#efe6d2"],
    door: "#402f5c",
  },
  {
    x: 3410,
    width: 450,
    floors: 3,
    floorHeight: 180,
    columns: 3,
    wall: scales(["#b5654f", "#a4584a", "#c27a5c", "#94503f"], 24, 17),
    trim: "#efe6d2",
    gable: "steps",
    gableHeight: 280,
    windows: { panes: [2, 4], arched: false, frame: DARK_GREEN, flowers: true },
    door: "#20382f",
  },
];

/** Paints the whole scene on a canvas of 3840x2160; always the same. */
export function paintCanal(canvas: Canvas): void {
  const scene: Scene = { canvas, light: new Light(), random: new Random(1873) };
  placeLamps(scene.light);
  paintDistance(scene);
  for (const house of HOUSES) paintHouse(scene, house);
  paintStreet(scene);
  paintWater(canvas, WATER);
  canvas.startMask();
  paintBoat(scene, 2105, 1830);
  reflectMask(canvas, 1830, 2160);
}

/** Lights the lamp posts, and a lantern beside each door. */
function placeLamps(light: Light): void {
  for (const x of LAMP_POSTS) light.lamps.push({ x, y: LANTERN, reach: 250, power: 1.25 });
  for (const { x } of HOUSES) {
    light.lamps.push({ x: x + LANTERN_OFFSET, y: LANTERN_HEIGHT, reach: 120, power: 0.7 });
  }
}

/** The sky and what lies beyond the houses. */
function paintDistance({ canvas, random }: Scene): void {
  paintSky(canvas, GROUND);
  paintStars(canvas, random);
  paintMoon(canvas, 400, 430, 92);
  paintHills(canvas, GROUND, random);
  paintBridge(canvas, -160, 900, 1330);
}

/** Everything between the houses and the water. */
function paintStreet(scene: Scene): void {
  paintHedge(scene, 0, 765);
  paintQuay(scene);
  paintTree(scene, 500, QUAY - 20, 500);
  paintTree(scene, 3700, QUAY - 20, 480);
  for (
    const [x, colour] of [[430, "#c0392b"], [1130, "#2e7d8c"], [2740, "#d9a441"], [
      3150,
      "#6b8f3a",
    ]] as const
  ) {
    paintBicycle(scene, x, colour);
  }
  for (const x of LAMP_POSTS) paintLampPost(scene, x, LANTERN);
  LAMP_POSTS.slice(1).forEach((x, i) => {
    paintBulbs(scene, [LAMP_POSTS[i], LANTERN - 60], [x, LANTERN - 60]);
  });
  scene.light.paintHalos(scene.canvas);
  paintRailing(scene);
}
