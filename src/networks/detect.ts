/**
 * Finds out which network a checkpoint holds, from the names and shapes of its tensors.
 */

import { ModelError } from "../errors.ts";
import { quote, type TensorView } from "../weights/tensor.ts";
import type { Metadata } from "./architecture.ts";
import { networkAmong } from "./match.ts";
import type { Network } from "./network.ts";
import { ARCHITECTURES } from "./registry.ts";

/** Names that an error shows of a checkpoint that nobody knows. */
const SHOWN = 3;

/**
 * Builds the network that the tensors describe.
 *
 * The registry says which networks there are, and each knows the names that it goes by. Wrappers such
 * as `params_ema.` and `module.` are taken off. The network's F32 weights view the tensors' bytes where
 * they lie aligned: keep those unchanged.
 *
 * @param tensors the checkpoint's tensors by name, F32, F16 or BF16
 * @param metadata the checkpoint's `__metadata__`: tells what the tensors cannot, such as ReLU from
 * LeakyReLU
 * @throws {ModelError} when the tensors are of no known network, or do not fit the one they are of
 *
 * @example
 * ```ts
 * import { readSafetensors } from "../weights/safetensors.ts";
 *
 * const url = new URL("../../models/fast-x4.safetensors", import.meta.url);
 * const { tensors, metadata } = readSafetensors(await Deno.readFile(url));
 * const network = networkFromTensors(tensors, metadata);
 * console.log(network.architecture, network.scale); // SRVGGNetCompact 4
 * ```
 */
export function networkFromTensors(
  tensors: ReadonlyMap<string, TensorView>,
  metadata: Metadata = new Map(),
): Network {
  const network = networkAmong(ARCHITECTURES, tensors, metadata);
  if (network === undefined) throw unknownNetwork(tensors);
  return network;
}

function unknownNetwork(tensors: ReadonlyMap<string, TensorView>): ModelError {
  const shown = [...tensors.values()].slice(0, SHOWN)
    .map(({ name, shape }) => `${quote(name)} [${shape.join(", ")}]`);
  const seen = shown.length === 0 ? "none" : shown.join(", ");
  const rest = tensors.size > SHOWN ? "..." : "";
  const known = ARCHITECTURES.map(({ name, knownAs }) =>
    knownAs.length === 0 ? name : `${name} (${knownAs.join(", ")})`
  );
  return new ModelError(
    `Checkpoint of ${tensors.size} tensors (${seen}${rest}) is of no known network. ` +
      `Known are ${known.join(", ")}`,
  );
}
