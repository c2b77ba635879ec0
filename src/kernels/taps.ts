/**
 * Which source positions make an output position along one axis, and with what weights: resampling,
 * and what the other separable filters of this room need. Computed in float64.
 *
 * Same taps, weights and edges as MATLAB's `imresize`: the kernel is widened when shrinking
 * (antialiasing), weights are normalised, and the picture is mirrored at its edges. The kernels are
 * Keys' bicubic (IEEE ASSP 29, 1981; a = -0.5) and Lanczos' windowed sinc with three lobes.
 */

/** The resampling kernels: what a picture can be enlarged with instead of a network. */
export type ResampleKernel = "bicubic" | "lanczos3";

/** Says whether a model is no network but a resampling kernel. */
export function isResampleKernel(model: unknown): model is ResampleKernel {
  return model === "bicubic" || model === "lanczos3";
}

/** Taps of every output position along one axis: a run of source positions, and a weight for each. */
export interface Taps {
  /** Weights per output position; where a run is shorter, the others are 0. */
  count: number;
  /** `[output][1 + count]`: the first source position, then the weights as f32 bits. */
  words: Uint32Array;
}

/** Below this a weight is a rounding error of 0. */
const NOTHING = 1e-12;

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
  return tapsOf(to, from, (output, add) => {
    const centre = (output + 0.5) / scale - 0.5;
    const first = Math.ceil(centre - support * stretch);
    const weights = Array.from({ length: count }, (_, i) => weight((centre - first - i) / stretch));
    const sum = weights.reduce((a, b) => a + b);
    weights.forEach((each, i) => add(mirrored(first + i, from), each / sum));
  });
}

/** First and last source position that outputs `from` (included) to `to` (excluded) read. */
export function sourceRange(taps: Taps, from: number, to: number): { first: number; last: number } {
  let first = Infinity;
  let last = 0;
  for (let output = from; output < to; output++) {
    const at = taps.words[output * (1 + taps.count)];
    first = Math.min(first, at);
    last = Math.max(last, at + taps.count - 1);
  }
  return { first, last };
}

/** Taps that take every position as it is. */
export function identityTaps(length: number): Taps {
  return tapsOf(length, length, (output, add) => add(output, 1));
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
  return tapsOf(length, length, (output, add) => {
    weights.forEach((each, i) => add(mirrored(output + i - reach, length), each / sum));
  });
}

/**
 * The taps of two filters, one after the other, as those of one.
 *
 * @param length Source length of the first, and output length of the second.
 */
export function composedTaps(first: Taps, second: Taps, length: number): Taps {
  return tapsOf(length, length, (output, add) => {
    for (const [between, outer] of weightsAt(second, output)) {
      for (const [from, inner] of weightsAt(first, between)) add(from, outer * inner);
    }
  });
}

/**
 * Builds taps.
 *
 * @param weigh Adds the weights of source positions of an output position; positions may repeat.
 */
function tapsOf(
  to: number,
  from: number,
  weigh: (output: number, add: (position: number, weight: number) => void) => void,
): Taps {
  const outputs = Array.from({ length: to }, (_, output) => {
    const entries: [position: number, weight: number][] = [];
    weigh(output, (position, weight) => entries.push([position, weight]));
    return runOf(entries);
  });
  const count = outputs.reduce((most, { weights }) => Math.max(most, weights.length), 0);
  const words = new Uint32Array(to * (1 + count));
  const floats = new Float32Array(words.buffer);
  outputs.forEach(({ first, weights }, output) => {
    // A run that is too short for the end of the source begins before its first weight.
    const start = Math.min(first, from - count);
    words[output * (1 + count)] = start;
    floats.set(weights, output * (1 + count) + 1 + first - start);
  });
  return { count, words };
}

/** The weights from the first to the last that counts for something, those of a position added up. */
function runOf(
  entries: [position: number, weight: number][],
): { first: number; weights: number[] } {
  let [least, most] = [Infinity, -Infinity];
  for (const [position] of entries) {
    least = Math.min(least, position);
    most = Math.max(most, position);
  }
  const weights = new Array<number>(most + 1 - least).fill(0);
  for (const [position, weight] of entries) weights[position - least] += weight;
  const counts = (weight: number) => Math.abs(weight) > NOTHING;
  const [first, last] = [weights.findIndex(counts), weights.findLastIndex(counts)];
  return { first: least + first, weights: weights.slice(first, last + 1) };
}

/** Yields the source positions of an output position and their weights. */
export function* weightsAt({ count, words }: Taps, output: number): Generator<[number, number]> {
  const floats = new Float32Array(words.buffer);
  const at = output * (1 + count);
  for (let i = 0; i < count; i++) yield [words[at] + i, floats[at + 1 + i]];
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
