/**
 * Pictures for the tests of `src/inspect`: photographs shrunk until nothing of their own damage is
 * left, drawn pages of text, line drawings; and damage of known amounts.
 */

import { decodePicture, type Picture } from "../../src/pictures/mod.ts";
import type { Random } from "../reference/random.ts";
import { hasShared, shared } from "../reference/shared.ts";

/** The photographs' folder in `../shared`. */
export const PHOTOS = "photos";

/** Paths of all photographs in `../shared`, none where it is absent. */
export function photographs(): string[] {
  if (!hasShared(PHOTOS)) return [];
  return ["train", "valid"].flatMap((part) => {
    const names = [...Deno.readDirSync(shared(`${PHOTOS}/${part}`))].map(({ name }) => name);
    return names.sort().map((name) => `${PHOTOS}/${part}/${name}`);
  });
}

/** Reads a picture of `../shared` and shrinks it. */
export async function readShrunk(path: string, factor: number): Promise<Picture> {
  return shrink(await decodePicture(await Deno.readFile(shared(path))), factor);
}

/** Averages squares of `factor` by `factor` pixels. */
export function shrink(picture: Picture, factor: number): Picture {
  const { channels, data } = picture;
  const width = Math.floor(picture.width / factor);
  const height = Math.floor(picture.height / factor);
  const small = new Uint8Array(width * height * channels);
  for (let i = 0; i < small.length; i++) {
    const [pixel, c] = [Math.floor(i / channels), i % channels];
    const [x, y] = [pixel % width * factor, Math.floor(pixel / width) * factor];
    let sum = 0;
    for (let k = 0; k < factor * factor; k++) {
      const row = y + Math.floor(k / factor);
      sum += data[(row * picture.width + x + k % factor) * channels + c];
    }
    small[i] = Math.round(sum / factor ** 2);
  }
  return { ...picture, width, height, depth: 8, data: small, metadata: {} };
}

/** Cuts a part out. */
export function crop(
  picture: Picture,
  x: number,
  y: number,
  width: number,
  height: number,
): Picture {
  const { channels, data } = picture;
  const part = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * picture.width + x) * channels;
    part.set(data.subarray(from, from + width * channels), row * width * channels);
  }
  return { ...picture, width, height, data: part };
}

/** Adds Gaussian noise to each sample, rounds and clamps. */
export function withNoise(picture: Picture, sigma: number, random: Random): Picture {
  const data = Uint8Array.from(picture.data, (value) => {
    return Math.min(255, Math.max(0, Math.round(value + sigma * gauss(random))));
  });
  return { ...picture, data };
}

function gauss(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}

/** Blurs every channel with a Gaussian. */
export function withBlur(picture: Picture, sigma: number): Picture {
  const reach = Math.ceil(4 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => {
    return Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2));
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const { width, height, channels } = picture;
  const along = (data: ArrayLike<number>, length: number, stride: number) => {
    return Float64Array.from({ length: data.length }, (_, i) => {
      const at = Math.floor(i / stride) % length;
      let value = 0;
      for (let k = -reach; k <= reach; k++) {
        const other = Math.min(Math.max(at + k, 0), length - 1);
        value += weights[k + reach] / sum * data[i + (other - at) * stride];
      }
      return value;
    });
  };
  const rows = along(picture.data, width, channels);
  const data = Uint8Array.from(along(rows, height, width * channels), Math.round);
  return { ...picture, data };
}

/** How many times larger drawings are made than they become, so that their edges are soft. */
const FINE = 3;

/** A drawing in the making: `FINE` times as large as it will be. */
class Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;

  constructor(width: number, height: number, paper: readonly number[]) {
    this.width = width * FINE;
    this.height = height * FINE;
    this.data = new Uint8Array(this.width * this.height * 3);
    this.box(0, 0, this.width, this.height, paper);
  }

  /** Fills a rectangle. */
  box(x: number, y: number, width: number, height: number, ink: readonly number[]): void {
    const [left, top] = [Math.max(0, Math.round(x)), Math.max(0, Math.round(y))];
    const [right, bottom] = [Math.min(this.width, x + width), Math.min(this.height, y + height)];
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        this.data.set(ink, (row * this.width + column) * 3);
      }
    }
  }

  /** Draws a line with a round pen. */
  line(x0: number, y0: number, x1: number, y1: number, pen: number, ink: readonly number[]): void {
    const steps = Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1));
    for (let i = 0; i <= steps; i++) {
      this.dot(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps, pen / 2, ink);
    }
  }

  /** Draws a round dot. */
  dot(x: number, y: number, radius: number, ink: readonly number[]): void {
    for (let row = Math.ceil(y - radius); row <= y + radius; row++) {
      const half = Math.sqrt(radius ** 2 - (row - y) ** 2);
      this.box(Math.ceil(x - half), row, Math.floor(2 * half) + 1, 1, ink);
    }
  }

  picture(): Picture {
    const { width, height, data } = this;
    return shrink({ width, height, channels: 3, depth: 8, data, metadata: {} }, FINE);
  }
}

