/**
 * Random networks of every family, small enough to run in a test many times.
 */

import { networkFromTensors } from "../../src/networks/detect.ts";
import type { Shapes } from "../../src/networks/checkpoint.ts";
import { addLayer } from "../../src/networks/convolution.ts";
import type { Network } from "../../src/networks/network.ts";
import { rrdbNetShapes, type RrdbNetSizes } from "../../src/networks/rrdbnet/rrdbnet.ts";
import {
  srResNetShapes,
  type SrResNetSizes,
} from "../../src/networks/srresnet_compact/srresnet_compact.ts";
import {
  compactShapes,
  type CompactSizes,
} from "../../src/networks/srvgg_net_compact/srvgg_net_compact.ts";
import {
  type FloatTensor,
  readSafetensors,
  writeSafetensors,
} from "../../src/weights/safetensors.ts";
import type { Random } from "../reference/random.ts";

/** An RRDBNet; few and narrow blocks unless `sizes` says otherwise. */
export function tinyRrdbNet(random: Random, sizes: Partial<RrdbNetSizes> = {}): Network {
  return read(tinyRrdbNetFile(random, sizes));
}

const RRDBNET: RrdbNetSizes = { blocks: 1, features: 12, growth: 5, unshuffle: 1, upsamplings: 2 };

/** The same as the bytes of a safetensors file. */
export function tinyRrdbNetFile(random: Random, sizes: Partial<RrdbNetSizes> = {}): Uint8Array {
  return fill(rrdbNetShapes({ ...RRDBNET, ...sizes }), random);
}

const COMPACT: CompactSizes = { features: 10, convolutions: 3, scale: 4, activation: "prelu" };

/** A SRVGGNetCompact; few and narrow convolutions unless `sizes` says otherwise. */
export function tinyCompact(random: Random, sizes: Partial<CompactSizes> = {}): Network {
  return read(tinyCompactFile(random, sizes));
}

/** The same as the bytes of a safetensors file. */
export function tinyCompactFile(random: Random, sizes: Partial<CompactSizes> = {}): Uint8Array {
  return fill(compactShapes({ ...COMPACT, ...sizes }), random);
}

const SRRESNET: SrResNetSizes = { features: 12, blocks: 2, convolutions: 2, scale: 4 };

/** A SRResNetCompact; few and narrow blocks unless `sizes` says otherwise. */
export function tinySrResNet(
  random: Random,
  sizes: Partial<SrResNetSizes> = {},
  block: "residual" | "gate" = "residual",
): Network {
  const shapes = srResNetShapes({ ...SRRESNET, ...sizes });
  return read(fill(shapes, random, new Map([["block", block]])));
}

/** A SPAN, collapsed and without normalisation. */
export function tinySpan(random: Random, scale: number): Network {
  const features = 8;
  const shapes: Shapes = new Map([["no_norm", [1]]]);
  addLayer(shapes, "conv_1.eval_conv", features, 3);
  for (let block = 1; block <= 6; block++) {
    for (const k of [1, 2, 3]) {
      addLayer(shapes, `block_${block}.c${k}_r.eval_conv`, features, features);
    }
  }
  addLayer(shapes, "conv_2.eval_conv", features, features);
  addLayer(shapes, "conv_cat", features, 4 * features, { kernel: 1 });
  addLayer(shapes, "upsampler.0", 3 * scale ** 2, features);
  return read(fill(shapes, random));
}

/** What a PLKSR is made of. */
export interface PlksrKind {
  /** RealPLKSR has Mish, another name for the mixer, and a layer without tensors before the last. */
  real: boolean;
  norm?: "group" | "layer";
  attention?: boolean;
  features?: number;
  convolved?: number;
  kernel?: number;
  scale?: number;
  mixerKernels?: [1 | 3, 1 | 3];
  /** Groups of DySample; without, there is none. */
  groups?: number;
}

const BLOCKS = 2;

/** Shapes of a PLKSR of two blocks. */
export function plksrShapes(kind: PlksrKind): Shapes {
  const { real, norm, attention = true, features = 8, convolved = 4, kernel = 5, scale = 2 } = kind;
  const { mixerKernels = [3, 3] } = kind;
  const shapes: Shapes = new Map();
  const mixer = real ? "channel_mixer" : "channe_mixer";
  addLayer(shapes, "feats.0", features, 3);
  for (let block = 1; block <= BLOCKS; block++) {
    const prefix = `feats.${block}`;
    addLayer(shapes, `${prefix}.${mixer}.0`, 2 * features, features, { kernel: mixerKernels[0] });
    addLayer(shapes, `${prefix}.${mixer}.2`, features, 2 * features, { kernel: mixerKernels[1] });
    addLayer(shapes, `${prefix}.lk.conv`, convolved, convolved, { kernel });
    if (attention) addLayer(shapes, `${prefix}.attn.f.0`, features, features);
    addLayer(shapes, `${prefix}.refine`, features, features, { kernel: 1 });
    if (norm === undefined) continue;
    const layer = `${prefix}.${norm === "group" ? "norm" : "layer_norm"}`;
    shapes.set(`${layer}.weight`, [features]);
    shapes.set(`${layer}.bias`, [features]);
  }
  const sampled = 3 * scale ** 2;
  addLayer(shapes, `feats.${BLOCKS + (real ? 2 : 1)}`, sampled, features);
  if (kind.groups !== undefined) {
    const moves = 2 * kind.groups * scale ** 2;
    addLayer(shapes, "to_img.offset", moves, sampled, { kernel: 1 });
    addLayer(shapes, "to_img.scope", moves, sampled, { kernel: 1, bias: false });
    addLayer(shapes, "to_img.end_conv", 3, sampled, { kernel: 1 });
    shapes.set("to_img.init_pos", [1, moves, 1, 1]);
  }
  return shapes;
}

/** A PLKSR or RealPLKSR of two blocks. */
export function tinyPlksr(random: Random, kind: PlksrKind): Network {
  return read(fill(plksrShapes(kind), random));
}

function read(file: Uint8Array): Network {
  const { tensors, metadata } = readSafetensors(file);
  return networkFromTensors(tensors, metadata);
}

/**
 * Weights that keep the size of what goes through, so that every layer matters to the result. An
 * RRDBNet's last bias is grey: a result that is black or white everywhere counts as a broken one.
 */
function fill(shapes: Shapes, random: Random, metadata?: Map<string, string>): Uint8Array {
  const tensors = new Map<string, FloatTensor>();
  for (const [name, shape] of shapes) {
    const length = shape.reduce((product, size) => product * size, 1);
    const bound = shape.length === 4 ? Math.sqrt(3 / (9 * shape[1])) : 0.3;
    const data = name === "conv_last.bias"
      ? new Float32Array(length).fill(0.5)
      : random.values(length, -bound, bound);
    tensors.set(name, { dtype: "F32", shape, data });
  }
  return writeSafetensors(tensors, metadata);
}
