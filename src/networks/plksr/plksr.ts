/**
 * PLKSR, the network of partial large kernels (Lee, Yun and Ro, 2024), and RealPLKSR, as neosr and
 * traiNNer train it.
 *
 *   x = feats.0(rgb)
 *   block: t = mixer(x); t's first channels convolved by a large kernel; t = t * sigmoid(conv(t)), in
 *          most; t = 1x1 convolution of t; result t + x
 *   s = last convolution(x) + rgb, each colour repeated for its output pixels
 *   y = pixel_shuffle(s), or DySample(s)
 *
 * The mixer is two convolutions with GELU between them, in RealPLKSR with Mish; one of the two may be
 * 1x1. RealPLKSR has a group norm over the picture before t is added (over 4 groups: the files do not
 * say), or a layer norm over each pixel's channels before the mixer. Its last convolution comes after a
 * dropout, which has a number but no tensors. A group norm makes each pixel depend on all of the picture.
 */

import { ModelError } from "../../errors.ts";
import type { Architecture } from "../architecture.ts";
import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { addLayer, convolution, convolve, type Layer, readLayer } from "../convolution.ts";
import type { Activation, Network, NormOperation, Operation, Residual } from "../network.ts";

/** PLKSR, and RealPLKSR. */
export const plksr: Architecture = {
  name: "PLKSR",
  knownAs: ["RealPLKSR"],
  match(names) {
    const mixed = names.some((name) => /^feats\.1\.channe(l?)_mixer\.0\.weight$/.test(name));
    return mixed ? { read: readPlksr } : undefined;
  },
};

/** What a network's shapes follow from, beside its blocks' layers. */
interface Sizes {
  features: number;
  blocks: number;
  scale: 1 | 2 | 3 | 4;
  /** Name of a block's mixer: PLKSR's own is short of a letter. */
  mixer: "channe_mixer" | "channel_mixer";
  /** Kernels of the mixer's two convolutions. */
  mixerKernels: [1 | 3, 1 | 3];
  /** Channels that the large kernels convolve. */
  convolved: number;
  kernel: number;
  /** Whether blocks have element-wise attention. */
  attention: boolean;
  norm: "group" | "layer" | "none";
  /** Groups of DySample; none without. */
  groups: number | undefined;
}

/** The layer of RealPLKSR that enlarges, where it has learned how. */
const DYSAMPLE = "to_img";

/** Groups of the group norm, in every recipe that is known. */
const GROUPS = 4;
/** Channels that the kernel of a group norm takes together. */
const MOST_OF_A_GROUP = 64;

const GROUP_EPSILON = 1e-5;
const LAYER_EPSILON = 1e-6;

/**
 * Halo in input pixels: 28 blocks with kernels of 17x17 see 310 pixels far, and over the picture with a
 * group norm.
 */
const FAST_HALO = 48;

function readPlksr(checkpoint: Checkpoint): Network {
  const sizes = readSizes(checkpoint);
  const { features, blocks, scale, kernel, norm } = sizes;
  const name = sizes.mixer === "channel_mixer" ? "RealPLKSR" : plksr.name;
  const normed = norm === "none" ? "" : `${norm} norm, `;
  const sampled = sizes.groups === undefined ? "" : "DySample, ";
  const description = `${name} (${blocks} blocks, ${features} features, kernels of ${kernel}x` +
    `${kernel}, ${normed}${sampled}scale ${scale})`;
  checkpoint.expect(shapesOf(sizes), description);
  return {
    architecture: name,
    description,
    tiling: { halo: FAST_HALO },
    scale,
    features,
    depth: blocks,
    operations: readOperations(checkpoint, sizes),
  };
}

