/**
 * Which source positions make an output position along one axis, and with what weights: resampling,
 * and what the other separable filters of this room need. Computed in float64.
 *
 * Same taps, weights and edges as MATLAB's `imresize`: the kernel is widened when shrinking
 * (antialiasing), weights are normalised, and the picture is mirrored at its edges. The kernels are
 * Keys' bicubic (IEEE ASSP 29, 1981; a = -0.5) and Lanczos' windowed sinc with three lobes.
 */

/** The resampling kernels. */
export type ResampleKernel = "bicubic" | "lanczos3";

/** Taps of every output position along one axis. */
export interface Taps {
  /** Taps per output position. */
  count: number;
  /** `[output][tap]` of (source position, weight as f32 bits). */
  words: Uint32Array;
}

const KERNELS: Record<ResampleKernel, { support: number; weight: (x: number) => number }> = {
  bicubic: { support: 2, weight: bicubic },
  lanczos3: { support: 3, weight: lanczos3 },
};

/**
 * Computes the taps along one axis, in float64.
 *
 * @param from Source length, at least 1.
 * @param to Output length, at least 1.
 */
export function resampleTaps(from: number, to: number, kernel: ResampleKernel): Taps {
  const { support, weight } = KERNELS[kernel];
  const scale = to / from;
  const stretch = Math.max(1, 1 / scale);
  const count = Math.floor(2 * support * stretch) + 1;
  const words = new Uint32Array(to * count * 2);
  const floats = new Float32Array(words.buffer);
  for (let o = 0; o < to; o++) {
    const centre = (o + 0.5) / scale - 0.5;
    const first = Math.ceil(centre - support * stretch);
    const weights = Array.from({ length: count }, (_, i) => weight((centre - first - i) / stretch));
    const sum = weights.reduce((a, b) => a + b);
    for (let i = 0; i < count; i++) {
      const at = (o * count + i) * 2;
      words[at] = mirrored(first + i, from);
      floats[at + 1] = weights[i] / sum;
    }
  }
  return { count, words };
}

/** First and last source position that outputs `from` (included) to `to` (excluded) read. */
export function sourceRange(taps: Taps, from: number, to: number): { first: number; last: number } {
  let first = Infinity;
  let last = 0;
  for (let i = from * taps.count; i < to * taps.count; i++) {
    first = Math.min(first, taps.words[i * 2]);
    last = Math.max(last, taps.words[i * 2]);
  }
  return { first, last };
}

/** Taps that take every position as it is. */
export function identityTaps(length: number): Taps {
  return tapsOf(Array.from({ length }, (_, at) => new Map([[at, 1]])));
}

/**
 * Taps of a Gaussian of three standard deviations' reach.
 *
 * @param sigma Standard deviation in positions, above 0.
 */
export function gaussianTaps(length: number, sigma: number): Taps {
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from(
    { length: 2 * reach + 1 },
    (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((a, b) => a + b);
  return tapsOf(Array.from({ length }, (_, at) => {
    const row = new Map<number, number>();
    weights.forEach((weight, i) => add(row, mirrored(at + i - reach, length), weight / sum));
    return row;
  }));
}

/** The taps of two filters, one after the other, as those of one. */
export function composedTaps(first: Taps, second: Taps): Taps {
  const length = second.words.length / (2 * second.count);
  return tapsOf(Array.from({ length }, (_, at) => {
    const row = new Map<number, number>();
    for (const [between, outer] of tapsAt(second, at)) {
      for (const [from, inner] of tapsAt(first, between)) add(row, from, outer * inner);
    }
    return row;
  }));
}

/** Builds taps from the weights of source positions, for every output position. */
function tapsOf(rows: Map<number, number>[]): Taps {
  const count = Math.max(...rows.map((row) => row.size));
  const words = new Uint32Array(rows.length * count * 2);
  const floats = new Float32Array(words.buffer);
  rows.forEach((row, output) => {
    const entries = [...row].sort(([a], [b]) => a - b);
    for (let i = 0; i < count; i++) {
      // What a row has too few of is made up for by taps that weigh nothing.
      const [position, weight] = entries[i] ?? [entries[0][0], 0];
      words[(output * count + i) * 2] = position;
      floats[(output * count + i) * 2 + 1] = weight;
    }
  });
  return { count, words };
}

function add(row: Map<number, number>, position: number, weight: number): void {
  row.set(position, (row.get(position) ?? 0) + weight);
}

function* tapsAt({ count, words }: Taps, output: number): Generator<[number, number]> {
  const floats = new Float32Array(words.buffer);
  for (let i = output * count; i < (output + 1) * count; i++) {
    yield [words[i * 2], floats[i * 2 + 1]];
  }
}

function bicubic(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}

function lanczos3(x: number): number {
  if (x === 0) return 1;
  const t = Math.PI * x;
  return Math.abs(x) < 3 ? 3 * Math.sin(t) * Math.sin(t / 3) / (t * t) : 0;
}

/** The picture repeats, mirrored, with its edge pixels doubled. */
function mirrored(at: number, length: number): number {
  const period = 2 * length;
  const within = ((at % period) + period) % period;
  return Math.min(within, period - 1 - within);
}
