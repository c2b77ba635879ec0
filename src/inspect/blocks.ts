/**
 * What a JPEG leaves in pixels, whatever file they are in now: edges between blocks of 8 x 8 pixels,
 * and frequencies of those blocks that are multiples of a quantisation table.
 *
 * The idea: Z. Fan, R. L. de Queiroz, "Identification of bitmap compression history: JPEG detection
 * and quantizer estimation", IEEE Transactions on Image Processing 12(2), 2003. Here whole tables are
 * tried instead of single steps, so that few blocks are enough.
 */

import { scaledTable, TABLE_FAMILIES, ZIGZAG } from "./jpeg_tables.ts";
import type { Region } from "./regions.ts";

/** The traces of a JPEG in pixels. */
export interface BlockTraces {
  /**
   * How much larger the steps between blocks are than those within, in levels of 255: about 0 for a
   * picture that was never a JPEG, 1 where blocks begin to show. 0 for a picture too small to tell.
   */
  blockiness: number;
  /** Quality of the JPEG, 1 to 95 on libjpeg's scale; `undefined` if no trace of a table is found. */
  quality: number | undefined;
}

const SIDE = 8;

/** Steps larger than this are the picture's own edges. */
const LARGEST_STEP = 16;

/** Steps per position in a block, below which chance may look like blocks: about 92 x 92 pixels. */
const MIN_STEPS = 1000;

/** Blocks that are transformed, at most. */
const MAX_BLOCKS = 3000;

/** The frequencies that are looked at: the first ones of the zigzag after the mean. */
const FREQUENCIES = 15;

/** The best quality that leaves traces: the steps of better ones are no larger than rounding. */
const HIGHEST_QUALITY = 95;

/** Steps below this are no larger than the rounding of pixels. */
const SMALLEST_STEP = 2;

/** Entries of the table of cosines, for a full turn. */
const TURN = 1024;
const TURN_COSINES = Float32Array.from({ length: TURN }, (_, i) => {
  return Math.cos(2 * Math.PI * i / TURN);
});

/** Coefficients that are not 0, below which nothing can be said. */
const MIN_COEFFICIENTS = 300;

/** How well coefficients must fit a table: 1 if all are multiples, about 0 by chance. */
const MIN_FIT = 0.3;

/** A table whose fit is this share of the best one's, and whose steps are larger, is the true one. */
const NEARLY = 0.85;

/** Where blocks begin, modulo 8. */
interface Phase {
  x: number;
  y: number;
}

/** The sizes of coefficients by frequency, each the largest first. */
type Coefficients = readonly (readonly number[])[];

/** One of the tables of encoders. */
interface Table {
  quality: number;
  family: number;
}

/** Looks for the traces of a JPEG; the grid of its blocks may have been moved by cropping. */
export function findBlocks(regions: readonly Region[]): BlockTraces {
  const across = stepsByPhase(regions, true);
  const down = stepsByPhase(regions, false);
  const phase = { x: indexOfLargest(across), y: indexOfLargest(down) };
  const phases = phase.x === 0 && phase.y === 0 ? [phase] : [{ x: 0, y: 0 }, phase];
  const qualities = phases.map((phase) => qualityAt(regions, phase));
  const pixels = regions.reduce((sum, { width, height }) => sum + width * height, 0);
  const blockiness = pixels < SIDE * MIN_STEPS ? 0 : Math.min(excess(across), excess(down));
  return { blockiness, quality: qualities.find((quality) => quality !== undefined) };
}

/**
 * The quality of a JPEG whose blocks begin there. What fits a table half a block beside them as well is
 * a pattern of the picture, such as the steps of a drawn gradient.
 */
function qualityAt(regions: readonly Region[], phase: Phase): number | undefined {
  const table = tableOf(coefficientsOf(regions, phase));
  if (table === undefined) return undefined;
  const beside = { x: (phase.x + SIDE / 2) % SIDE, y: (phase.y + SIDE / 2) % SIDE };
  const { quality, family } = table;
  const fit = fitOf(coefficientsOf(regions, beside), scaledTable(quality, family));
  return fit < MIN_FIT ? quality : undefined;
}

/**
 * Returns by how much the step to a column (or row) exceeds its neighbours, on average over those
 * that have the same position in a block: `[8]`.
 */
function stepsByPhase(regions: readonly Region[], across: boolean): Float64Array {
  const sums = new Float64Array(SIDE);
  const counts = new Float64Array(SIDE);
  for (const { width, height, luma } of regions) {
    const [length, lines] = across ? [width, height] : [height, width];
    const [stride, next] = across ? [1, width] : [width, 1];
    for (let i = 2; i < length - 1; i++) {
      let sum = 0;
      for (let line = 0; line < lines; line++) {
        const at = line * next + i * stride;
        const before = step(luma, at - stride, stride);
        sum += step(luma, at, stride) - (before + step(luma, at + stride, stride)) / 2;
      }
      sums[i % SIDE] += sum;
      counts[i % SIDE] += lines;
    }
  }
  return sums.map((sum, i) => counts[i] === 0 ? 0 : sum / counts[i]);
}

