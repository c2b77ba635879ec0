/**
 * SRVGGNetCompact, the small network of Real-ESRGAN: plain convolutions at the small size, a pixel
 * shuffle, and the nearest-enlarged picture added to the result.
 *
 * The layers are numbered: convolutions have the even numbers, activations the odd ones. PReLU
 * leaves its slopes under its number, ReLU and LeakyReLU leave a gap.
 */

import { ModelError } from "../../errors.ts";
import type { Architecture, Metadata } from "../architecture.ts";
import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { convolution } from "../convolution.ts";
import type { Activation, Network, Operation } from "../network.ts";

/** SRVGGNetCompact, under its own names. */
export const srvggNetCompact: Architecture = {
  name: "SRVGGNetCompact",
  knownAs: ["Compact"],
  match(names) {
    const numbered = names.some((name) => /^body\.\d+\.weight$/.test(name));
    return numbered ? { read: readCompact } : undefined;
  },
};

/** Activations of the published architecture, by its own names. */
export type CompactActivation = "prelu" | "relu" | "leakyrelu";

/** What a SRVGGNetCompact's shapes follow from. */
export interface CompactSizes {
  /** Channels of every convolution but the last. */
  features: number;
  /** Convolutions between the first and the last. */
  convolutions: number;
  /** Output pixels per input pixel, along one side. */
  scale: 1 | 2 | 3 | 4;
  activation: CompactActivation;
}

/** Slope of the architecture's LeakyReLU. */
const LEAKY_SLOPE = 0.1;

/** Key of a checkpoint's metadata that names the activation. */
const ACTIVATION_KEY = "activation";

/**
 * Returns the shape of each tensor of such a network.
 *
 * @example
 * ```ts
 * const sizes = { features: 64, convolutions: 16, scale: 4, activation: "prelu" } as const;
 * console.log(compactShapes(sizes).get("body.34.weight")); // [ 48, 64, 3, 3 ]
 * ```
 */
export function compactShapes(sizes: CompactSizes): Shapes {
  const { features, convolutions, scale, activation } = sizes;
  const shapes: Shapes = new Map();
  const last = convolutions + 1;
  for (let i = 0; i <= last; i++) {
    const outChannels = i === last ? 3 * scale ** 2 : features;
    shapes.set(`${convName(i)}.weight`, [outChannels, i === 0 ? 3 : features, 3, 3]);
    shapes.set(`${convName(i)}.bias`, [outChannels]);
    if (activation === "prelu" && i < last) shapes.set(slopesName(i), [features]);
  }
  return shapes;
}

function readCompact(checkpoint: Checkpoint, metadata: Metadata): Network {
  const sizes = readSizes(checkpoint, metadata);
  const { features, convolutions, scale } = sizes;
  const shapes = compactShapes(sizes);
  for (let i = 0; i <= convolutions; i++) {
    if (sharesSlope(checkpoint, i)) shapes.set(slopesName(i), [1]);
  }
  const description = `SRVGGNetCompact (${features} features, ${convolutions} convolutions, ` +
    `scale ${scale})`;
  checkpoint.expect(shapes, description);
  const operations = readOperations(checkpoint, sizes);
  return {
    architecture: srvggNetCompact.name,
    description,
    tiling: { halo: "exact" },
    scale,
    features,
    depth: convolutions,
    operations,
  };
}

function readSizes(checkpoint: Checkpoint, metadata: Metadata): CompactSizes {
  const count = checkpoint.countLayers(
    /^body\.(\d*[02468])\.weight$/,
    2,
    (number) => `body.${number}.weight`,
  );
  if (count < 2) {
    throw new ModelError(`SRVGGNetCompact has at least 2 convolutions, the checkpoint ${count}`);
  }
  const first = checkpoint.convShape(convName(0));
  if (first.inChannels !== 3) {
    throw new ModelError(
      `Tensor "${checkpoint.ownName("body.0.weight")}" takes ${first.inChannels} channels, ` +
        "expected 3 (RGB)",
    );
  }
  const scale = checkpoint.shuffleFactor(convName(count - 1));
  const activation = readActivation(checkpoint, metadata);
  return { features: first.outChannels, convolutions: count - 2, scale, activation };
}

/**
 * Without PReLU's slopes nothing in the tensors tells ReLU from LeakyReLU: the metadata's
 * `activation` (`relu` or `leakyrelu`) decides. The architecture's own default, PReLU, is ruled
 * out then, so that the next one it offers, ReLU, is taken when the metadata are silent.
 */
function readActivation(
  checkpoint: Checkpoint,
  metadata: Metadata,
): CompactActivation {
  if (checkpoint.names.some((name) => /^body\.\d*[13579]\.weight$/.test(name))) return "prelu";
  const named = metadata.get(ACTIVATION_KEY) ?? "relu";
  if (named !== "relu" && named !== "leakyrelu") {
    throw new ModelError(
      `Metadata name the activation "${named}", expected "relu" or "leakyrelu" ` +
        "for a checkpoint without PReLU slopes",
    );
  }
  return named;
}

function readOperations(checkpoint: Checkpoint, sizes: CompactSizes): Operation[] {
  const operations: Operation[] = [{ kind: "input", output: "picture", factor: 1 }];
  let input = "picture";
  const last = sizes.convolutions + 1;
  for (let i = 0; i <= last; i++) {
    const layer = convName(i);
    const activation: Activation = i === last
      ? { kind: "none" }
      : activationAfter(checkpoint, i, sizes);
    operations.push(convolution(checkpoint, layer, [input], { activation }));
    input = layer;
  }
  operations.push({ kind: "output", input, factor: sizes.scale, base: true });
  return operations;
}

function activationAfter(checkpoint: Checkpoint, i: number, sizes: CompactSizes): Activation {
  if (sizes.activation === "relu") return { kind: "leaky", slope: 0 };
  if (sizes.activation === "leakyrelu") return { kind: "leaky", slope: LEAKY_SLOPE };
  const slopes = checkpoint.read(slopesName(i));
  if (!sharesSlope(checkpoint, i)) return { kind: "prelu", slopes };
  return { kind: "prelu", slopes: new Float32Array(sizes.features).fill(slopes[0]) };
}

/** Some networks train one PReLU slope for all channels of a layer. */
function sharesSlope(checkpoint: Checkpoint, i: number): boolean {
  return checkpoint.shape(slopesName(i))?.join() === "1";
}

function convName(i: number): string {
  return `body.${2 * i}`;
}

function slopesName(i: number): string {
  return `body.${2 * i + 1}.weight`;
}