/** Letters of 5 x 7 cells, one row of bits after the other. */
const LETTERS = [
  "01110100011000111111100011000110001", // A
  "11110100011000111110100011000111110", // B
  "01111100001000010000100001000001111", // C
  "11111100001000011110100001000011111", // E
  "10001100011000111111100011000110001", // H
  "01110001000010000100001000010001110", // I
  "10001110111010110101100011000110001", // M
  "10001110011010110011100011000110001", // N
  "01110100011000110001100011000101110", // O
  "11110100011000111110101001001010001", // R
  "01111100001000001110000010000111110", // S
  "11111001000010000100001000010000100", // T
  "10001100011000110001010100101000100", // V
];

/** A page of text, or a screenshot: a bar, a side panel and text. */
export function textPage(random: Random): Picture {
  const dark = random.uniform() < 0.3;
  const [paper, ink] = dark ? [random.integer(0, 40), 230] : [random.integer(235, 255), 20];
  const [width, height] = [random.integer(260, 420), random.integer(220, 320)];
  const canvas = new Canvas(width, height, [paper, paper, paper]);
  let [left, top] = [15, 15];
  if (random.uniform() < 0.5) {
    canvas.box(0, 0, canvas.width, 60, anyColour(random));
    canvas.box(0, 60, 150, canvas.height, anyColour(random));
    for (let i = 0; i < 4; i++) canvas.box(20 + 60 * i, 15, 35, 30, anyColour(random));
    [left, top] = [170, 80];
  }
  const cell = random.integer(3, 6);
  for (let y = top; y + 7 * cell < canvas.height; y += 11 * cell) {
    const end = random.uniform(0.5, 1) * canvas.width;
    for (let x = left; x + 5 * cell < end; x += 6 * cell) {
      if (random.uniform() > 0.17) {
        letter(canvas, random.pick(LETTERS), x, y, cell, [ink, ink, ink]);
      }
    }
  }
  return canvas.picture();
}

function letter(
  canvas: Canvas,
  bits: string,
  x: number,
  y: number,
  cell: number,
  ink: readonly number[],
): void {
  for (let i = 0; i < bits.length; i++) {
    if (bits[i] === "1") {
      canvas.box(x + i % 5 * cell, y + Math.floor(i / 5) * cell, cell, cell, ink);
    }
  }
}

/** A drawing: curves, rays, ellipses and blots. */
export function lineDrawing(random: Random): Picture {
  const [width, height] = [random.integer(260, 420), random.integer(220, 320)];
  const colours = random.uniform() < 0.5;
  const canvas = new Canvas(width, height, [255, 255, 255]);
  for (let i = random.integer(6, 20); i > 0; i--) {
    const ink = colours ? anyColour(random) : [0, 0, 0];
    const pen = random.uniform(3, 9);
    const [x, y] = [random.uniform(0, canvas.width), random.uniform(0, canvas.height)];
    const [a, b] = [random.uniform(120, 420), random.uniform(120, 420)];
    const kind = random.integer(0, 3);
    if (kind === 0) curve(canvas, (t) => [x + a * Math.cos(t), y + b * Math.sin(t)], pen, ink);
    else if (kind === 1) {
      curve(canvas, (t) => [x + a * t * Math.cos(3 * t) / 6, y + b * t * Math.sin(t)], pen, ink);
    } else if (kind === 2) {
      const angle = random.uniform(0.2, 1.3) * (random.uniform() < 0.5 ? 1 : -1);
      canvas.line(x, y, x + a * Math.cos(angle), y + a * Math.sin(angle), pen, ink);
    } else canvas.dot(x, y, a / 4, ink);
  }
  return canvas.picture();
}

function curve(
  canvas: Canvas,
  at: (t: number) => [x: number, y: number],
  pen: number,
  ink: readonly number[],
): void {
  const points = Array.from({ length: 61 }, (_, i) => at(2 * Math.PI * i / 60));
  for (let i = 1; i < points.length; i++) {
    canvas.line(...points[i - 1], ...points[i], pen, ink);
  }
}

function anyColour(random: Random): number[] {
  return Array.from({ length: 3 }, () => random.integer(0, 200));
}