/** The step from the sample before to this one, at most `LARGEST_STEP`. */
function step(luma: Float32Array, at: number, stride: number): number {
  return Math.min(Math.abs(luma[at] - luma[at - stride]), LARGEST_STEP);
}

function indexOfLargest(values: Float64Array): number {
  return values.indexOf(Math.max(...values));
}

/** The largest against the mean of those that are not its neighbours, whose own excess it lowers. */
function excess(byPhase: Float64Array): number {
  const at = indexOfLargest(byPhase);
  let sum = 0;
  for (let i = 2; i <= SIDE - 2; i++) sum += byPhase[(at + i) % SIDE];
  return byPhase[at] - sum / (SIDE - 3);
}

/** Transforms blocks; what any table rounds to 0 is left out. */
function coefficientsOf(regions: readonly Region[], phase: Phase): Coefficients {
  const places = regions.flatMap((region) => blocksOf(region, phase));
  const every = Math.max(Math.ceil(places.length / MAX_BLOCKS), 1);
  const columns = Array.from({ length: FREQUENCIES }, (): number[] => []);
  for (let block = 0; block < places.length; block += every) {
    const { region, x, y } = places[block];
    const transformed = transform(region, x, y);
    columns.forEach((column, i) => {
      const size = Math.abs(transformed[ZIGZAG[i + 1]]);
      if (size > SMALLEST_STEP / 2) column.push(size);
    });
  }
  return columns.map((column) => column.sort((a, b) => b - a));
}

function blocksOf(region: Region, { x: left, y: top }: Phase) {
  const places: { region: Region; x: number; y: number }[] = [];
  for (let y = top; y + SIDE <= region.height; y += SIDE) {
    for (let x = left; x + SIDE <= region.width; x += SIDE) places.push({ region, x, y });
  }
  return places;
}

/** `[frequency][position]` of the orthonormal cosine transform. */
const COSINES = Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
  const [frequency, position] = [i >> 3, i & 7];
  const norm = Math.sqrt((frequency === 0 ? 1 : 2) / SIDE);
  return norm * Math.cos((2 * position + 1) * frequency * Math.PI / (2 * SIDE));
});

/** The cosine transform of a block of brightness, as JPEG defines it: `[8][8]`. */
function transform({ luma, width }: Region, x: number, y: number): Float64Array {
  const rows = new Float64Array(64);
  const result = new Float64Array(64);
  for (let j = 0; j < SIDE; j++) {
    const at = (y + j) * width + x;
    for (let u = 0; u < SIDE; u++) {
      let sum = 0;
      for (let i = 0; i < SIDE; i++) sum += COSINES[u * SIDE + i] * luma[at + i];
      rows[j * SIDE + u] = sum;
    }
  }
  for (let v = 0; v < SIDE; v++) {
    for (let u = 0; u < SIDE; u++) {
      let sum = 0;
      for (let j = 0; j < SIDE; j++) sum += COSINES[v * SIDE + j] * rows[j * SIDE + u];
      result[v * SIDE + u] = sum;
    }
  }
  return result;
}

/** The table that the coefficients are multiples of. */
function tableOf(coefficients: Coefficients): Table | undefined {
  const fits = TABLE_FAMILIES.map((family) => fitsOf(coefficients, family));
  const best = Math.max(...fits.flat());
  if (best < MIN_FIT) return undefined;
  // A table with half the true steps fits as well: the largest steps that fit are meant.
  const peaks = fits.flatMap((fits, family) => {
    const quality = peakOf(fits, NEARLY * best);
    return quality === undefined ? [] : [{ family: TABLE_FAMILIES[family], quality }];
  });
  return peaks.reduce((a, b) => b.quality < a.quality ? b : a);
}

/** The fit of each table of a family, by its quality less 1. */
function fitsOf(coefficients: Coefficients, family: number): number[] {
  return Array.from({ length: HIGHEST_QUALITY }, (_, i) => {
    return fitOf(coefficients, scaledTable(i + 1, family));
  });
}

/** The first quality whose fit is enough and no worse than that of the ones after it. */
function peakOf(fits: readonly number[], enough: number): number | undefined {
  const first = fits.findIndex((fit) => fit >= enough);
  if (first < 0) return undefined;
  let peak = first;
  for (let i = first; i < fits.length && fits[i] >= enough; i++) if (fits[i] > fits[peak]) peak = i;
  return peak + 1;
}

/** The mean of `cos(2 pi c / step)` over the coefficients that are not rounded to 0. */
function fitOf(coefficients: Coefficients, table: readonly number[]): number {
  let sum = 0;
  let count = 0;
  coefficients.forEach((values, i) => {
    const step = table[ZIGZAG[i + 1]];
    if (step < SMALLEST_STEP) return;
    for (const value of values) {
      if (value * 2 <= step) break;
      sum += TURN_COSINES[Math.round(value * TURN / step) % TURN];
      count++;
    }
  });
  return count < MIN_COEFFICIENTS ? -1 : sum / count;
}
