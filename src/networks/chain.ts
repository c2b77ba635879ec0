/**
 * Two networks, one after the other, as one: what the first makes of the picture is a tensor of the second,
 * so that no pixel leaves the device between them, nor is rounded.
 */

import { ModelError } from "../errors.ts";
import { checkNetwork } from "./check.ts";
import type { ConvOperation, InputOperation, Network, Operation } from "./network.ts";

/** In front of the first network's names, which the second may use as well. */
const PREFIX = "before.";

/**
 * Returns the network that is `first` and then `second`.
 *
 * @param first One that ends at the size of its last convolution, without a pixel shuffle: RRDBNet, and
 * networks of scale 1.
 * @param second One that begins at the picture's size, without a pixel unshuffle.
 * @throws {ModelError} If they cannot be joined.
 *
 * @example
 * ```ts
 * import { loadModel } from "../weights/library.ts";
 *
 * const { network } = await loadModel("fast-x4");
 * try {
 *   chainNetworks(network, network);
 * } catch (error) {
 *   console.log(error.message); // Cannot run SRVGGNetCompact ... before another network: ...
 * }
 * ```
 */
export function chainNetworks(first: Network, second: Network): Network {
  const start = second.operations[0] as InputOperation;
  if (start.factor !== 1) {
    throw new ModelError(
      `Cannot run ${second.description} behind another network: it begins with a pixel unshuffle ` +
        `by ${start.factor}`,
    );
  }
  const before = picturesOf(first, start.mean ?? [0, 0, 0]).map(prefixed);
  const picture = (before.at(-1) as ConvOperation).output;
  const behind = second.operations.slice(1).map((operation) =>
    mapTensors(operation, (tensor) => tensor === start.output ? picture : tensor)
  );
  const chain: Network = {
    ...second,
    description: `${first.description}, then ${second.description}`,
    tiling: { halo: widest(first, second) },
    scale: first.scale * second.scale,
    operations: [...before, ...withBase(behind, picture, second)],
  };
  checkNetwork(chain);
  return chain;
}

/** The first network up to the tensor that holds its picture, less the mean that the second one takes. */
function picturesOf(first: Network, mean: readonly number[]): Operation[] {
  const { operations, description } = first;
  const output = operations.at(-1)!;
  const last = operations.at(-2)!;
  const input = operations[0] as InputOperation;
  if (output.kind !== "output" || output.factor !== 1 || last.kind !== "conv") {
    throw new ModelError(
      `Cannot run ${description} before another network: it ends with a pixel shuffle. Networks of ` +
        "scale 1 and RRDBNets can",
    );
  }
  const base = output.base ? input.mean ?? [0, 0, 0] : [0, 0, 0];
  const shifted: ConvOperation = {
    ...last,
    bias: last.bias.map((value, i) => value + base[i] - mean[i]),
    residuals: output.base
      ? [...last.residuals, { tensor: input.output, scale: 1 }]
      : last.residuals,
  };
  if (shifted.bias.some((value, i) => value !== last.bias[i]) && last.activation.kind !== "none") {
    throw new ModelError(
      `Cannot run ${description} before another network: its end has an activation`,
    );
  }
  return [...operations.slice(0, -2), shifted];
}

/**
 * The second network with the first one's picture in the place of the file's: where it is added, enlarged by
 * repeating pixels, the last convolution takes it as three more inputs, one of which each output passes on.
 */
function withBase(operations: Operation[], picture: string, second: Network): Operation[] {
  const output = operations.at(-1)!;
  const last = operations.at(-2)!;
  if (output.kind !== "output" || !output.base) return operations;
  if (last.kind !== "conv" || last.activation.kind !== "none" || last.gain !== 1) {
    throw new ModelError(
      `Cannot run ${second.description} behind another network: its end has an activation`,
    );
  }
  const widened: ConvOperation = {
    ...last,
    inputs: [...last.inputs, picture],
    inChannels: last.inChannels + 3,
    weight: passingOn(last, output.factor ** 2),
  };
  return [...operations.slice(0, -2), widened, { ...output, base: false }];
}

/** `[outChannels][inChannels + 3][kernel][kernel]`: every `repeats` outputs pass the next colour on. */
function passingOn(
  { weight, inChannels, outChannels, kernel }: ConvOperation,
  repeats: number,
): Float32Array {
  const taps = kernel ** 2;
  const widened = new Float32Array(outChannels * (inChannels + 3) * taps);
  for (let o = 0; o < outChannels; o++) {
    const row = o * (inChannels + 3) * taps;
    widened.set(weight.subarray(o * inChannels * taps, (o + 1) * inChannels * taps), row);
    widened[row + (inChannels + Math.floor(o / repeats)) * taps + (taps >> 1)] = 1;
  }
  return widened;
}

/** A tile is exact only if both ask for all that they see; else the wider halo serves both. */
function widest({ tiling: a }: Network, { tiling: b }: Network): "exact" | number {
  if (a.halo === "exact") return b.halo;
  return b.halo === "exact" ? a.halo : Math.max(a.halo, b.halo);
}

function prefixed(operation: Operation): Operation {
  const renamed = mapTensors(operation, (tensor) => PREFIX + tensor);
  return "name" in renamed ? { ...renamed, name: PREFIX + renamed.name } : renamed;
}

/** The same operation on tensors of other names. */
function mapTensors<T extends Operation>(operation: T, rename: (tensor: string) => string): T {
  const renamed: Record<string, unknown> = { ...operation };
  for (const [key, value] of Object.entries(operation)) {
    if (["input", "output", "offsets"].includes(key)) renamed[key] = rename(value);
    if (key === "inputs") renamed[key] = value.map(rename);
    if (key === "gate" || key === "residual") {
      renamed[key] = value && { ...value, tensor: rename(value.tensor) };
    }
    if (key === "residuals") {
      renamed[key] = value.map((residual: { tensor: string }) => ({
        ...residual,
        tensor: rename(residual.tensor),
      }));
    }
  }
  return renamed as unknown as T;
}
