/**
 * What walls, roofs and cloth are made of: the colour of a place before light falls on it.
 *
 * A pixel at the edge between two parts is mixed from both, so that nothing needs supersampling.
 */

import { type Colour, hex, mix, times } from "../canvas.ts";
import { fractal, hash, noise } from "../noise.ts";

/** The colour of a place in pixels of the canvas. */
export type Texture = (x: number, y: number) => Colour;

/** Returns the share of a pixel that lies on the inner side of an edge `distance` pixels away. */
function inside(distance: number): number {
  return Math.min(1, Math.max(0, distance + 0.5));
}

/** Bricks in running bond, each in a tone of its own, with pale joints. */
export function bricks(tones: string[], length = 34, course = 12, joint = 2.2): Texture {
  const colours = tones.map(hex);
  const mortar = hex("#a89c8c");
  return (x, y) => {
    const row = Math.floor(y / course);
    const shifted = x + (row % 2) * length / 2;
    const column = Math.floor(shifted / length);
    const [u, v] = [shifted - column * length, y - row * course];
    const edge = Math.min(u, length - u, v, course - v) - joint / 2;
    const tone = colours[Math.floor(hash(column, row, 7) * colours.length)];
    const bevel = v < course / 2 ? 1.06 : 0.95;
    const wear = 0.72 + 0.4 * hash(column, row, 8) + 0.22 * (noise(x / 3, y / 3, 9) - 0.5);
    const weather = 0.8 + 0.4 * fractal(x / 180, y / 260, 3, 10);
    return times(mix(mortar, times(tone, wear * bevel), inside(edge)), weather);
  };
}

/** Squared stone blocks with dark joints. */
export function ashlar(code: string, length = 92, course = 40): Texture {
  const stone = hex(code);
  return (x, y) => {
    const row = Math.floor(y / course);
    const shifted = x + (row % 2) * length * 0.45 + 13 * hash(row, 0, 3);
    const column = Math.floor(shifted / length);
    const [u, v] = [shifted - column * length, y - row * course];
    const edge = Math.min(u, length - u, v, course - v);
    const joint = 0.45 + 0.55 * inside(edge - 1.5) + 0.12 * inside(2.5 - Math.abs(v - 4));
    const grain = 0.72 + 0.3 * hash(column, row, 4) + 0.35 * (fractal(x / 14, y / 9, 4, 5) - 0.5);
    return times(stone, joint * grain);
  };
}

/** Plaster with brushed grain and stains that run down. */
export function plaster(code: string): Texture {
  const colour = hex(code);
  return (x, y) => {
    const stains = 0.82 + 0.36 * fractal(x / 40, y / 300, 4, 21);
    const grain = 0.94 + 0.12 * fractal(x / 4, y / 7, 2, 22);
    return times(colour, stains * grain);
  };
}

/** Overlapping rounded tiles, as on roofs and gables. */
export function scales(tones: string[], width = 22, course = 15): Texture {
  const colours = tones.map(hex);
  return (x, y) => {
    const row = Math.floor(y / course);
    const shifted = x + (row % 2) * width / 2;
    const column = Math.floor(shifted / width);
    const u = (shifted - column * width) / width - 0.5;
    const v = y / course - row;
    const tongue = 1 - v - 1.1 * u * u;
    const tone = colours[Math.floor(hash(column, row, 31) * colours.length)];
    const shade = 0.55 + 0.45 * inside(tongue * course - 2) + 0.25 * (v - 0.5);
    return times(tone, shade * (0.75 + 0.4 * hash(column, row, 32)));
  };
}

/** Boards side by side, `along` the rows or the columns. */
export function boards(colour: Colour, width: number, along: "x" | "y"): Texture {
  return (x, y) => {
    const [across, length] = along === "x" ? [y, x] : [x, y];
    const board = Math.floor(across / width);
    const offset = across - board * width;
    const gap = 0.35 + 0.65 * inside(Math.min(offset, width - offset) - 1);
    const grain = 0.8 + 0.4 * fractal(length / 60, across / 2.5, 3, 41 + board % 5);
    return times(colour, gap * grain * (0.85 + 0.25 * hash(board, 0, 42)));
  };
}

/** Small round cobbles. */
export function cobbles(code: string): Texture {
  const colour = hex(code);
  const [width, course] = [18, 9];
  return (x, y) => {
    const row = Math.floor(y / course);
    const shifted = x + (row % 2) * width / 2 + 4 * hash(row, 1, 51);
    const column = Math.floor(shifted / width);
    const u = 2 * (shifted - column * width) / width - 1;
    const v = 2 * (y - row * course) / course - 1;
    const dome = inside((1 - u ** 4 - v ** 4) * 5);
    return times(colour, (0.3 + 0.7 * dome) * (0.6 + 0.5 * hash(column, row, 52) - 0.15 * v));
  };
}

/** A checked cloth: bands of coloured threads that cross, over and under by turns. */
export function tartan(warp: string[], band: number, thread = 4): Texture {
  const colours = warp.map(hex);
  const colourAt = (position: number) => {
    const index = Math.floor(position / band) % colours.length;
    return colours[(index + colours.length) % colours.length];
  };
  return (x, y) => {
    const [column, row] = [Math.floor(x / thread), Math.floor(y / thread)];
    const over = (((column + row) % 4) + 4) % 4 < 2;
    const position = over ? x / thread - column : y / thread - row;
    const round = 0.7 + 0.45 * Math.sin(Math.PI * position);
    return times(colourAt(over ? x : y), round);
  };
}
