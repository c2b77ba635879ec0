/**
 * What is known of a shape that may be damage, for the network that judges it: its form, how it stands out
 * against both sides, whether one colour laid on what is beside it would look the same, and what else is
 * around it.
 */

import { type Picture, whiteOf } from "../pictures/picture.ts";
import { averaged, type Planes, type Side } from "./damage_planes.ts";
import { LEAST_AROUND, type Shape } from "./damage_shapes.ts";

/** Pixels along a side of a cell in which the surroundings are summed up, and reaches in cells. */
const CELL = 4;
const NEAR_CELLS = 3;
const FAR_CELLS = 10;

/** Pixels around one from which its direction is taken. */
const NORMAL_REACH = 2;

/** How far like shapes are looked for, in pixels; how alike their lengths and directions are. */
const LIKE_REACH = 48;
const LIKE_LENGTH = Math.log(1.7);
const LIKE_ANGLE = Math.cos(Math.PI / 6);

/** Pixels beyond the ends of a shape in which it may go on, and beside that line, to compare. */
const BEYOND = 24;
const ASIDE = 7;

/** How strongly a cover of this opacity is assumed, as if so many pixels had said so. */
const PRIOR = { through: 0.25, squares: 400 };

/** A shape with its measures. */
export interface Judged extends Shape {
  features: number[];
}

/** The form of a shape. */
interface Form {
  x: number;
  y: number;
  /** Direction of its length. */
  along: readonly [number, number];
  length: number;
  breadth: number;
  /** Mean width. */
  width: number;
  /** What is left of its breadth if a curve of second order is followed. */
  rough: number;
  bend: number;
  standing: number;
  ratio: number;
}

/** Measures shapes of one side. */
export function measured(
  picture: Picture,
  planes: Planes,
  side: Side,
  shapes: readonly Shape[],
): Judged[] {
  const forms = shapes.map(({ pixels }) => formOf(pixels, planes, side));
  const shared = {
    colour: colourReader(picture),
    surroundings: surroundingsOf(planes, side, shapes),
    likes: likesOf(forms),
    ranks: ranksOf(planes.luma),
    standingRanks: orderOf(forms.map(({ standing }) => standing)),
    ratioRanks: orderOf(forms.map(({ ratio }) => ratio)),
    crowd: Math.log(shapes.length / planes.luma.length * 1e5 + 0.1),
    calm: Math.log(meanOf(planes.around) + 0.3),
  };
  return shapes.map((shape, i) => {
    const form = forms[i];
    const sign = side === "bright" ? 1 : -1;
    const features = [
      ...formFeatures(shape, form),
      shape.parent === undefined
        ? 0
        : Math.log(shape.pixels.length / shapes[shape.parent].pixels.length),
      ...levelFeatures(shape.pixels, planes, side, shared.ranks),
      ...sideFeatures(shape.pixels, form, planes, sign, shared.colour),
      ...placeFeatures(form, planes, side, shared.surroundings),
      ...shared.likes[i],
      Math.log(1.001 - shared.standingRanks[i]),
      Math.log(1.001 - shared.ratioRanks[i]),
      shared.crowd,
      shared.calm,
      sign,
    ];
    return { ...shape, features };
  });
}

function formFeatures({ pixels, threshold }: Shape, form: Form): number[] {
  return [
    Math.log(form.length),
    Math.log(form.breadth),
    Math.log(pixels.length),
    Math.log(form.width),
    Math.log(form.rough),
    Math.log(0.01 + form.bend),
    Math.log(pixels.length / (form.length * form.rough)),
    threshold,
  ];
}