function readSizes(checkpoint: Checkpoint): Sizes {
  const { outChannels: features, inChannels } = checkpoint.convShape("feats.0");
  if (inChannels !== 3) {
    throw new ModelError(`PLKSR takes 3 channels (RGB), the checkpoint's feats.0 ${inChannels}`);
  }
  const has = (tensor: string) => checkpoint.shape(`feats.1.${tensor}`) !== undefined;
  if (!has("lk.conv.weight")) {
    throw new ModelError(
      "PLKSR with sparse or rectangular large kernels is not supported, only that with one square " +
        "kernel (feats.1.lk.conv)",
    );
  }
  if (has("norm.weight") && (features % GROUPS !== 0 || features > GROUPS * MOST_OF_A_GROUP)) {
    throw new ModelError(
      `RealPLKSR of ${features} features with a group norm is not supported, only a multiple of ` +
        `${GROUPS} up to ${GROUPS * MOST_OF_A_GROUP}`,
    );
  }
  const blocks = checkpoint.names.filter((name) => name.endsWith(".lk.conv.weight")).length;
  const mixer = has("channel_mixer.0.weight") ? "channel_mixer" : "channe_mixer";
  const [convolved, , kernel] = checkpoint.shape("feats.1.lk.conv.weight")!;
  if (convolved % 4 !== 0 || kernel % 2 === 0) {
    throw new ModelError(
      `PLKSR that convolves ${convolved} channels with ${kernel}x${kernel} taps is not supported, ` +
        "only a multiple of 4 channels with an odd number of taps",
    );
  }
  const scale = checkpoint.shuffleFactor(lastLayer(blocks, mixer));
  const [moves] = checkpoint.shape(`${DYSAMPLE}.offset.weight`) ?? [];
  return {
    features,
    blocks,
    scale,
    groups: moves === undefined ? undefined : Math.max(1, Math.floor(moves / (2 * scale ** 2))),
    mixer,
    mixerKernels: [0, 2].map((k) => {
      return checkpoint.shape(`feats.1.${mixer}.${k}.weight`)?.[3] === 1 ? 1 : 3;
    }) as [1 | 3, 1 | 3],
    convolved,
    kernel,
    attention: has("attn.f.0.weight"),
    norm: has("norm.weight") ? "group" : has("layer_norm.weight") ? "layer" : "none",
  };
}

function shapesOf(sizes: Sizes): Shapes {
  const { features, blocks, scale, mixer, mixerKernels, convolved, kernel } = sizes;
  const shapes: Shapes = new Map();
  addLayer(shapes, "feats.0", features, 3);
  for (let block = 1; block <= blocks; block++) {
    const prefix = `feats.${block}`;
    addLayer(shapes, `${prefix}.${mixer}.0`, 2 * features, features, { kernel: mixerKernels[0] });
    addLayer(shapes, `${prefix}.${mixer}.2`, features, 2 * features, { kernel: mixerKernels[1] });
    addLayer(shapes, `${prefix}.lk.conv`, convolved, convolved, { kernel });
    if (sizes.attention) addLayer(shapes, `${prefix}.attn.f.0`, features, features);
    addLayer(shapes, `${prefix}.refine`, features, features, { kernel: 1 });
    if (sizes.norm === "none") continue;
    const norm = `${prefix}.${sizes.norm === "group" ? "norm" : "layer_norm"}`;
    shapes.set(`${norm}.weight`, [features]);
    shapes.set(`${norm}.bias`, [features]);
  }
  const sampled = 3 * scale ** 2;
  addLayer(shapes, lastLayer(blocks, mixer), sampled, features);
  if (sizes.groups !== undefined) {
    const moves = 2 * sizes.groups * scale ** 2;
    addLayer(shapes, `${DYSAMPLE}.offset`, moves, sampled, { kernel: 1 });
    addLayer(shapes, `${DYSAMPLE}.scope`, moves, sampled, { kernel: 1, bias: false });
    addLayer(shapes, `${DYSAMPLE}.end_conv`, 3, sampled, { kernel: 1 });
    shapes.set(`${DYSAMPLE}.init_pos`, [1, moves, 1, 1]);
  }
  return shapes;
}

/** RealPLKSR has a dropout before its last convolution. */
function lastLayer(blocks: number, mixer: Sizes["mixer"]): string {
  return `feats.${blocks + (mixer === "channel_mixer" ? 2 : 1)}`;
}

function readOperations(checkpoint: Checkpoint, sizes: Sizes): Operation[] {
  const operations: Operation[] = [
    { kind: "input", output: "picture", factor: 1 },
    convolution(checkpoint, "feats.0", ["picture"]),
  ];
  let before = "feats.0";
  for (let block = 1; block <= sizes.blocks; block++) {
    operations.push(...readBlock(checkpoint, sizes, `feats.${block}`, before));
    before = `feats.${block}`;
  }
  const { scale, groups } = sizes;
  const last = lastLayer(sizes.blocks, sizes.mixer);
  if (groups === undefined || scale === 1) {
    operations.push(
      convolution(checkpoint, last, [before]),
      { kind: "output", input: last, factor: scale, base: true },
    );
  } else operations.push(...readDySample(checkpoint, last, before, scale, groups));
  return operations;
}

