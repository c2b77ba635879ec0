/** Where in a PyTorch checkpoint the weights are: training programs put them beside much else. */

import { ModelError } from "../errors.ts";
import { PickleDict, type PickleValue } from "./pickle.ts";
import { quote } from "./tensor.ts";
import { TensorReference } from "./torch_objects.ts";

/** Tensors by name, and what stands beside them as text. */
export interface StateDict {
  tensors: Map<string, TensorReference>;
  metadata: Map<string, string>;
}

/** Keys under which weights are kept. Of several, the first counts: averaged weights are better. */
const WEIGHTS_KEYS = [
  "params_ema",
  "params-ema",
  "params",
  "state_dict",
  "model_state_dict",
  "net_g",
  "netG",
  "generator",
  "model",
  "module",
  "net",
  "weights",
];

/** Dicts within dicts that are looked into. */
const MAX_DEPTH = 6;

/** Longest text that is taken for metadata, in characters. */
const MAX_TEXT = 2000;

/** Keys that an error shows. */
const SHOWN = 5;

/**
 * Finds the weights of a checkpoint.
 *
 * A dict that has tensors itself is what is looked for; what else it has is left out. Otherwise it is
 * under one of the known keys, or in the only dict that has tensors.
 *
 * @throws {ModelError} when there are none, or several dicts may be meant
 */
export function findStateDict(root: PickleValue): StateDict {
  const metadata = new Map<string, string>();
  let dict = root;
  for (let depth = 0; dict instanceof PickleDict && depth < MAX_DEPTH; depth++) {
    for (const [key, value] of textsOf(dict)) metadata.set(key, value);
    const tensors = tensorsOf(dict);
    if (tensors.size > 0) return { tensors, metadata };
    dict = innerDict(dict);
  }
  throw new ModelError(
    root instanceof PickleDict
      ? `Checkpoint has no weights that could be found; its keys are ${keysOf(root)}`
      : "Checkpoint is no dict of tensors",
  );
}

function tensorsOf(dict: PickleDict): Map<string, TensorReference> {
  const tensors = new Map<string, TensorReference>();
  for (const [key, value] of dict.entries) {
    if (value instanceof TensorReference) tensors.set(`${key}`, value);
  }
  return tensors;
}

function innerDict(dict: PickleDict): PickleValue {
  const known = WEIGHTS_KEYS.find((key) => dict.entries.get(key) instanceof PickleDict);
  if (known !== undefined) return dict.entries.get(known)!;
  const inner = [...dict.entries.values()].filter((value) => value instanceof PickleDict);
  const withTensors = inner.filter((value) => tensorsOf(value).size > 0);
  if (withTensors.length > 1) {
    throw new ModelError(
      `Checkpoint has ${withTensors.length} sets of tensors and says of none that it is the weights; ` +
        `its keys are ${keysOf(dict)}`,
    );
  }
  return withTensors[0] ?? (inner.length === 1 ? inner[0] : null);
}

function textsOf(dict: PickleDict): [string, string][] {
  return [...dict.entries].flatMap(([key, value]): [string, string][] => {
    const isPlain = typeof value === "string" || typeof value === "number";
    const text = `${isPlain ? value : ""}`;
    return isPlain && typeof key === "string" && text.length <= MAX_TEXT ? [[key, text]] : [];
  });
}

function keysOf(dict: PickleDict): string {
  const keys = [...dict.entries.keys()];
  const shown = keys.slice(0, SHOWN).map((key) => quote(`${key}`)).join(", ");
  return keys.length > SHOWN ? `${shown} and ${keys.length - SHOWN} more` : shown || "none";
}
