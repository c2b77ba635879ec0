/**
 * The names that different programs gave to the tensors of an RRDBNet.
 *
 * The canonical ones are those of Real-ESRGAN: `conv_first`, `body.0.rdb1.conv1`, `conv_body`,
 * `conv_up1`, `conv_hr`, `conv_last`.
 */

import type { Dialect } from "../architecture.ts";

/** How the tensors of an RRDBNet are called, and what only the names tell. */
export interface RrdbNetNaming {
  /** None if they have the canonical names. */
  dialect?: Dialect;
  /**
   * How many times the network enlarges its tensors twofold.
   *
   * Real-ESRGAN always has two (its x2 and x1 shrink the picture first), BSRGAN two for x4 and one
   * for x2, old ESRGAN any number from none. Old ESRGAN's rare x3 has the very names and shapes of
   * its x2, and is taken for that.
   */
  upsamplings: number;
}

const CANONICAL = "Real-ESRGAN";

/** BSRGAN, RealSR and the revised ESRGAN, and the spellings of `conv_up1` that occur anywhere. */
const ALIASES: [pattern: RegExp, canonical: string][] = [
  [/^RRDB_trunk\.(\d+)\.RDB(\d)\.conv/, "body.$1.rdb$2.conv"],
  [/^trunk_conv\./, "conv_body."],
  [/^upconv_?(\d)\./, "conv_up$1."],
  [/^HRconv\./, "conv_hr."],
];

/**
 * Tells how an RRDBNet's tensors are called.
 *
 * @returns undefined if there is no dense block among the names
 *
 * @example
 * ```ts
 * const naming = rrdbNetNaming(["RRDB_trunk.0.RDB1.conv1.weight"]);
 * console.log(naming?.dialect?.translate("HRconv.bias")); // conv_hr.bias
 * ```
 */
export function rrdbNetNaming(names: readonly string[]): RrdbNetNaming | undefined {
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (has(/^model\.1\.sub\.\d+\.RDB\d\./)) return oldEsrgan(names);
  const isBsrgan = has(/^RRDB_trunk\.\d+\.RDB\d\./);
  if (!isBsrgan && !has(/^body\.\d+\.rdb\d\./)) return undefined;
  // Fewer than the dialect has at least are missing tensors.
  const upsamplings = Math.max(
    highest(names.map(translateAlias), /^conv_up(\d)\./),
    isBsrgan ? 1 : 2,
  );
  const name = isBsrgan ? "BSRGAN" : CANONICAL;
  return { dialect: { name, canonical: CANONICAL, translate: translateAlias }, upsamplings };
}

function translateAlias(name: string): string {
  for (const [pattern, canonical] of ALIASES) {
    if (pattern.test(name)) return name.replace(pattern, canonical);
  }
  return name;
}

/**
 * Old ESRGAN numbers its layers, so the meaning of a number follows from the whole: `model.0`, the
 * trunk in `model.1`, one convolution every third number for the upsamplings, then two more. The last
 * one has number 4 without upsampling and three more with each.
 */
function oldEsrgan(names: readonly string[]): RrdbNetNaming {
  const blocks = 1 + highest(names, /^model\.1\.sub\.(\d+)\.RDB/);
  const last = highest(names, /^model\.(\d+)\./);
  const layerOf = (index: number): string | undefined => {
    if (index === 0) return "conv_first";
    if (index === last) return "conv_last";
    if (index === last - 2) return "conv_hr";
    return index % 3 === 0 && index < last - 2 ? `conv_up${index / 3}` : undefined;
  };
  const translate = (name: string) => {
    const inBlock = /^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d\.0|1x1)\.(\w+)$/.exec(name);
    if (inBlock !== null) {
      const [, block, dense, layer, kind] = inBlock;
      return `body.${block}.rdb${dense}.conv${layer.replace(".0", "")}.${kind}`;
    }
    const trunkEnd = `model.1.sub.${blocks}.`;
    if (name.startsWith(trunkEnd)) return "conv_body." + name.slice(trunkEnd.length);
    const numbered = /^model\.(\d+)\.(weight|bias)$/.exec(name);
    const layer = numbered === null ? undefined : layerOf(Number(numbered[1]));
    return layer === undefined ? name : `${layer}.${numbered![2]}`;
  };
  const dialect = { name: "old ESRGAN", canonical: CANONICAL, translate };
  return { dialect, upsamplings: Math.max(0, Math.floor((last - 4) / 3)) };
}

/** Returns the largest number that the pattern's group captures in any name, or -1. */
function highest(names: readonly string[], pattern: RegExp): number {
  let largest = -1;
  for (const name of names) {
    const match = pattern.exec(name);
    if (match !== null) largest = Math.max(largest, Number(match[1]));
  }
  return largest;
}
