/**
 * SRResNetCompact, Tessera's own small network: residual blocks of plain 3x3 convolutions at the small
 * size, a pixel shuffle, and the nearest-enlarged picture added to the result.
 *
 *   f = conv_first(x)
 *   b = f; for each block: t = b; for each of its convolutions: t = activation(conv(t)); b = b + t
 *   y = pixel_shuffle(conv_last(conv_body(b) + f)) + nearest(x)
 *
 * The shape is SRResNet's (Ledig et al., CVPR 2017) without normalisation, as EDSR has it (Lim et al.,
 * 2017); that the activation ends a block is DISP's (NTIRE 2026). With gated blocks the last convolution
 * t of a block has no activation, and `b = (t + b) * (sigmoid(t) - 1/2)` as in SPAN (Wan et al., 2024).
 *
 * One whose first convolution takes 12 or 48 channels begins with a pixel unshuffle by 2 or 4, as
 * Real-ESRGAN's networks of scale 2 and 1 do; nothing is added to its result then.
 */

import { ModelError } from "../../errors.ts";
import type { Architecture, Metadata } from "../architecture.ts";
import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { addLayer, convolution, type ConvOptions } from "../convolution.ts";
import type { Activation, Network, Operation } from "../network.ts";

/** SRResNetCompact, under its own names. */
export const srResNetCompact: Architecture = {
  name: "SRResNetCompact",
  knownAs: [],
  match(names) {
    const numbered = names.some((name) => /^body\.\d+\.conv\d+\.weight$/.test(name));
    return numbered ? { read: readSrResNetCompact } : undefined;
  },
};

/** What a SRResNetCompact's shapes follow from. */
export interface SrResNetSizes {
  /** Channels of every convolution but the last. */
  features: number;
  blocks: number;
  /** Convolutions of each block. */
  convolutions: number;
  /** Output pixels per input pixel, along one side. */
  scale: 1 | 2 | 3 | 4;
  /** Pixel-unshuffle factor of the input; 1, the default, is none. Times the scale it is at most 4. */
  unshuffle?: 1 | 2 | 4;
}

/** Activations by the names that a checkpoint's metadata use; the first is taken if they are silent. */
const ACTIVATIONS: Record<string, Activation> = {
  silu: { kind: "silu" },
  relu: { kind: "leaky", slope: 0 },
  leakyrelu: { kind: "leaky", slope: 0.1 },
};

/** How a block ends, likewise. */
const BLOCKS = { residual: "residual", gate: "gate" } as const;

/**
 * Returns the shape of each tensor of such a network.
 *
 * @example
 * ```ts
 * const sizes = { features: 32, blocks: 4, convolutions: 4, scale: 4 } as const;
 * console.log(srResNetShapes(sizes).get("body.0.conv1.weight")); // [ 32, 32, 3, 3 ]
 * ```
 */
export function srResNetShapes(sizes: SrResNetSizes): Shapes {
  const { features, blocks, convolutions, scale, unshuffle = 1 } = sizes;
  const shapes: Shapes = new Map();
  addLayer(shapes, "conv_first", features, 3 * unshuffle ** 2);
  for (let block = 0; block < blocks; block++) {
    for (let k = 1; k <= convolutions; k++) {
      addLayer(shapes, layerName(block, k), features, features);
    }
  }
  addLayer(shapes, "conv_body", features, features);
  addLayer(shapes, "conv_last", 3 * (scale * unshuffle) ** 2, features);
  return shapes;
}

function readSrResNetCompact(checkpoint: Checkpoint, metadata: Metadata): Network {
  const sizes = readSizes(checkpoint);
  const { features, blocks, convolutions, scale } = sizes;
  const activation = named("activation", ACTIVATIONS, metadata);
  const block = named("block", BLOCKS, metadata);
  const description =
    `SRResNetCompact (${blocks} ${block} blocks of ${convolutions} convolutions, ` +
    `${features} features, scale ${scale})`;
  checkpoint.expect(srResNetShapes(sizes), description);
  return {
    architecture: srResNetCompact.name,
    description,
    tiling: { halo: "exact" },
    scale,
    features,
    depth: blocks,
    operations: readOperations(checkpoint, sizes, activation, block === "gate"),
  };
}

function readSizes(checkpoint: Checkpoint): SrResNetSizes {
  const blocks = checkpoint.countLayers(
    /^body\.(\d+)\./,
    1,
    (block) => `${layerName(block, 1)}.weight`,
  );
  const last = checkpoint.names.map((name) => Number(/^body\.0\.conv(\d+)\./.exec(name)?.[1] ?? 0));
  const convolutions = Math.max(...last);
  const first = checkpoint.convShape("conv_first");
  const unshuffle = ([1, 2, 4] as const).find((factor) => 3 * factor ** 2 === first.inChannels);
  if (unshuffle === undefined) {
    throw new ModelError(
      `Tensor "${checkpoint.ownName("conv_first.weight")}" takes ${first.inChannels} channels, ` +
        "expected 3, 12 or 48 (RGB, unshuffled by 1, 2 or 4)",
    );
  }
  const shuffle = checkpoint.shuffleFactor("conv_last");
  const scale = ([1, 2, 3, 4] as const).find((scale) => scale * unshuffle === shuffle);
  if (scale === undefined) {
    throw new ModelError(
      `SRResNetCompact begins with a pixel unshuffle by ${unshuffle} and ends with a pixel shuffle by ` +
        `${shuffle}, expected a multiple of it`,
    );
  }
  return { features: first.outChannels, blocks, convolutions, scale, unshuffle };
}

/** What the metadata choose among the options of this name. */
function named<T>(key: string, options: Record<string, T>, metadata: Metadata): T {
  const names = Object.keys(options);
  const name = metadata.get(key) ?? names[0];
  if (!names.includes(name)) {
    throw new ModelError(
      `Metadata name the ${key} "${name}" of SRResNetCompact, expected ${names.join(", ")}`,
    );
  }
  return options[name];
}

function readOperations(
  checkpoint: Checkpoint,
  { blocks, convolutions, scale, unshuffle = 1 }: SrResNetSizes,
  activation: Activation,
  gated: boolean,
): Operation[] {
  const operations: Operation[] = [
    { kind: "input", output: "picture", factor: unshuffle },
    convolution(checkpoint, "conv_first", ["picture"]),
  ];
  let before = "conv_first";
  for (let block = 0; block < blocks; block++) {
    const end: ConvOptions = gated
      ? { gate: { kind: "attention", tensor: before } }
      : { activation, residuals: [{ tensor: before, scale: 1 }] };
    for (let k = 1; k <= convolutions; k++) {
      const input = k === 1 ? before : layerName(block, k - 1);
      const options = k === convolutions ? end : { activation };
      operations.push(convolution(checkpoint, layerName(block, k), [input], options));
    }
    before = layerName(block, convolutions);
  }
  const residuals = [{ tensor: "conv_first", scale: 1 }];
  const shuffle = scale * unshuffle as 1 | 2 | 3 | 4;
  operations.push(
    convolution(checkpoint, "conv_body", [before], { residuals }),
    convolution(checkpoint, "conv_last", ["conv_body"]),
    { kind: "output", input: "conv_last", factor: shuffle, base: unshuffle === 1 },
  );
  return operations;
}

/** Layers of a block are numbered from 1. */
function layerName(block: number, k: number): string {
  return `body.${block}.conv${k}`;
}
