/**
 * The styles of convolution: the same function, written for different kinds of adapters.
 *
 * A table by adapter class decides which one runs, unless `tessera tune` has measured this very
 * adapter (see `kernels/tuning.ts`).
 */

import type { AdapterSummary } from "../gpu/device.ts";
import type { QuadStorage } from "./dispatch.ts";

/** A style's name. */
export type Style =
  | "subgroup"
  | "subgroup16"
  | "uniform"
  | "columns"
  | "staged"
  | "wide"
  | "winograd"
  | "half";

/** What one invocation computes: pixels, and output quads of each. */
export interface Patch {
  quads: number;
  width: number;
  height: number;
}

/** What a style is made of. */
export interface StyleSpec {
  /** For people. */
  summary: string;
  /** How a 3x3 convolution is computed: the whole window at once, or column by column of its taps. */
  way: "window" | "columns" | "winograd" | "half";
  /** Whether weights are read by all from one address, by the lanes in turn, or copied first. */
  weights: "uniform" | "subgroup" | "staged";
  /** Of the subgroup whose lanes share the weights, if they do. */
  lanes?: 8 | 16;
  /** Invocations of a workgroup. */
  workgroup: { x: number; y: number };
  /** Those that are preferred first; the first whose quads divide a layer's is taken. */
  patches: Patch[];
  /**
   * Kernels that go along rows whatever the style (enlarging, depthwise and large-kernel convolutions):
   * source pixels of one invocation, and invocations of a workgroup. On lavapipe four pixels take a
   * sixth less time than two; elsewhere that many sums would leave few invocations room.
   */
  rows: { width: number; workgroup: { x: number; y: number } };
  /**
   * The most output quads of one invocation of the enlarging convolution, which has four sums for each
   * pixel of a row and quad: half of what conv3x3 holds, or a quarter where that would spill.
   */
  enlargedQuads: 1 | 2;
}

const SQUARE = { x: 8, y: 8 };
const ROWS = { width: 2, workgroup: SQUARE };

/** Invocations side by side, so that their loads are too. */
const WIDE = { x: 32, y: 2 };

/** 12 to 16 sums of 4 channels: what the registers of most GPUs hold beside a column. */
const COLUMNS: Patch[] = [
  { quads: 4, width: 1, height: 4 },
  { quads: 5, width: 1, height: 4 },
  { quads: 3, width: 1, height: 4 },
  { quads: 7, width: 1, height: 2 },
  { quads: 2, width: 1, height: 8 },
];

/** As many sums as NVIDIA's registers hold: each load, each address and each copied weight serves more. */
const MANY: Patch[] = [
  { quads: 8, width: 1, height: 4 },
  { quads: 3, width: 1, height: 8 },
  { quads: 4, width: 1, height: 4 },
  { quads: 5, width: 1, height: 4 },
  { quads: 7, width: 1, height: 2 },
  { quads: 2, width: 1, height: 8 },
];

/** Four outputs are six products on their way. */
const WINOGRAD: Patch[] = [4, 3, 2, 1].map((quads) => ({ quads, width: 1, height: 4 }));

/** The sums of one input quad, in f16, need room beside those of all. */
const HALF: Patch[] = [
  { quads: 4, width: 1, height: 4 },
  { quads: 3, width: 1, height: 4 },
  { quads: 2, width: 1, height: 4 },
  { quads: 5, width: 1, height: 2 },
  { quads: 7, width: 1, height: 2 },
];

/** Sums live in memory where these run, but for the quad that is summed. */
const SQUARES: Patch[] = [
  { quads: 4, width: 2, height: 2 },
  { quads: 5, width: 2, height: 2 },
  { quads: 6, width: 2, height: 2 },
  { quads: 3, width: 2, height: 2 },
  { quads: 7, width: 2, height: 2 },
  { quads: 2, width: 4, height: 2 },
];

