/**
 * Where letters are: shapes of one brightness and much the same height that stand side by side on a
 * ground of another. What is found is a line or a part of one; lines that run upright are not looked for.
 *
 * The ground is the mean brightness around a pixel, as in J. Sauvola and M. Pietikainen, "Adaptive
 * document image binarization", Pattern Recognition 33(2), 2000.
 */

import { type Picture, whiteOf } from "../pictures/picture.ts";

/** A line of letters: a box in pixels. */
export interface TextLine {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The longest side that is looked at; larger pictures are shrunk by a whole factor. */
const LONGEST_SIDE = 2048;

/** Factors by which it is shrunk then, for small letters and for large ones. */
const SCALES = [1, 3] as const;

/** Another factor, by which only lines beside others are found: alone, most of them are none. */
const SCALE_BETWEEN = 2;

/** How far from another line one beside it may be, in heights of that one. */
const BESIDE = 1;

/** Pixels around one whose mean is its ground, on each side. */
const GROUND_REACH = 16;

/** How much letters stand out from their ground, in levels of 255. */
const CONTRAST = 24;

/** Height of letters and width of one shape (joined letters are wide), in pixels of what is looked at. */
const HEIGHT = { least: 5, most: 90 };
const MOST_WIDTH = 160;

/** The share of its box that a letter fills. */
const FILLED = { least: 0.12, most: 0.92 };

/** How much the brightness of a letter's pixels varies at most, as a share of its contrast. */
const UNEVEN = 0.5;

/** How much the ground varies around its mean at most, as a share of what letters stand out by. */
const ROUGH = 0.2;

/** Shapes that make a line, and how alike neighbours are. */
const LINE = { shapes: 3, heights: 1.9, gap: 1.3, shift: 0.5, levels: 30 };

/** How much the widths in a line differ: windows and bricks are all alike, letters are not. */
const LEAST_VARIETY = 0.08;

/** How much longer than high a line is at least. */
const LEAST_LENGTH = 1.8;

/** How much higher a line is at most than its shapes are on average. */
const MOST_RISE = 1.9;

/** Two boxes that share so much of the smaller one are one line. */
const SAME = 0.5;

/** A shape, with what it takes to tell a letter. */
interface Shape {
  left: number;
  top: number;
  right: number;
  bottom: number;
  level: number;
}

/**
 * Finds lines of letters in a picture, each box with a margin of a third of its height.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const data = new Uint8Array(64 * 64).fill(200);
 * assert.deepEqual(
 *   findText({ width: 64, height: 64, channels: 1, depth: 8, data, metadata: {} }),
 *   [],
 * );
 * ```
 */
export function findText(picture: Picture): TextLine[] {
  const factor = Math.ceil(Math.max(picture.width, picture.height) / LONGEST_SIDE);
  const lines = SCALES.flatMap((scale) => linesAt(picture, factor * scale));
  const others = linesAt(picture, factor * SCALE_BETWEEN)
    .filter((other) => lines.some((line) => isNear(other, line)));
  return [...lines, ...others].reduce(withLine, []);
}

/** Whether a line lies above, below or beside another, with letters much as high. */
function isNear(line: TextLine, other: TextLine): boolean {
  const reach = BESIDE * other.height;
  const areAlike = Math.max(line.height, other.height) <=
    LINE.heights * Math.min(line.height, other.height);
  return areAlike && line.x < other.x + other.width + reach &&
    line.y < other.y + other.height + reach &&
    other.x < line.x + line.width + reach && other.y < line.y + line.height + reach;
}

/** Adds a line, joined with those that it shares most of a box with. */
function withLine(lines: readonly TextLine[], line: TextLine): TextLine[] {
  const areSame = (other: TextLine) => {
    const across = Math.min(line.x + line.width, other.x + other.width) - Math.max(line.x, other.x);
    const down = Math.min(line.y + line.height, other.y + other.height) - Math.max(line.y, other.y);
    const smaller = Math.min(line.width * line.height, other.width * other.height);
    return across > 0 && down > 0 && across * down >= SAME * smaller;
  };
  const same = [line, ...lines.filter(areSame)];
  const [x, y] = [Math.min(...same.map(({ x }) => x)), Math.min(...same.map(({ y }) => y))];
  const width = Math.max(...same.map((each) => each.x + each.width)) - x;
  const height = Math.max(...same.map((each) => each.y + each.height)) - y;
  return [...lines.filter((other) => !areSame(other)), { x, y, width, height }];
}

/** Finds lines in a picture that is shrunk by a factor; boxes are those of the picture. */
function linesAt(picture: Picture, factor: number): TextLine[] {
  const plane = shrunkLuma(picture, factor);
  const ground = groundOf(plane);
  const lines = [1, -1].flatMap((sign) => {
    const marks = marksOf(plane, ground, sign);
    return linesOf(shapesOf(plane, ground, marks.slice())).filter((line) =>
      isOnCalmGround(line, plane, marks)
    );
  });
  return lines.map((line) => {
    const margin = Math.ceil((line.bottom - line.top) / 3);
    const [x, y] = [line.left, line.top].map((at) => Math.max(0, at - margin) * factor);
    return {
      x,
      y,
      width: Math.min(picture.width, (line.right + margin) * factor) - x,
      height: Math.min(picture.height, (line.bottom + margin) * factor) - y,
    };
  });
}

/** Brightness in levels of 255. */
interface Luma {
  width: number;
  height: number;
  data: Float32Array;
}

/** Means of squares of pixels; what is left over at the right and below is left out. */
function shrunkLuma({ width, height, channels, depth, data }: Picture, factor: number): Luma {
  const columns = Math.max(1, Math.floor(width / factor));
  const rows = Math.max(1, Math.floor(height / factor));
  const means = new Float32Array(columns * rows);
  const weights = channels <= 2 ? [1] : [0.299, 0.587, 0.114];
  const scale = 255 / whiteOf(depth) / factor ** 2;
  for (let y = 0; y < Math.min(height, rows * factor); y++) {
    const row = Math.floor(y / factor) * columns;
    for (let x = 0; x < Math.min(width, columns * factor); x++) {
      const from = (y * width + x) * channels;
      let value = 0;
      for (let c = 0; c < weights.length; c++) value += weights[c] * data[from + c];
      means[row + Math.floor(x / factor)] += value * scale;
    }
  }
  return { width: columns, height: rows, data: means };
}

/** The mean of the square around each pixel, as far as it lies in the picture. */
function groundOf({ width, height, data }: Luma): Float32Array {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += data[y * width + x];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  const means = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    const top = Math.max(0, y - GROUND_REACH) * (width + 1);
    const bottom = Math.min(height, y + GROUND_REACH + 1) * (width + 1);
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - GROUND_REACH);
      const right = Math.min(width, x + GROUND_REACH + 1);
      const sum = sums[bottom + right] - sums[bottom + left] - sums[top + right] + sums[top + left];
      means[y * width + x] = sum / ((right - left) * (bottom - top) / (width + 1));
    }
  }
  return means;
}

