/**
 * DISP, the most faithful network of the NTIRE 2026 challenge on efficient super-resolution.
 *
 *   f = conv_1(rgb)
 *   block: x + silu(conv(silu(conv(silu(conv(silu(conv(x))))))))
 *   y = pixel_shuffle(upsampler(conv_2(b) + f)), where conv_2 is 1x1
 */

import { ModelError } from "../../errors.ts";
import type { Architecture } from "../architecture.ts";
import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { addLayer, convolution, convolve, readLayer } from "../convolution.ts";
import type { Activation, Network, Operation } from "../network.ts";
import { addConv3xc, conv3xcShape, readConv3xc } from "../span/conv3xc.ts";

/** DISP, as it was trained or collapsed. */
export const disp: Architecture = {
  name: "DISP",
  knownAs: [],
  match(names) {
    const extended = names.some((name) => /^blocks\.\d+\._extern_conv_block\.0\./.test(name));
    return extended ? { read: readDisp } : undefined;
  },
};

const SILU: Activation = { kind: "silu" };

function readDisp(checkpoint: Checkpoint): Network {
  const { outChannels: features, inChannels } = conv3xcShape(checkpoint, "conv_1");
  if (inChannels !== 3) {
    throw new ModelError(`DISP takes 3 channels (RGB), the checkpoint's conv_1 ${inChannels}`);
  }
  const blocks = checkpoint.countLayers(/^blocks\.(\d+)\./, 1, (block) => layersOf(block)[0]);
  const scale = checkpoint.shuffleFactor("upsampler.0");
  const description = `DISP (${features} features, ${blocks} blocks, scale ${scale})`;
  checkpoint.expect(shapesOf(checkpoint, features, blocks, scale), description);
  return {
    architecture: disp.name,
    description,
    tiling: { halo: "exact" },
    scale,
    features,
    depth: blocks,
    operations: readOperations(checkpoint, blocks, scale),
  };
}

function shapesOf(
  checkpoint: Checkpoint,
  features: number,
  blocks: number,
  scale: number,
): Shapes {
  const shapes: Shapes = new Map();
  addConv3xc(checkpoint, shapes, "conv_1", features, 3);
  for (let block = 0; block < blocks; block++) {
    for (const layer of layersOf(block)) addConv3xc(checkpoint, shapes, layer, features, features);
  }
  addLayer(shapes, "conv_2", features, features, { kernel: 1 });
  addLayer(shapes, "upsampler.0", 3 * scale ** 2, features);
  return shapes;
}

function readOperations(
  checkpoint: Checkpoint,
  blocks: number,
  scale: 1 | 2 | 3 | 4,
): Operation[] {
  const read = (layer: string) => readConv3xc(checkpoint, layer);
  const operations: Operation[] = [
    { kind: "input", output: "picture", factor: 1 },
    convolve(read("conv_1"), ["picture"], "conv_1"),
  ];
  let before = "conv_1";
  for (let block = 0; block < blocks; block++) {
    const residuals = [{ tensor: before, scale: 1 }];
    let input = before;
    for (const [k, layer] of layersOf(block).entries()) {
      const options = k < 3 ? {} : { residuals };
      operations.push(convolve(read(layer), [input], layer, { activation: SILU, ...options }));
      input = layer;
    }
    before = input;
  }
  const residuals = [{ tensor: "conv_1", scale: 1 }];
  operations.push(
    convolve(readLayer(checkpoint, "conv_2", 1), [before], "conv_2", { residuals }),
    convolution(checkpoint, "upsampler.0", ["conv_2"]),
    { kind: "output", input: "upsampler.0", factor: scale, base: false },
  );
  return operations;
}

/** The four convolutions of a block in the order in which they follow each other. */
function layersOf(block: number): string[] {
  return ["c1_r", "c2_r", "_extern_conv_block.0", "c3_r"].map((layer) =>
    `blocks.${block}.${layer}`
  );
}
