/**
 * Finds out which network a checkpoint holds, from the names and shapes of its tensors.
 */

import { ModelError } from "../errors.ts";
import { quote, type TensorView } from "../weights/tensor.ts";
import { Checkpoint } from "./checkpoint.ts";
import { checkNetwork } from "./check.ts";
import type { Network } from "./network.ts";
import { readRrdbNet } from "./rrdbnet.ts";
import { readCompact } from "./srvgg_net_compact.ts";

/** Names that an error shows of a checkpoint that nobody knows. */
const SHOWN = 3;

/**
 * Builds the network that the tensors describe.
 *
 * RRDBNet is accepted under the names of Real-ESRGAN, BSRGAN or RealSR, and old ESRGAN;
 * SRVGGNetCompact under its own. Wrappers such as `params_ema.` and `module.` are taken off. The
 * network's F32 weights view the tensors' bytes where they lie aligned: keep those unchanged.
 *
 * @param tensors the checkpoint's tensors by name, F32, F16 or BF16
 * @param metadata the checkpoint's `__metadata__`: `activation` tells ReLU from LeakyReLU where
 * the tensors cannot
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
  metadata: ReadonlyMap<string, string> = new Map(),
): Network {
  const checkpoint = new Checkpoint(tensors);
  const network = readKnown(checkpoint, metadata);
  if (network === undefined) throw unknownNetwork(tensors);
  checkNetwork(network);
  return network;
}

function readKnown(
  checkpoint: Checkpoint,
  metadata: ReadonlyMap<string, string>,
): Network | undefined {
  const has = (pattern: RegExp) => checkpoint.names.some((name) => pattern.test(name));
  if (has(/^body\.\d+\.rdb\d\./)) return readRrdbNet(checkpoint);
  if (has(/^body\.\d+\.weight$/)) return readCompact(checkpoint, metadata);
  return undefined;
}

function unknownNetwork(tensors: ReadonlyMap<string, TensorView>): ModelError {
  const shown = [...tensors.values()].slice(0, SHOWN)
    .map(({ name, shape }) => `${quote(name)} [${shape.join(", ")}]`);
  const seen = shown.length === 0 ? "none" : shown.join(", ");
  return new ModelError(
    `Checkpoint of ${tensors.size} tensors (${seen}${
      tensors.size > SHOWN ? "..." : ""
    }) is of no ` +
      "known network: RRDBNet (ESRGAN, Real-ESRGAN, BSRGAN, RealSR) and SRVGGNetCompact are",
  );
}