/** Marks of pixels that are brighter (sign 1) or darker (-1) than their ground. */
function marksOf({ data }: Luma, ground: Float32Array, sign: number): Uint8Array {
  const marks = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    if (sign * (data[i] - ground[i]) > CONTRAST) marks[i] = 1;
  }
  return marks;
}

/** The connected shapes of marks, which are cleared, that may be letters. */
function shapesOf({ width, height, data }: Luma, ground: Float32Array, marks: Uint8Array): Shape[] {
  const shapes: Shape[] = [];
  for (let start = marks.indexOf(1); start >= 0; start = marks.indexOf(1, start + 1)) {
    const pixels = [start];
    marks[start] = 0;
    const box = { left: width, top: height, right: 0, bottom: 0 };
    let [sum, squares, contrast] = [0, 0, 0];
    for (let i = 0; i < pixels.length; i++) {
      const at = pixels[i];
      const [x, y] = [at % width, Math.floor(at / width)];
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      sum += data[at];
      squares += data[at] ** 2;
      contrast += Math.abs(data[at] - ground[at]);
      const [left, right] = [x > 0 ? -1 : 0, x < width - 1 ? 1 : 0];
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let step = left; step <= right; step++) {
          const next = row * width + x + step;
          if (marks[next] === 0) continue;
          marks[next] = 0;
          pixels.push(next);
        }
      }
    }
    const count = pixels.length;
    const level = sum / count;
    const deviation = Math.sqrt(Math.max(0, squares / count - level ** 2));
    const isEven = deviation <= UNEVEN * contrast / count + 6;
    if (isEven && hasSizeOfLetter(box, count)) shapes.push({ ...box, level });
  }
  return shapes;
}

