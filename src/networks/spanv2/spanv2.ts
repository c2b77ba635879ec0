/**
 * SPANV2, the fastest network of the NTIRE 2026 challenge on efficient super-resolution.
 *
 *   n = conv_near(rgb), which gives each output pixel's three colours a start from its input pixel
 *   block 1: relu(conv(relu(conv(relu(conv(rgb))))))
 *   blocks 2 to 5: o = conv(relu(conv(relu(conv(x))))), result (o + x) * guidance(o), where the guidance
 *   map is a 1x1 convolution
 *   y = pixel_shuffle(pointwise(depthwise(n, b5)))
 */

import type { Architecture } from "../architecture.ts";
import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { addLayer, convolution, convolve, type Layer, readLayer } from "../convolution.ts";
import { readDepthwise } from "../depthwise.ts";
import type { Activation, DepthwiseOperation, Network, Operation } from "../network.ts";

/** SPANV2, collapsed. */
export const spanv2: Architecture = {
  name: "SPANV2",
  knownAs: [],
  match(names) {
    const guided = names.some((name) => /^block_\d+\.guidance_map_conv\.weight$/.test(name));
    return guided ? { read: readSpanv2 } : undefined;
  },
};

const BLOCKS = [1, 2, 3, 4, 5];
const RELU: Activation = { kind: "leaky", slope: 0 };

function readSpanv2(checkpoint: Checkpoint): Network {
  const { outChannels: features } = checkpoint.convShape("block_1.c1.conv");
  const scale = checkpoint.shuffleFactor("conv_near");
  const description = `SPANV2 (${features} features, ${BLOCKS.length} blocks, scale ${scale})`;
  checkpoint.expect(shapesOf(features, scale), description);
  return {
    architecture: spanv2.name,
    description,
    tiling: { halo: "exact" },
    scale,
    features,
    depth: BLOCKS.length,
    operations: readOperations(checkpoint, scale),
  };
}

function shapesOf(features: number, scale: number): Shapes {
  const shapes: Shapes = new Map();
  const near = 3 * scale ** 2;
  for (const block of BLOCKS) {
    layersOf(block).forEach((layer, k) => {
      const inChannels = block === 1 && k === 0 ? 3 : features;
      addLayer(shapes, layer, features, inChannels, { bias: false });
    });
    if (block > 1) addLayer(shapes, guidanceOf(block), features, features, { kernel: 1 });
  }
  addLayer(shapes, "conv_near", near, 1, { bias: false });
  addLayer(shapes, "depthwise_conv", near + features, 1, { bias: false });
  addLayer(shapes, "pointwise_conv", near, near + features, { kernel: 1, bias: false });
  return shapes;
}

function readOperations(checkpoint: Checkpoint, scale: 1 | 2 | 3 | 4): Operation[] {
  const activated = { activation: RELU };
  const operations: Operation[] = [
    { kind: "input", output: "picture", factor: 1 },
    convolve(readDepthwise(checkpoint, "conv_near", 3), ["picture"], "conv_near"),
  ];
  let before = "picture";
  for (const block of BLOCKS) {
    const [c1, c2, c3] = layersOf(block);
    operations.push(
      convolution(checkpoint, c1, [before], activated),
      convolution(checkpoint, c2, [c1], activated),
    );
    if (block === 1) {
      operations.push(convolution(checkpoint, c3, [c2], activated));
      before = c3;
    } else {
      operations.push(...guidedEnd(checkpoint, block, c2, before));
      before = guidanceOf(block);
    }
  }
  const [near, end] = splitDepthwise(checkpoint, "conv_near", before);
  operations.push(
    near,
    end,
    convolve(
      readLayer(checkpoint, "pointwise_conv", 1),
      [near.output, end.output],
      "pointwise_conv",
    ),
    { kind: "output", input: "pointwise_conv", factor: scale, base: false },
  );
  return operations;
}

/** The depthwise convolution of two tensors side by side, one by one. */
function splitDepthwise(
  checkpoint: Checkpoint,
  near: string,
  features: string,
): [DepthwiseOperation, DepthwiseOperation] {
  const { name, weight, bias } = readLayer(checkpoint, "depthwise_conv");
  const channels = checkpoint.convShape("conv_near").outChannels;
  const part = (input: string, first: number, last: number): DepthwiseOperation => ({
    kind: "depthwise",
    name: `${name}/${input}`,
    input,
    output: `depthwise_conv/${input}`,
    channels: last - first,
    weight: weight.slice(9 * first, 9 * last),
    bias: bias.slice(first, last),
  });
  return [part(near, 0, channels), part(features, channels, bias.length)];
}

/**
 * `(o + x) * guidance(o)`. The sum s = o + x is what the last convolution leaves; the guidance is
 * convolved from it and x, with o = s - x.
 */
function guidedEnd(checkpoint: Checkpoint, block: number, input: string, x: string): Operation[] {
  const [, , sum] = layersOf(block);
  const guidance = guidanceOf(block);
  return [
    convolution(checkpoint, sum, [input], { residuals: [{ tensor: x, scale: 1 }] }),
    convolve(ofDifference(readLayer(checkpoint, guidance, 1)), [sum, x], guidance, {
      gate: { kind: "product", tensor: sum },
    }),
  ];
}

/** The 1x1 convolution of a - b, as one of a and b side by side. */
function ofDifference(layer: Layer): Layer {
  const { outChannels, inChannels } = layer;
  const weight = new Float32Array(2 * layer.weight.length);
  for (let o = 0; o < outChannels; o++) {
    const row = layer.weight.subarray(o * inChannels, (o + 1) * inChannels);
    weight.set(row, 2 * o * inChannels);
    weight.set(row.map((value) => -value), (2 * o + 1) * inChannels);
  }
  return { ...layer, inChannels: 2 * inChannels, weight };
}

/** The three convolutions of a block. */
function layersOf(block: number): [string, string, string] {
  return [`block_${block}.c1.conv`, `block_${block}.c2.conv`, `block_${block}.c3.conv`];
}

function guidanceOf(block: number): string {
  return `block_${block}.guidance_map_conv`;
}
