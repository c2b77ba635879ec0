/**
 * Random networks of both families, small enough to run in a test many times.
 */

import { networkFromTensors } from "../src/networks/detect.ts";
import type { Shapes } from "../src/networks/checkpoint.ts";
import type { Network } from "../src/networks/network.ts";
import { rrdbNetShapes, type RrdbNetSizes } from "../src/networks/rrdbnet.ts";
import { compactShapes, type CompactSizes } from "../src/networks/srvgg_net_compact.ts";
import type { TensorView } from "../src/weights/safetensors.ts";
import type { Random } from "./reference/random.ts";

/** An RRDBNet; few and narrow blocks unless `sizes` says otherwise. */
export function tinyRrdbNet(random: Random, sizes: Partial<RrdbNetSizes> = {}): Network {
  const all = {
    blocks: 1,
    features: 12,
    growth: 5,
    unshuffle: 1,
    upsamplings: 2,
    ...sizes,
  } as const;
  return networkFromTensors(fill(rrdbNetShapes(all), random), new Map());
}

/** A SRVGGNetCompact; few and narrow convolutions unless `sizes` says otherwise. */
export function tinyCompact(random: Random, sizes: Partial<CompactSizes> = {}): Network {
  const all = { features: 10, convolutions: 3, scale: 4, activation: "prelu", ...sizes } as const;
  return networkFromTensors(fill(compactShapes(all), random), new Map());
}

/** Weights that keep the size of what goes through, so that every layer matters to the result. */
function fill(shapes: Shapes, random: Random): Map<string, TensorView> {
  const tensors = new Map<string, TensorView>();
  for (const [name, shape] of shapes) {
    const length = shape.reduce((product, size) => product * size, 1);
    const bound = shape.length === 4 ? Math.sqrt(3 / (9 * shape[1])) : 0.3;
    const values = random.values(length, -bound, bound);
    tensors.set(name, { name, dtype: "F32", shape, bytes: new Uint8Array(values.buffer) });
  }
  return tensors;
}