/** Moments of the pixels, and of what is left of them around a curve. */
function formOf(pixels: readonly number[], planes: Planes, side: Side): Form {
  const { width, around } = planes;
  const levels = planes[side];
  const count = pixels.length;
  let [sumX, sumY, standing, ratio] = [0, 0, 0, 0];
  for (const at of pixels) {
    sumX += at % width;
    sumY += Math.floor(at / width);
    standing += levels[at];
    ratio += levels[at] / (around[at] + LEAST_AROUND);
  }
  const [x, y] = [sumX / count, sumY / count];
  let [xx, xy, yy] = [0, 0, 0];
  for (const at of pixels) {
    const [dx, dy] = [at % width - x, Math.floor(at / width) - y];
    [xx, xy, yy] = [xx + dx * dx / count, xy + dx * dy / count, yy + dy * dy / count];
  }
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  const along = [Math.cos(angle), Math.sin(angle)] as const;
  const spread = Math.hypot((xx - yy) / 2, xy);
  const middle = (xx + yy) / 2 + 1 / 12;
  const length = Math.sqrt(12 * (middle + spread));
  const across = Math.max(1 / 12, middle - spread);
  const { bend, left } = curveOf(pixels, width, [x, y], along);
  return {
    x,
    y,
    along,
    length,
    breadth: Math.sqrt(12 * across),
    width: count / length,
    rough: Math.sqrt(12 * Math.max(1 / 12, left + 1 / 12)),
    bend: bend * length ** 2 / 4,
    standing: standing / count,
    ratio: ratio / count,
  };
}

/** The second order of a curve along a shape, per pixel, and the variance that it leaves across. */
function curveOf(
  pixels: readonly number[],
  width: number,
  [x, y]: readonly [number, number],
  [cos, sin]: readonly [number, number],
): { bend: number; left: number } {
  const count = pixels.length;
  let [u2, u3, u4, v2, vu, vu2] = [0, 0, 0, 0, 0, 0];
  for (const at of pixels) {
    const [dx, dy] = [at % width - x, Math.floor(at / width) - y];
    const [u, v] = [cos * dx + sin * dy, cos * dy - sin * dx];
    u2 += u * u;
    u3 += u * u * u;
    u4 += u * u * u * u;
    v2 += v * v;
    vu += v * u;
    vu2 += v * u * u;
  }
  [u2, u3, u4, v2, vu, vu2] = [u2, u3, u4, v2, vu, vu2].map((sum) => sum / count);
  // The part of u squared that neither a constant nor u explains.
  const slope = u2 === 0 ? 0 : u3 / u2;
  const own = u4 - u2 * u2 - slope * u3;
  if (own < 1e-6) return { bend: 0, left: v2 };
  const bend = (vu2 - slope * vu) / own;
  return { bend: Math.abs(bend), left: v2 - bend * bend * own };
}

function levelFeatures(
  pixels: readonly number[],
  { luma, around, ...planes }: Planes,
  side: Side,
  ranks: Float32Array,
): number[] {
  const levels = planes[side];
  const sign = side === "bright" ? 1 : -1;
  const of = (value: (at: number) => number) => momentsOf(pixels, value);
  const standing = of((at) => levels[at]);
  const ratio = of((at) => levels[at] / (around[at] + LEAST_AROUND));
  const background = of((at) => luma[at] - sign * levels[at]);
  const tone = of((at) => luma[at]);
  const rank = ranks[Math.round(tone.mean)];
  return [
    Math.log(standing.mean),
    Math.log(ratio.mean),
    Math.log(ratio.largest),
    Math.sqrt(standing.variance) / standing.mean,
    (side === "bright" ? tone.mean : 255 - tone.mean) / 64,
    Math.log(0.001 + (side === "bright" ? 1 - rank : rank)),
    Math.log(1 + Math.sqrt(tone.variance)),
    Math.log(1 + Math.sqrt(background.variance)),
    Math.log(0.5 + of((at) => around[at]).mean),
  ];
}

/**
 * How a shape stands against what is to the left and to the right of it, and how well one colour, laid
 * evenly on the mean of both, explains it.
 */
