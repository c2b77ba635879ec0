/** Reads a checkpoint as one of some architectures. */

import type { TensorView } from "../weights/tensor.ts";
import type { Architecture, Metadata } from "./architecture.ts";
import { checkNetwork } from "./check.ts";
import { Checkpoint } from "./checkpoint.ts";
import type { Network } from "./network.ts";
import { unwrapNames } from "./wrappers.ts";

/**
 * Builds the network that the tensors describe, if it is of one of the architectures.
 *
 * @param architectures in the order in which they are tried
 * @throws {ModelError} when the tensors do not fit the network that they are of
 */
export function networkAmong(
  architectures: readonly Architecture[],
  tensors: ReadonlyMap<string, TensorView>,
  metadata: Metadata,
): Network | undefined {
  const unwrapped = unwrapNames(tensors.keys());
  const names = [...unwrapped.keys()];
  for (const architecture of architectures) {
    const match = architecture.match(names);
    if (match === undefined) continue;
    const network = match.read(new Checkpoint(tensors, unwrapped, match.dialect), metadata);
    checkNetwork(network);
    return network;
  }
  return undefined;
}
