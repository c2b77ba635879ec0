/**
 * Shapes of matrix products: what an adapter's matrix units offer, and how a convolution is cut for them.
 */

import { type AdapterSummary, MATRIX_FEATURES } from "../gpu/device.ts";

/** A product of `m` pixels by `k` inputs with `k` inputs by `n` outputs, which a subgroup computes. */
export interface MatrixShape {
  m: 8 | 16;
  n: 8 | 16;
  k: 8 | 16;
  /** Lanes of the subgroup. */
  lanes: number;
  /** `twin`: the same without matrix units, which any adapter can run, for checks. */
  by: "units" | "twin";
  staged: Staged;
}

/** What a workgroup copies into its memory before its subgroups load matrices of it. */
export type Staged = "nothing" | "weights" | "pixels" | "both";

/** Every way to stage; the first is taken where none was measured to be faster. */
export const STAGED: readonly Staged[] = ["nothing", "weights", "pixels", "both"];

/** Whether pixels and weights are staged. */
export function stagesOf(staged: Staged): { pixels: boolean; weights: boolean } {
  return {
    pixels: staged === "pixels" || staged === "both",
    weights: staged === "weights" || staged === "both",
  };
}

/** How much one subgroup computes, and how many of them a workgroup has. */
export interface MatrixBlock {
  /** Rows of pixels. */
  rows: number;
  /** Matrices of outputs, side by side. */
  tiles: number;
  subgroups: number;
  /** Matrices of sums of a subgroup that are in workgroup memory at once. */
  held: number;
}

/** Pixels along each axis that every workgroup's rows and columns divide. */
export const MATRIX_MULTIPLE = 16;

/** Channels that lie beside each other. */
export const CHUNK = 16;

/** Registers of a lane that sums may take, by lanes: GPUs', Intel's, and a processor's, which compiles long. */
const SUMS_PER_LANE: [lanes: number, registers: number][] = [[32, 128], [16, 64], [0, 16]];

/** Bytes of a workgroup's memory: what every adapter has. */
const WORKGROUP_BYTES = 16384;

/** Outputs of a subgroup, those that are preferred first: each divides what 16 divides best. */
const OUTPUTS = [64, 48, 32, 16];

/**
 * Returns the shape that an adapter's matrix units compute f16 with sums of f32 in, the largest that the
 * kernels can use, or what is missing, for people.
 */
export function matrixShapeOf(
  { matrixConfigs, subgroupSizes }: AdapterSummary,
  enabled: ReadonlySet<string>,
): MatrixShape | { missing: string } {
  const feature = MATRIX_FEATURES.find((name) => !enabled.has(name));
  if (feature !== undefined) return { missing: `the feature ${feature}` };
  const shapes = matrixConfigs
    .filter(({ from, to, m, n, k }) => from === "f16" && to === "f32" && [m, n, k].every(isUsable))
    .sort((a, b) => b.m * b.n * b.k - a.m * a.n * a.k || b.n - a.n);
  const [shape] = shapes as unknown as Pick<MatrixShape, "m" | "n" | "k">[];
  if (shape === undefined) {
    const offered = matrixConfigs.map(({ from, to, m, n, k }) => `${from} to ${to} ${m}x${n}x${k}`);
    return { missing: `a shape of f16 to f32 among ${offered.join(", ") || "none"}` };
  }
  const { m, n, k } = shape;
  return { m, n, k, lanes: lanesFor(m, subgroupSizes), by: "units", staged: STAGED[0] };
}

function isUsable(side: number): boolean {
  return side === 8 || side === 16;
}

/** 32 wherever there is a choice, but for units of 8 rows and 16 lanes, which are Intel's. */
function lanesFor(m: number, { min, max }: AdapterSummary["subgroupSizes"]): number {
  const wanted = m === 8 && min === 16 ? 16 : 32;
  return Math.min(Math.max(wanted, min), max);
}

/**
 * Cuts a convolution of `taps` x `taps` to `outputs` stored channels, a multiple of 16. As many subgroups
 * as there is memory for share what is staged.
 */
export function matrixBlock(shape: MatrixShape, outputs: number, taps: number): MatrixBlock {
  const { m, n, lanes } = shape;
  const [, registers] = SUMS_PER_LANE.find(([least]) => lanes >= least)!;
  const room = registers * lanes / (m * n);
  const block = OUTPUTS.find((count) => outputs % count === 0 && 2 * count / n <= room) ?? CHUNK;
  const tiles = block / n;
  const rows = [8, 4, 2].find((count) => count * tiles <= room) ?? 1;
  const most = Math.min(4, MATRIX_MULTIPLE / rows);
  const cuts = [4, 2, 1].filter((count) => count <= most).flatMap((subgroups) =>
    [8, 4, 3, 2, 1].filter((held) => tiles % held === 0).map((held) => {
      return { rows, tiles, subgroups, held };
    })
  );
  return cuts.find((cut) => workgroupBytes(shape, cut, taps) <= WORKGROUP_BYTES)!;
}

/** Memory that a workgroup takes. */
function workgroupBytes({ m, n, staged }: MatrixShape, cut: MatrixBlock, taps: number): number {
  const { rows, tiles, subgroups, held } = cut;
  const halo = taps - 1;
  const stages = stagesOf(staged);
  const pixels = stages.pixels ? (subgroups * rows + halo) * (m + halo) : 0;
  const weights = stages.weights ? taps * tiles * n : 0;
  return 2 * CHUNK * (pixels + weights) + 4 * subgroups * held * m * n;
}