function sideFeatures(
  pixels: readonly number[],
  form: Form,
  planes: Planes,
  sign: number,
  colour: ColourReader,
): number[] {
  const { width, height, luma } = planes;
  const way = Math.min(9, form.width + 1.5);
  const count = pixels.length;
  let [differences, signed, least, even, steep, standing] = [0, 0, 0, 0, 0, 0];
  const sums = { own: [0, 0, 0], ground: [0, 0, 0], squares: 0, products: 0, owns: 0 };
  for (const at of pixels) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const { normal: [nx, ny], slope } = normalAt(planes, x, y, form.along);
    const beside = (step: number) => {
      const column = Math.min(width - 1, Math.max(0, Math.round(x + step * nx)));
      const row = Math.min(height - 1, Math.max(0, Math.round(y + step * ny)));
      return row * width + column;
    };
    const [left, right] = [beside(-way), beside(way)];
    const difference = luma[left] - luma[right];
    const stands = sign * (luma[at] - (luma[left] + luma[right]) / 2);
    const less = stands - Math.abs(difference) / 2;
    differences += difference ** 2;
    signed += difference;
    standing += stands;
    least += less;
    even += less > Math.abs(difference) ? 1 : 0;
    steep += slope;
    for (let c = 0; c < 3; c++) {
      const own = colour(at, c);
      const ground = (colour(left, c) + colour(right, c)) / 2;
      sums.own[c] += own;
      sums.ground[c] += ground;
      sums.squares += ground * ground;
      sums.products += ground * own;
      sums.owns += own * own;
    }
  }
  const scale = Math.max(1, standing / count);
  return [
    Math.log(1 + Math.sqrt(differences / count)),
    Math.abs(signed / count) / scale,
    Math.max(-2, least / count / scale),
    even / count,
    Math.log(1 + scale),
    Math.log(0.1 + steep / count / scale),
    ...coverFeatures(sums, count, sign),
  ];
}

/** Sums over pixels and channels of a shape's colours and of those beside it. */
interface ColourSums {
  own: number[];
  ground: number[];
  squares: number;
  products: number;
  owns: number;
}

/**
 * Fits `own = (1 - through) * cover + through * ground`, with one grey cover: how much shines through, how
 * near to black or white the cover is, how grey, and how much is left unexplained.
 */
function coverFeatures(sums: ColourSums, count: number, sign: number): number[] {
  const n = 3 * count;
  const [own, ground] = [sums.own, sums.ground].map((three) =>
    three.reduce((sum, value) => sum + value, 0) / n
  );
  const squares = Math.max(0, sums.squares / n - ground * ground);
  const products = sums.products / n - ground * own;
  const owns = Math.max(0, sums.owns / n - own * own);
  const { through: usual, squares: weight } = PRIOR;
  const through = Math.min(0.95, (products + usual * weight) / (squares + weight));
  const left = Math.max(0, owns - 2 * through * products + through * through * squares);
  const cover = (own - through * ground) / (1 - through);
  const channels = [0, 1, 2].map((c) => (sums.own[c] - through * sums.ground[c]) / count);
  const tint = (Math.max(...channels) - Math.min(...channels)) / (1 - through);
  const chroma = (three: readonly number[]) => (Math.max(...three) - Math.min(...three)) / count;
  return [
    through,
    Math.max(-3, Math.min(3, (sign > 0 ? 255 - cover : cover) / 64)),
    Math.log(1 + tint),
    Math.log(1 + Math.sqrt(left)),
    Math.log((1 + left) / (1 + owns)),
    Math.log(1 + Math.sqrt(squares)),
    Math.log(1 + chroma(sums.own)),
    (chroma(sums.own) - chroma(sums.ground)) / 32,
  ];
}

