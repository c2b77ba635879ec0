/**
 * The names that different programs gave to the same tensors, translated into one set of names.
 *
 * The canonical names are those of Real-ESRGAN: `conv_first`, `body.0.rdb1.conv1`, `conv_body`,
 * `conv_up1`, `conv_hr`, `conv_last` for RRDBNet, and `body.0` onwards for SRVGGNetCompact. A name
 * that no rule knows stays as it is, so that it is later refused by the name its owner knows.
 */

import { ModelError } from "../errors.ts";

/** Who named the tensors of a checkpoint. */
export type Dialect = "Real-ESRGAN" | "BSRGAN" | "old ESRGAN";

/** The names of one checkpoint, translated. */
export interface Naming {
  dialect: Dialect;
  /** Canonical name to the checkpoint's own, wrappers included. */
  names: Map<string, string>;
  /**
   * How many times an RRDBNet of these names enlarges its tensors twofold.
   *
   * Real-ESRGAN always has two (its x2 and x1 shrink the picture first), BSRGAN two for x4 and one
   * for x2, old ESRGAN any number from none. Old ESRGAN's rare x3 has the very names and shapes of
   * its x2, and is taken for that.
   */
  upsamplings: number;
}

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

/** BSRGAN, RealSR and the revised ESRGAN, and the spellings of `conv_up1` that occur anywhere. */
const ALIASES: [pattern: RegExp, canonical: string][] = [
  [/^RRDB_trunk\.(\d+)\.RDB(\d)\.conv/, "body.$1.rdb$2.conv"],
  [/^trunk_conv\./, "conv_body."],
  [/^upconv_?(\d)\./, "conv_up$1."],
  [/^HRconv\./, "conv_hr."],
];

/**
 * Translates a checkpoint's tensor names into canonical ones.
 *
 * Wrappers that all names share (`params_ema.`, `module.`, `netG.` and others) are taken off; of a
 * file with both `params` and `params_ema`, the averaged `params_ema` is used and the other left.
 *
 * @param names the checkpoint's names, in any order
 * @throws {ModelError} when two names mean the same tensor
 *
 * @example
 * ```ts
 * const { dialect, names } = canonicalNames(["params.RRDB_trunk.0.RDB1.conv1.weight"]);
 * console.log(dialect, [...names.keys()]); // BSRGAN [ "body.0.rdb1.conv1.weight" ]
 * ```
 */
export function canonicalNames(names: Iterable<string>): Naming {
  const unwrapped = unwrap(new Map([...names].map((name) => [name, name])));
  const keys = [...unwrapped.keys()];
  const dialect = dialectOf(keys);
  const translate = dialect === "old ESRGAN" ? oldEsrganTranslation(keys) : translateAlias;
  const translated = new Map<string, string>();
  for (const [name, original] of unwrapped) {
    const canonical = translate(name);
    const other = translated.get(canonical);
    if (other !== undefined) {
      throw new ModelError(`Tensors "${other}" and "${original}" both mean "${canonical}"`);
    }
    translated.set(canonical, original);
  }
  const upsamplings = countUpsamplings(dialect, keys, translated.keys());
  return { dialect, names: translated, upsamplings };
}

/** Takes the wrappers off: the keys lose them, the values stay. */
function unwrap(names: Map<string, string>): Map<string, string> {
  for (let i = 0; i < MAX_WRAPPERS; i++) {
    const wrapper = commonWrapper([...names.keys()]);
    if (wrapper === undefined) break;
    names = new Map(
      [...names]
        .filter(([name]) => name.startsWith(wrapper))
        .map(([name, original]) => [name.slice(wrapper.length), original]),
    );
  }
  return names;
}

/** Returns the wrapper with its dot, or undefined when the names have none in common. */
function commonWrapper(names: string[]): string | undefined {
  const heads = new Set(names.map((name) => name.slice(0, name.indexOf(".") + 1)));
  if (heads.size === 2 && heads.has("params.") && heads.has("params_ema.")) return "params_ema.";
  const [head] = heads;
  if (heads.size !== 1 || !WRAPPERS.has(head.slice(0, -1))) return undefined;
  const isOldEsrgan = head === "model." && names.some((name) => /^model\.\d/.test(name));
  return isOldEsrgan ? undefined : head;
}

function dialectOf(names: string[]): Dialect {
  if (names.some((name) => name.startsWith("model.1.sub."))) return "old ESRGAN";
  return names.some((name) => name.startsWith("RRDB_trunk.")) ? "BSRGAN" : "Real-ESRGAN";
}

function translateAlias(name: string): string {
  for (const [pattern, canonical] of ALIASES) {
    if (pattern.test(name)) return name.replace(pattern, canonical);
  }
  return name;
}

/**
 * Old ESRGAN numbers its layers, so the meaning of a number follows from the whole: `model.0`, the
 * trunk in `model.1`, one convolution every third number for the upsamplings, then two more.
 */
function oldEsrganTranslation(names: string[]): (name: string) => string {
  const blocks = 1 + highest(names, /^model\.1\.sub\.(\d+)\.RDB/);
  const last = lastLayer(names);
  const layerOf = (index: number): string | undefined => {
    if (index === 0) return "conv_first";
    if (index === last) return "conv_last";
    if (index === last - 2) return "conv_hr";
    return index % 3 === 0 && index < last - 2 ? `conv_up${index / 3}` : undefined;
  };
  return (name) => {
    const inBlock = /^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.(\w+)$/.exec(name);
    if (inBlock !== null) {
      return `body.${inBlock[1]}.rdb${inBlock[2]}.conv${inBlock[3]}.${inBlock[4]}`;
    }
    const trunkEnd = `model.1.sub.${blocks}.`;
    if (name.startsWith(trunkEnd)) return "conv_body." + name.slice(trunkEnd.length);
    const numbered = /^model\.(\d+)\.(weight|bias)$/.exec(name);
    const layer = numbered === null ? undefined : layerOf(Number(numbered[1]));
    return layer === undefined ? name : `${layer}.${numbered![2]}`;
  };
}

/**
 * Old ESRGAN's last layer has number 4 without upsampling and three more with each; elsewhere the
 * names are counted, and fewer than the dialect has at least are missing tensors.
 */
function countUpsamplings(dialect: Dialect, unwrapped: string[], translated: Iterable<string>) {
  if (dialect === "old ESRGAN") return Math.max(0, Math.floor((lastLayer(unwrapped) - 4) / 3));
  const found = highest(translated, /^conv_up(\d)\./);
  return Math.max(found, dialect === "BSRGAN" ? 1 : 2);
}

function lastLayer(names: string[]): number {
  return highest(names, /^model\.(\d+)\./);
}

/** Returns the largest number that the pattern's group captures in any name, or -1. */
function highest(names: Iterable<string>, pattern: RegExp): number {
  let largest = -1;
  for (const name of names) {
    const match = pattern.exec(name);
    if (match !== null) largest = Math.max(largest, Number(match[1]));
  }
  return largest;
}
