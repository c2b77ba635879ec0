/** What of the command line has a say in the bytes of a result: the ledger's idea of "the same". */

import { weightHash } from "../../enhance/record.ts";
import { defaultModel, embeddedModel, embeddedModels } from "../../weights/library.ts";
import { resolveModel } from "../files/model_cache.ts";
import { modelsIn, type UpscalerValues } from "../options/upscaler_options.ts";
import { BUILTIN } from "../../platform/node_builtin.ts";

/** Options that say where results go, which pictures are meant, and what is shown. */
const WITHOUT_EFFECT = new Set([
  "output",
  "name",
  "format",
  "preset",
  "files-from",
  "shard",
  "dry-run",
  "max-pixels",
  "save-mask",
  "settle",
  "licence-policy",
  "gpu",
  "overwrite",
  "keep-date",
  "quiet",
  "json",
  "version",
  "help",
]);

/** Options that may name a picture, which stands in the settings by its hash. */
const PICTURES = ["mask", "repair"] as const;

/** Bytes that are read and hashed at a time. */
const BLOCK_BYTES = 2 ** 20;

/**
 * Returns the settings that every result of a run shares. A model stands there by its hash, so that
 * another file under the same name is another setting; one given by URL stands by that.
 *
 * @param values Every option's value. Those that are not known to have no effect have one.
 * @param scale The factor, in place of the option: it may be the network's own.
 */
export async function effectiveSettings(
  values: UpscalerValues & Record<string, unknown>,
  scale: number | undefined,
): Promise<Record<string, unknown>> {
  const given = Object.entries(values).filter(([name, value]) =>
    value !== undefined && value !== false && !WITHOUT_EFFECT.has(name)
  );
  const others: Record<string, unknown> = Object.fromEntries(given.sort());
  const { model, blend } = values;
  const mixed = blend && { blend: `${await modelIdentity(blend.model)} ${blend.amount}` };
  const identities = await Promise.all(modelsIn(model).map(modelIdentity));
  for (const name of PICTURES) {
    const path = others[name];
    if (typeof path === "string" && path !== "auto") others[name] = await hashOfFile(path);
  }
  return { ...others, ...mixed, model: identities.join(", then "), scale };
}

/** The hashes of all weights that may have a part in a result: of siblings and helpers, too. */
async function modelIdentity(model: string = defaultModel().name): Promise<string> {
  const own = embeddedModel(model);
  const others = embeddedModels().filter(({ name, family }) =>
    own !== undefined && (family === own.family || [own.restorer, own.detailer].includes(name))
  );
  const hash = await weightHash(resolveModel(model)) ?? model;
  return [hash, ...others.map(({ sha256 }) => sha256)].join(" ");
}

/** Returns the SHA-256 of a file's bytes in hexadecimal; the file is never in memory as a whole. */
export async function hashOfFile(path: string): Promise<string> {
  const hash = BUILTIN.crypto.createHash("sha256");
  using file = await Deno.open(path);
  const block = new Uint8Array(BLOCK_BYTES);
  for (;;) {
    const count = await file.read(block);
    if (count === null) return hash.digest("hex");
    hash.update(block.subarray(0, count));
  }
}