/** The last convolution with the picture added to it, and the enlargement by learned positions. */
function readDySample(
  checkpoint: Checkpoint,
  last: string,
  before: string,
  factor: 2 | 3 | 4,
  groups: number,
): Operation[] {
  const [offset, scope, end] = ["offset", "scope", "end_conv"].map((k) => `${DYSAMPLE}.${k}`);
  const sum = withPicture(readLayer(checkpoint, last), factor);
  return [
    convolve(sum, [before, "picture"], last),
    convolve(readLayer(checkpoint, scope, 1), [last], scope, { activation: { kind: "sigmoid" } }),
    convolve(readLayer(checkpoint, offset, 1), [last], offset, {
      gate: { kind: "product", tensor: scope },
    }),
    {
      kind: "dysample",
      name: checkpoint.layerName(end),
      input: last,
      offsets: offset,
      output: end,
      channels: sum.outChannels,
      groups,
      factor,
      weight: checkpoint.read(`${end}.weight`),
      bias: checkpoint.read(`${end}.bias`),
    },
    { kind: "output", input: end, factor, base: false },
  ];
}

/** A layer that also sees the picture's three channels, and adds each to its colour's outputs. */
function withPicture(layer: Layer, factor: number): Layer {
  const { outChannels, inChannels } = layer;
  const wider = inChannels + 3;
  const weight = new Float32Array(outChannels * wider * 9);
  for (let o = 0; o < outChannels; o++) {
    weight.set(layer.weight.subarray(o * inChannels * 9, (o + 1) * inChannels * 9), o * wider * 9);
    weight[(o * wider + inChannels + Math.floor(o / factor ** 2)) * 9 + 4] = 1;
  }
  return { ...layer, inChannels: wider, weight };
}

/** A block, which writes the tensor of its own name. */
function readBlock(
  checkpoint: Checkpoint,
  sizes: Sizes,
  block: string,
  input: string,
): Operation[] {
  const { mixer, mixerKernels, features } = sizes;
  const [first, second] = [`${block}.${mixer}.0`, `${block}.${mixer}.2`];
  const activation: Activation = { kind: mixer === "channel_mixer" ? "mish" : "gelu" };
  const operations: Operation[] = [];
  const skip = { tensor: input, scale: 1 };
  let mixed = input;
  if (sizes.norm === "layer") {
    mixed = `${block}.layer_norm`;
    operations.push(readNorm(checkpoint, mixed, input, features, mixed));
  }
  operations.push(
    convolve(readLayer(checkpoint, first, mixerKernels[0]), [mixed], first, { activation }),
    convolve(readLayer(checkpoint, second, mixerKernels[1]), [first], second),
    readPartialConv(checkpoint, sizes, `${block}.lk.conv`, second),
  );
  let refined = `${block}.lk.conv`;
  if (sizes.attention) {
    const attention = `${block}.attn.f.0`;
    operations.push(convolution(checkpoint, attention, [refined], {
      activation: { kind: "sigmoid" },
      gate: { kind: "product", tensor: refined },
    }));
    refined = attention;
  }
  const refine = readLayer(checkpoint, `${block}.refine`, 1);
  if (sizes.norm === "group") {
    const normed = `${block}.refine`;
    operations.push(
      convolve(refine, [refined], normed),
      readNorm(checkpoint, `${block}.norm`, normed, features, block, skip),
    );
  } else operations.push(convolve(refine, [refined], block, { residuals: [skip] }));
  return operations;
}

/** A norm; with a residual it is the group norm at a block's end. */
function readNorm(
  checkpoint: Checkpoint,
  layer: string,
  input: string,
  channels: number,
  output: string,
  residual?: Residual,
): NormOperation {
  const over = residual === undefined ? "pixel" : "picture";
  return {
    kind: "norm",
    name: checkpoint.layerName(layer),
    input,
    output,
    channels,
    over,
    groups: over === "pixel" ? 1 : GROUPS,
    epsilon: over === "pixel" ? LAYER_EPSILON : GROUP_EPSILON,
    weight: checkpoint.read(`${layer}.weight`),
    bias: checkpoint.read(`${layer}.bias`),
    ...residual === undefined ? {} : { residual },
  };
}

function readPartialConv(
  checkpoint: Checkpoint,
  { features, convolved, kernel }: Sizes,
  layer: string,
  input: string,
): Operation {
  return {
    kind: "partialConv",
    name: checkpoint.layerName(layer),
    input,
    output: layer,
    channels: features,
    convolved,
    kernel,
    weight: checkpoint.read(`${layer}.weight`),
    bias: checkpoint.read(`${layer}.bias`),
  };
}