/** The direction in which brightness changes most around a pixel, and how steeply it does. */
function normalAt(
  { width, height, luma }: Planes,
  x: number,
  y: number,
  [cos, sin]: readonly [number, number],
): { normal: readonly [number, number]; slope: number } {
  let [xx, xy, yy] = [0, 0, 0];
  const [left, right] = [Math.max(1, x - NORMAL_REACH), Math.min(width - 2, x + NORMAL_REACH)];
  const [top, bottom] = [Math.max(1, y - NORMAL_REACH), Math.min(height - 2, y + NORMAL_REACH)];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const at = row * width + column;
      const dx = luma[at + 1] - luma[at - 1];
      const dy = luma[at + width] - luma[at - width];
      xx += dx * dx;
      xy += dx * dy;
      yy += dy * dy;
    }
  }
  if (xx + yy === 0) return { normal: [-sin, cos], slope: 0 };
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  const count = (right - left + 1) * (bottom - top + 1);
  return { normal: [Math.cos(angle), Math.sin(angle)], slope: Math.sqrt((xx + yy) / count) / 2 };
}

/** What is around a shape, summed up in cells. */
interface Surroundings {
  columns: number;
  /** Tensors of the gradients of what is left without what stands out: near and far. */
  tensors: [xx: Float32Array, xy: Float32Array, yy: Float32Array][];
  /** Shares of pixels that stand out, near and far. */
  crowds: Float32Array[];
  /** How far pixels stand out on the other side, near. */
  other: Float32Array;
}

function surroundingsOf(planes: Planes, side: Side, shapes: readonly Shape[]): Surroundings {
  const { width, height, luma } = planes;
  const levels = planes[side];
  const others = planes[side === "bright" ? "dark" : "bright"];
  const sign = side === "bright" ? 1 : -1;
  const [columns, rows] = [Math.ceil(width / CELL), Math.ceil(height / CELL)];
  const [xx, xy, yy, crowd, other] = Array.from(
    { length: 5 },
    () => new Float32Array(columns * rows),
  );
  const cellOf = (x: number, y: number) => Math.floor(y / CELL) * columns + Math.floor(x / CELL);
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const at = y * width + x;
      const ground = luma[at] - sign * levels[at];
      const dx = luma[at + 1] - sign * levels[at + 1] - ground;
      const dy = luma[at + width] - sign * levels[at + width] - ground;
      const cell = cellOf(x, y);
      xx[cell] += dx * dx;
      xy[cell] += dx * dy;
      yy[cell] += dy * dy;
      other[cell] += others[at];
    }
  }
  for (const { pixels, threshold } of shapes) {
    if (threshold > 0) continue;
    for (const at of pixels) crowd[cellOf(at % width, Math.floor(at / width))]++;
  }
  const around = (plane: Float32Array, reach: number) =>
    averaged(plane, columns, rows, reach).map((sum) => sum / CELL ** 2);
  return {
    columns,
    tensors: [NEAR_CELLS, FAR_CELLS].map((
      reach,
    ) => [around(xx, reach), around(xy, reach), around(yy, reach)]),
    crowds: [NEAR_CELLS, FAR_CELLS].map((reach) => around(crowd, reach)),
    other: around(other, NEAR_CELLS),
  };
}

/** What is around the middle of a shape, and whether it goes on beyond its ends. */
function placeFeatures(
  form: Form,
  planes: Planes,
  side: Side,
  { columns, tensors, crowds, other }: Surroundings,
): number[] {
  const cell = Math.floor(form.y / CELL) * columns + Math.floor(form.x / CELL);
  const [cos, sin] = form.along;
  const lengthwise = (cos * cos - sin * sin) * (1 - form.breadth / form.length);
  const sidewise = 2 * cos * sin * (1 - form.breadth / form.length);
  const structure = tensors.flatMap(([xx, xy, yy]) => {
    const energy = xx[cell] + yy[cell];
    const [real, imaginary] = [xx[cell] - yy[cell], 2 * xy[cell]].map((part) =>
      part / (energy + 1)
    );
    return [
      Math.log(0.3 + energy),
      Math.hypot(real, imaginary),
      // 1 where edges run across the shape, -1 where they run along it.
      real * lengthwise + imaginary * sidewise,
    ];
  });
  const { beyond, aside } = continuation(form, planes, side);
  return [
    ...structure,
    ...crowds.map((crowd) => Math.log(0.001 + crowd[cell])),
    Math.log(0.5 + other[cell]),
    beyond / form.standing,
    Math.log((beyond + 2) / (aside + 2)),
  ];
}