/** Every style. */
export const STYLES: Record<Style, StyleSpec> = {
  subgroup: {
    summary: "a workgroup is one vector of the processor, whose lanes share the weights",
    way: "window",
    weights: "subgroup",
    lanes: 8,
    workgroup: { x: 8, y: 1 },
    patches: SQUARES,
    rows: { width: 4, workgroup: { x: 8, y: 1 } },
    enlargedQuads: 2,
  },
  subgroup16: {
    summary: "as subgroup, for vectors of 16",
    way: "window",
    weights: "subgroup",
    lanes: 16,
    workgroup: { x: 16, y: 1 },
    patches: SQUARES,
    rows: { width: 4, workgroup: { x: 16, y: 1 } },
    enlargedQuads: 2,
  },
  uniform: {
    summary: "mostly 2x2 pixels and 16 outputs per invocation, all taps at once",
    way: "window",
    weights: "uniform",
    workgroup: SQUARE,
    patches: [
      { quads: 4, width: 2, height: 2 },
      { quads: 5, width: 2, height: 2 },
      { quads: 6, width: 2, height: 1 },
      { quads: 3, width: 2, height: 2 },
      { quads: 7, width: 2, height: 1 },
      { quads: 2, width: 4, height: 2 },
    ],
    rows: ROWS,
    enlargedQuads: 2,
  },
  columns: {
    summary:
      "mostly columns of 4 pixels and 16 outputs per invocation, one column of taps at a time",
    way: "columns",
    weights: "uniform",
    workgroup: WIDE,
    patches: COLUMNS,
    rows: ROWS,
    enlargedQuads: 1,
  },
  staged: {
    summary: "as columns, with the weights in workgroup memory",
    way: "columns",
    weights: "staged",
    workgroup: WIDE,
    patches: COLUMNS,
    rows: ROWS,
    enlargedQuads: 2,
  },
  wide: {
    summary: "as staged, with up to 32 outputs per invocation, and twice as many invocations",
    way: "columns",
    weights: "staged",
    workgroup: { x: 32, y: 4 },
    patches: MANY,
    rows: { width: 2, workgroup: { x: 8, y: 16 } },
    enlargedQuads: 2,
  },
  winograd: {
    summary: "as columns, with half the products by Winograd's F(4,3)",
    way: "winograd",
    weights: "uniform",
    workgroup: WIDE,
    patches: WINOGRAD,
    rows: ROWS,
    enlargedQuads: 1,
  },
  half: {
    summary: "as columns, with products in f16 and sums in f32",
    way: "half",
    weights: "uniform",
    workgroup: WIDE,
    patches: HALF,
    rows: ROWS,
    enlargedQuads: 1,
  },
};

/** Styles that an adapter can run, with activations stored in a way. */
export function stylesFor(
  adapter: AdapterSummary,
  enabled: ReadonlySet<string>,
  storage: QuadStorage,
): Style[] {
  const names = Object.keys(STYLES) as Style[];
  return names.filter((name) => {
    const { way, lanes } = STYLES[name];
    if (lanes !== undefined) return lanes === lanesOf(adapter, enabled);
    return way !== "half" || storage === "f16" && enabled.has("shader-f16");
  });
}

/** Vendors, as Deno names them (by their PCI numbers) and as browsers do. */
const NVIDIA = ["4318", "nvidia"];
const QUALCOMM = ["20803", "qualcomm"];

/**
 * The style for an adapter that was not measured by `tessera tune`: `uniform` with NVIDIA's own driver,
 * where it was measured to be ahead; `wide` with Mesa's, whose loads and tests of bounds cost much;
 * `staged` where compilers spill what is not copied (Adreno's); else `columns`, which no other one
 * spills, and which loses nothing elsewhere. docs/styles.md has the figures.
 */
export function defaultStyle(adapter: AdapterSummary, enabled: ReadonlySet<string>): Style {
  const { vendor, description, software } = adapter;
  if (software) {
    const lanes = lanesOf(adapter, enabled);
    if (lanes === STYLES.subgroup.lanes) return "subgroup";
    if (lanes === STYLES.subgroup16.lanes) return styleOfWideLanes(description);
  }
  if (/\bNVK\b/.test(description)) return "wide";
  if (QUALCOMM.includes(vendor)) return "staged";
  return NVIDIA.includes(vendor) ? "uniform" : "columns";
}

/** Sizes that every dispatched patch divides, for a tensor that a style's convolutions write. */
export function patchMultiple(style: Style): { width: number; height: number } {
  const { workgroup, patches, rows } = STYLES[style];
  const across = [
    ...patches.map(({ width }) => width * workgroup.x),
    2 * rows.width * rows.workgroup.x,
  ];
  const down = [...patches.map(({ height }) => height * workgroup.y), 2 * rows.workgroup.y];
  return { width: Math.max(...across), height: Math.max(...down) };
}

/**
 * The style for vectors of 512 bits: with LLVM 15 sharing is three times as fast as reading for oneself,
 * with LLVM 22 a third. Between them nothing was measured.
 */
function styleOfWideLanes(description: string): Style {
  const version = Number(/\bLLVM (\d+)/.exec(description)?.[1] ?? NaN);
  return version <= 15 ? "subgroup16" : "uniform";
}

/** Lanes of every subgroup, where shaders can rely on them. */
function lanesOf(adapter: AdapterSummary, enabled: ReadonlySet<string>): number | undefined {
  const { min, max } = adapter.subgroupSizes;
  return min === max && enabled.has("subgroups") ? max : undefined;
}
