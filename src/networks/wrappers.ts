/**
 * The keys under which training programs store a network, taken off the names of its tensors.
 */

/** Keys under which training programs store their weights, and prefixes that they add. */
const WRAPPERS = new Set([
  "generator",
  "model",
  "model_state_dict",
  "module",
  "net",
  "net_g",
  "netG",
  "params",
  "params-ema",
  "params_ema",
  "state_dict",
]);

/** Wrappers inside wrappers that are worth unpacking. */
const MAX_WRAPPERS = 4;

/**
 * Takes off the wrappers that all names share (`params_ema.`, `module.`, `netG.` and others). Of a
 * file with both `params` and `params_ema`, the averaged `params_ema` is used and the other left.
 *
 * @returns the names without wrappers, each with the one it was
 *
 * @example
 * ```ts
 * console.log(unwrapNames(["params.conv_first.bias"]).get("conv_first.bias")); // params.conv_first.bias
 * ```
 */
export function unwrapNames(names: Iterable<string>): Map<string, string> {
  let unwrapped = new Map([...names].map((name) => [name, name]));
  for (let i = 0; i < MAX_WRAPPERS; i++) {
    const wrapper = commonWrapper([...unwrapped.keys()]);
    if (wrapper === undefined) break;
    unwrapped = new Map(
      [...unwrapped]
        .filter(([name]) => name.startsWith(wrapper))
        .map(([name, original]) => [name.slice(wrapper.length), original]),
    );
  }
  return unwrapped;
}

/** Returns the wrapper with its dot, or undefined when the names have none in common. */
function commonWrapper(names: string[]): string | undefined {
  const heads = new Set(names.map((name) => name.slice(0, name.indexOf(".") + 1)));
  if (heads.size === 2 && heads.has("params.") && heads.has("params_ema.")) return "params_ema.";
  const [head] = heads;
  if (heads.size !== 1 || !WRAPPERS.has(head.slice(0, -1))) return undefined;
  // Old ESRGAN's layers are numbered under `model`.
  const isNumbered = head === "model." && names.some((name) => /^model\.\d/.test(name));
  return isNumbered ? undefined : head;
}