/** How far pixels stand out on the line beyond both ends, and on lines beside it. */
function continuation(
  { x, y, along: [cos, sin], length }: Form,
  { width, height, ...planes }: Planes,
  side: Side,
): { beyond: number; aside: number } {
  const levels = planes[side];
  const sums = { beyond: 0, aside: 0 };
  let count = 0;
  const at = (u: number, v: number) => {
    const column = Math.round(x + u * cos - v * sin);
    const row = Math.round(y + u * sin + v * cos);
    const isInside = column >= 0 && row >= 0 && column < width && row < height;
    return isInside ? levels[row * width + column] : 0;
  };
  for (let i = 3; i < BEYOND; i += 1.5) {
    for (const u of [length / 2 + i, -length / 2 - i]) {
      sums.beyond += Math.max(at(u, -1), at(u, 0), at(u, 1));
      const [above, below] = [-ASIDE, ASIDE].map((v) =>
        Math.max(at(u, v - 1), at(u, v), at(u, v + 1))
      );
      sums.aside += (above + below) / 2;
      count++;
    }
  }
  return { beyond: sums.beyond / count, aside: sums.aside / count };
}

/** How many shapes near each are as long: of its direction, and of any; and how far they stand out. */
function likesOf(forms: readonly Form[]): number[][] {
  const placeOf = (x: number, y: number) =>
    `${Math.floor(x / LIKE_REACH)} ${Math.floor(y / LIKE_REACH)}`;
  const places = Map.groupBy(forms, ({ x, y }) => placeOf(x, y));
  return forms.map((form) => {
    let [parallel, any, strongest] = [0, 0, 0];
    for (const dx of [-1, 0, 1]) {
      for (const dy of [-1, 0, 1]) {
        const others = places.get(placeOf(form.x + dx * LIKE_REACH, form.y + dy * LIKE_REACH));
        for (const other of others ?? []) {
          if (other === form) continue;
          const way = Math.hypot(other.x - form.x, other.y - form.y);
          if (way > LIKE_REACH || Math.abs(Math.log(other.length / form.length)) > LIKE_LENGTH) {
            continue;
          }
          any++;
          strongest = Math.max(strongest, other.standing);
          const cos = other.along[0] * form.along[0] + other.along[1] * form.along[1];
          if (Math.abs(cos) > LIKE_ANGLE) parallel++;
        }
      }
    }
    return [Math.log(1 + parallel), Math.log(1 + any), Math.min(3, strongest / form.standing)];
  });
}

/** A channel of a pixel, 0 to 255. */
type ColourReader = (at: number, channel: number) => number;

function colourReader({ channels, depth, data }: Picture): ColourReader {
  const scale = 255 / whiteOf(depth);
  if (channels <= 2) return (at) => scale * data[at * channels];
  return (at, channel) => scale * data[at * channels + channel];
}

/** Mean, variance and largest of something over pixels. */
function momentsOf(pixels: readonly number[], value: (at: number) => number) {
  let [sum, squares, largest] = [0, 0, -Infinity];
  for (const at of pixels) {
    const each = value(at);
    [sum, squares, largest] = [sum + each, squares + each ** 2, Math.max(largest, each)];
  }
  const mean = sum / pixels.length;
  return { mean, variance: Math.max(0, squares / pixels.length - mean ** 2), largest };
}

/** The share of the pixels that are darker than each level of 0 to 255, half of those of the level itself. */
function ranksOf(luma: Float32Array): Float32Array {
  const counts = new Float32Array(256);
  for (const value of luma) counts[Math.round(value)]++;
  let below = 0;
  return counts.map((count) => {
    const rank = (below + count / 2) / luma.length;
    below += count;
    return rank;
  });
}

/** The share of the values that are less than each. */
function orderOf(values: readonly number[]): Float32Array {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const ranks = new Float32Array(values.length);
  order.forEach((i, at) => ranks[i] = at / values.length);
  return ranks;
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