function hasSizeOfLetter(box: Omit<Shape, "level">, pixels: number): boolean {
  const width = box.right - box.left;
  const height = box.bottom - box.top;
  const filled = pixels / (width * height);
  return height >= HEIGHT.least && height <= HEIGHT.most && width <= MOST_WIDTH &&
    width <= 12 * height && filled >= FILLED.least && filled <= FILLED.most;
}

/** Chains of shapes, each of which stands beside the next. */
function linesOf(shapes: readonly Shape[]): Shape[] {
  const sorted = [...shapes].sort((a, b) => a.left - b.left || a.top - b.top);
  const used = new Set<Shape>();
  const lines: Shape[] = [];
  for (const [i, first] of sorted.entries()) {
    if (used.has(first)) continue;
    const line = [first];
    for (let j = i + 1; j < sorted.length; j++) {
      const last = line.at(-1)!;
      const next = sorted[j];
      if (next.left - last.right > LINE.gap * heightOf(last)) break;
      if (!used.has(next) && areBeside(last, next)) line.push(next);
    }
    const box = {
      left: first.left,
      top: Math.min(...line.map(({ top }) => top)),
      right: Math.max(...line.map(({ right }) => right)),
      bottom: Math.max(...line.map(({ bottom }) => bottom)),
      level: first.level,
    };
    const isLong = box.right - box.left >= LEAST_LENGTH * heightOf(box);
    const mean = line.reduce((sum, shape) => sum + heightOf(shape), 0) / line.length;
    const isLevel = heightOf(box) <= MOST_RISE * mean;
    if (line.length < LINE.shapes || !isLong || !isLevel) continue;
    if (varietyOf(line) < LEAST_VARIETY) continue;
    line.forEach((shape) => used.add(shape));
    lines.push(box);
  }
  return lines;
}

/** What is between letters is of one brightness; between stones, leaves or spices it is not. */
function isOnCalmGround(line: Shape, { width, data }: Luma, marks: Uint8Array): boolean {
  const values: number[] = [];
  const letters: number[] = [];
  for (let y = line.top; y < line.bottom; y++) {
    for (let x = line.left; x < line.right; x++) {
      const at = y * width + x;
      (marks[at] === 1 ? letters : values).push(data[at]);
    }
  }
  const median = values.sort((a, b) => a - b)[values.length >> 1];
  const rough = values.reduce((sum, value) => sum + Math.abs(value - median), 0) / values.length;
  const level = letters.reduce((sum, value) => sum + value, 0) / letters.length;
  return rough <= ROUGH * Math.abs(level - median);
}

function areBeside(a: Shape, b: Shape): boolean {
  const [low, high] = [heightOf(a), heightOf(b)].sort((x, y) => x - y);
  const middle = ({ top, bottom }: Shape) => (top + bottom) / 2;
  return high <= LINE.heights * low &&
    Math.abs(middle(a) - middle(b)) <= LINE.shift * low &&
    b.left >= a.right - 0.3 * low &&
    Math.abs(a.level - b.level) <= LINE.levels;
}

/** The deviation of the widths, as a share of their mean. */
function varietyOf(line: readonly Shape[]): number {
  const widths = line.map(({ left, right }) => right - left);
  const mean = widths.reduce((sum, width) => sum + width, 0) / widths.length;
  const squares = widths.reduce((sum, width) => sum + (width - mean) ** 2, 0) / widths.length;
  return Math.sqrt(squares) / mean;
}

function heightOf({ top, bottom }: Shape): number {
  return bottom - top;
}
