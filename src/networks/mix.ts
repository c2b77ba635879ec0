/**
 * Blending of networks of one shape, weight by weight. Networks that began as the same one can be
 * blended to anything between them (Wang et al., "Deep Network Interpolation", CVPR 2019).
 */

import { ModelError } from "../errors.ts";
import type {
  Activation,
  ConvOperation,
  DepthwiseOperation,
  DySampleOperation,
  Network,
  NormOperation,
  Operation,
  PartialConvOperation,
} from "./network.ts";

/** A network that is mixed into another one, and its share. */
export interface Share {
  network: Network;
  amount: number;
}

/**
 * Returns `base + amount * (network - base)`, summed over all others, for every weight, bias and slope:
 * what each has learned beyond the base is added (Ilharco et al., "Editing Models with Task
 * Arithmetic", ICLR 2023). Of one other, an amount of 0 gives the base and 1 the other.
 *
 * @throws {ModelError} If the networks do not have the same operations of the same sizes.
 *
 * @example
 * ```ts
 * import { loadModel } from "../weights/library.ts";
 *
 * const [photo, restore] = await Promise.all([loadModel("photo-x4"), loadModel("restore-x4")]);
 * const half = mixNetworks(photo.network, [{ network: restore.network, amount: 0.5 }]);
 * console.log(half.scale); // 4
 * ```
 */
export function mixNetworks(base: Network, others: readonly Share[]): Network {
  const shares = [{ network: base, amount: 1 }, ...others];
  for (const { amount } of others) shares[0].amount -= amount;
  if (others.some(({ network }) => network.operations.length !== base.operations.length)) {
    throw differentAt("the number of operations");
  }
  const operations = base.operations.map((operation, i) =>
    mixOperations(operation, shares.map(({ network, amount }) => [network.operations[i], amount]))
  );
  return { ...base, operations };
}

/** One operation of each network, the base's first, with the network's share. */
type Shares<T> = readonly (readonly [operation: T, amount: number])[];

function mixOperations(base: Operation, shares: Shares<Operation>): Operation {
  const other = shares.find(([{ kind }]) => kind !== base.kind);
  if (other !== undefined) throw differentAt(`${base.kind} against ${other[0].kind}`);
  if (base.kind === "input" || base.kind === "output") return base;
  if (base.kind === "conv") return mixConvolutions(base, shares as Shares<ConvOperation>);
  return mixLearned(base, shares as Shares<Learned>);
}

/** Operations that have weight and bias, and nothing else that was learned. */
type Learned = DepthwiseOperation | PartialConvOperation | NormOperation | DySampleOperation;

function mixLearned<T extends Learned>(base: T, shares: Shares<Learned>): T {
  const other = shares.find(([{ weight, bias }]) =>
    weight.length !== base.weight.length || bias.length !== base.bias.length
  );
  if (other !== undefined) {
    const [{ name, weight }] = other;
    throw differentAt(
      `"${base.name}" has ${base.weight.length} weights, "${name}" ${weight.length}`,
    );
  }
  return { ...base, weight: mix(shares, "weight"), bias: mix(shares, "bias") };
}

function mixConvolutions(base: ConvOperation, shares: Shares<ConvOperation>): ConvOperation {
  for (const [conv] of shares) checkSameShape(base, conv);
  return {
    ...base,
    weight: mix(shares, "weight"),
    bias: mix(shares, "bias"),
    activation: mixActivations(shares.map(([{ activation }, amount]) => [activation, amount])),
  };
}

function checkSameShape(a: ConvOperation, b: ConvOperation): void {
  const shape = (conv: ConvOperation) =>
    `${conv.inChannels} to ${conv.outChannels} channels, ${
      conv.gate?.kind ?? conv.activation.kind
    }`;
  if (shape(a) !== shape(b)) {
    throw differentAt(`"${a.name}" has ${shape(a)}, "${b.name}" has ${shape(b)}`);
  }
}

/** All are of the same kind. */
function mixActivations(shares: Shares<Activation>): Activation {
  const learned = shares.filter((share): share is [PRelu, number] => share[0].kind === "prelu");
  if (learned.length === 0) return shares[0][0];
  return { kind: "prelu", slopes: mix(learned, "slopes") };
}

type PRelu = Extract<Activation, { kind: "prelu" }>;

function mix<Key extends string>(
  shares: Shares<Record<Key, Float32Array>>,
  key: Key,
): Float32Array {
  return shares[0][0][key].map((_, i) =>
    shares.reduce((sum, [operation, amount]) => sum + amount * operation[key][i], 0)
  );
}

function differentAt(what: string): ModelError {
  return new ModelError(`Cannot blend networks of different shapes: ${what}`);
}
