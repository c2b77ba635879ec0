/**
 * The styles of convolution: the same function, written for different kinds of adapters.
 *
 * A table by adapter class decides which one runs, unless `tessera tune` has measured this very
 * adapter (see `gpu/tuning.ts`).
 */

import type { AdapterSummary } from "../gpu/device.ts";
import type { OutQuads } from "./layout.ts";

/** A style's name. */
export type Style = "subgroup" | "uniform" | "slim" | "tile";

/** Pixels of one invocation, by the number of output quads that it computes. */
type Patches = Record<OutQuads, { width: number; height: number }>;

/** What a style is made of. */
export interface StyleSpec {
  /** For people. */
  summary: string;
  /** Whether invocations read their windows themselves or share a workgroup's. */
  window: "own" | "shared";
  /** Whether weights are read by all from one address, or by eight lanes in turn. */
  weights: "uniform" | "subgroup";
  /** Invocations of a workgroup. */
  workgroup: { x: number; y: number };
  patch: Patches;
  /**
   * Source pixels along a row of one invocation of an enlarging convolution. On lavapipe four take a
   * sixth less time than two; elsewhere that many sums would leave few invocations room.
   */
  upconvWidth: number;
}

const SQUARE = { x: 8, y: 8 };

/** 12 to 20 sums of 4 channels: what the registers of most GPUs hold beside a window. */
const MODERATE: Patches = {
  2: { width: 4, height: 2 },
  3: { width: 2, height: 2 },
  4: { width: 2, height: 2 },
  5: { width: 2, height: 2 },
  6: { width: 2, height: 1 },
  7: { width: 2, height: 1 },
};

/** Every style. */
export const STYLES: Record<Style, StyleSpec> = {
  subgroup: {
    summary: "a workgroup is one vector of the processor, whose lanes share the weights",
    window: "own",
    weights: "subgroup",
    workgroup: { x: 8, y: 1 },
    // Sums live in memory here anyway, but for the quad that is summed.
    patch: { ...MODERATE, 6: { width: 2, height: 2 }, 7: { width: 2, height: 2 } },
    upconvWidth: 4,
  },
  uniform: {
    summary: "no workgroup memory, mostly 2x2 pixels and 16 outputs per invocation",
    window: "own",
    weights: "uniform",
    workgroup: SQUARE,
    patch: MODERATE,
    upconvWidth: 2,
  },
  slim: {
    summary:
      "no workgroup memory, mostly 2x1 pixels and 16 outputs per invocation, for few registers",
    window: "own",
    weights: "uniform",
    workgroup: SQUARE,
    patch: {
      2: { width: 2, height: 2 },
      3: { width: 2, height: 1 },
      4: { width: 2, height: 1 },
      5: { width: 2, height: 1 },
      6: { width: 1, height: 1 },
      7: { width: 1, height: 1 },
    },
    upconvWidth: 2,
  },
  tile: {
    summary: "the input in workgroup memory, mostly 2x2 pixels and 16 outputs per invocation",
    window: "shared",
    weights: "uniform",
    workgroup: SQUARE,
    patch: MODERATE,
    upconvWidth: 2,
  },
};

/** Styles that an adapter can run. */
export function stylesFor(adapter: AdapterSummary, enabled: ReadonlySet<string>): Style[] {
  const names = Object.keys(STYLES) as Style[];
  return names.filter((name) =>
    STYLES[name].weights === "uniform" || hasLanesOfEight(adapter, enabled)
  );
}

/** The style for an adapter that was not measured. */
export function defaultStyle(adapter: AdapterSummary, enabled: ReadonlySet<string>): Style {
  return adapter.software && hasLanesOfEight(adapter, enabled) ? "subgroup" : "uniform";
}

/** Sizes that every dispatched patch divides, for a tensor that a style's convolutions write. */
export function patchMultiple(style: Style): { width: number; height: number } {
  const { workgroup, patch, upconvWidth } = STYLES[style];
  const patches = [...Object.values(patch), { width: 2 * upconvWidth, height: 2 }];
  return {
    width: Math.max(...patches.map(({ width }) => width * workgroup.x)),
    height: Math.max(...patches.map(({ height }) => height * workgroup.y)),
  };
}

function hasLanesOfEight(adapter: AdapterSummary, enabled: ReadonlySet<string>): boolean {
  const { min, max } = adapter.subgroupSizes;
  return min === 8 && max === 8 && enabled.has("subgroups");
}
