/**
 * The model library: the networks that come with Tessera, and the way from any source to a network.
 *
 * The embedded files lie in `models/` beside this module, wherever that is. What each kind of
 * place takes, tried on Deno 2.9.6 with this module imported over http:
 *
 * - `import ... with { type: "bytes" }` would need no permission, but needs the flag
 *   `--unstable-raw-imports`, statically and dynamically, from a file and over http alike.
 * - `fetch(new URL(..., import.meta.url))` needs `--allow-net` for the host, even though the modules
 *   came from it.
 * - The Web Cache API (`caches`) needs no permission and outlives the process. So an embedded model
 *   is fetched once, with `--allow-net=<host>`, and later runs need neither permission nor network.
 *   The key holds the file's SHA-256: a newer Tessera fetches its newer model.
 * - From a local checkout, reading needs `--allow-read` for `models/`.
 */

import { ModelError, UsageError } from "../errors.ts";
import type { networkFromTensors } from "../networks/detect.ts";
import { networkAmong } from "../networks/match.ts";
import { srResNetCompact } from "../networks/srresnet_compact/srresnet_compact.ts";
import { chainNetworks } from "../networks/chain.ts";
import { mixNetworks } from "../networks/mix.ts";
import type { Network } from "../networks/network.ts";
import { isNotFound, modelUrl, readFile, toHex } from "../platform/mod.ts";
import models from "../../models/models.json" with { type: "json" };
import { readWeights } from "./read_weights.ts";

/** A network that comes with Tessera. */
export interface LibraryEntry {
  /** What `loadModel()` and `--model` take. */
  name: string;
  /** File in `models/`. */
  file: string;
  /** SHA-256 of the file, in hexadecimal. */
  sha256: string;
  /** Output pixels per input pixel, along one side. */
  scale: number;
  /** What networks that differ only in their scale have in common. */
  family: string;
  architecture: string;
  /** One line on what it is good for. */
  summary: string;
  /** SPDX identifier. */
  licence: string;
  /** Whether it is used when nothing else is asked for; true for exactly one. */
  default: boolean;
  /**
   * PSNR of the luma in dB on test sets, shrunk by MATLAB's bicubic and enlarged again by the program,
   * and bicubic's.
   */
  psnrY: Record<string, { bicubic: number; network: number }>;
  /** The network for damaged pictures with which this one can be blended, if there is one. */
  restorer: string | null;
  /** The network that adds texture with which this one can be blended, if there is one. */
  detailer: string | null;
}

/** How a model is loaded. */
export interface LoadOptions {
  /** Share of the model's restorer in its weights, 0 to 1. Default: 0. */
  denoise?: number;
  /** Share of the model's detailer in its weights, 0 to 1. Default: 0. */
  detail?: number;
  /** Another network of the same shape, and its share. Default: none. */
  blend?: Blend | undefined;
  /** Networks that run before it, in this order, as one with it. Default: none. */
  before?: readonly ModelSource[] | undefined;
}

/** An embedded model's name, a path, an http, https or file URL, or a file's bytes. */
export type ModelSource = string | URL | Uint8Array;

/** A network that is mixed into another one, weight by weight. */
export interface Blend<Source = ModelSource> {
  /** What {@linkcode loadModel} takes. */
  model: Source;
  /** Its share in the weights, 0 to 1. */
  amount: number;
}

/** A model, ready to be planned for a device. */
export interface LoadedModel {
  /** The embedded name, or the file's name. */
  label: string;
  network: Network;
  /** The file's `__metadata__`. */
  metadata: Map<string, string>;
}

/** Name of the Web Cache that keeps embedded models. */
const CACHE_NAME = "tessera-models";

/**
 * Returns the networks that come with Tessera, the default one among them.
 *
 * @example
 * ```ts
 * for (const { name, summary } of embeddedModels()) console.log(name, summary);
 * ```
 */
export function embeddedModels(): LibraryEntry[] {
  return structuredClone(models);
}

/** Returns the network that comes with Tessera under a name; none for whatever else a model is given by. */
export function embeddedModel(source: ModelSource | undefined): LibraryEntry | undefined {
  return embeddedModels().find(({ name }) => name === source);
}

/**
 * Returns the network that is used when nothing else is asked for.
 *
 * @example
 * ```ts
 * console.log(defaultModel().name); // photo-x4
 * ```
 */
export function defaultModel(): LibraryEntry {
  return embeddedModels().find((entry) => entry.default)!;
}

/**
 * Loads a model: a safetensors or PyTorch file with the weights of a known network.
 *
 * An embedded model needs `--allow-read` for its file in a local checkout. Imported from a URL, it
 * needs `--allow-net` for that host the first time and nothing later.
 *
 * @param source an embedded model's name, a path, an http, https or file URL, or a file's bytes
 * @param options how much of its restorer and of its detailer, or of another network, is blended in, and
 * which networks run before it
 * @throws {UsageError} when `denoise` or `detail` is asked of a model that has no such network
 * @throws {ModelError} when the source cannot be read, is no valid weights file (`cause` says why),
 * or describes no known network
 *
 * @example
 * ```ts
 * const { label, network } = await loadModel("photo-x4");
 * console.log(`${label}: ${network.architecture}, x${network.scale}`);
 * ```
 */
export async function loadModel(
  source: ModelSource,
  { denoise = 0, detail = 0, blend, before = [] }: LoadOptions = {},
): Promise<LoadedModel> {
  if (before.length > 0) return await loadChain(source, { denoise, detail, blend, before });
  for (const [name, amount] of [["denoise", denoise], ["detail", detail]] as const) {
    if (amount > 0 && blend !== undefined) {
      throw new UsageError(`Expected either ${name} or a blend but received both`);
    }
  }
  if (denoise > 0 || detail > 0) return await loadMixed(source, { denoise, detail });
  if (blend !== undefined) return await loadBlend(source, blend);
  if (source instanceof Uint8Array) return await parseModel(source, "model");
  const entry = embeddedModel(source);
  if (entry !== undefined) return await parseModel(await readEmbedded(entry), entry.name);
  const place = toPlace(source);
  return await parseModel(await readPlace(place), labelOf(place));
}

async function loadChain(
  source: ModelSource,
  { before = [], ...options }: LoadOptions,
): Promise<LoadedModel> {
  const models = await Promise.all(before.map((model) => loadModel(model)));
  const last = await loadModel(source, options);
  const networks = [...models, last].map(({ network }) => network);
  return {
    label: [...models, last].map(({ label }) => label).join(", then "),
    network: networks.reduceRight((behind, network) => chainNetworks(network, behind)),
    metadata: last.metadata,
  };
}

async function loadBlend(
  source: ModelSource,
  { model, amount }: Blend,
): Promise<LoadedModel> {
  const { label, network, metadata } = await loadModel(source);
  const other = await loadModel(model);
  return {
    label: `${label}, ${amount} of ${other.label}`,
    network: mixNetworks(network, [{ network: other.network, amount }]),
    metadata,
  };
}

async function loadMixed(
  source: ModelSource,
  amounts: { denoise: number; detail: number },
): Promise<LoadedModel> {
  const { label, network, metadata } = await loadModel(source);
  const helpers = helpersOf(source, amounts);
  const shares = await Promise.all(
    helpers.map(async ({ entry, amount }) => ({
      network: (await loadModel(entry.name)).network,
      amount,
    })),
  );
  const said = helpers.map(({ option, amount }) => `, ${option} ${amount}`).join("");
  return { label: `${label}${said}`, network: mixNetworks(network, shares), metadata };
}

/** A network that is mixed into an embedded one. */
export interface Helper {
  /** The option that asks for it. */
  option: "denoise" | "detail";
  entry: LibraryEntry;
  /** Its share in the weights, above 0. */
  amount: number;
}

/** The field of a {@linkcode LibraryEntry} that names the network of an option. */
const HELPER_FIELDS = { denoise: "restorer", detail: "detailer" } as const;

/**
 * Returns the networks that `denoise` and `detail` mix into a model.
 *
 * @throws {UsageError} when one is above 0 of which the model has no network
 */
export function helpersOf(
  model: ModelSource,
  amounts: { denoise: number; detail: number },
): Helper[] {
  const all = embeddedModels();
  const own = all.find(({ name }) => name === model);
  const asked = (["denoise", "detail"] as const).filter((option) => amounts[option] > 0);
  return asked.map((option) => {
    const field = HELPER_FIELDS[option];
    const entry = all.find(({ name }) => name === own?.[field]);
    if (entry === undefined) {
      const able = all.filter((other) => other[field] !== null).map(({ name }) => name);
      const what = option === "denoise" ? "Denoising" : "Detail";
      throw new UsageError(`${what} needs one of the models ${able.join(", ")}`);
    }
    return { option, entry, amount: amounts[option] };
  });
}

async function parseModel(bytes: Uint8Array, label: string): Promise<LoadedModel> {
  try {
    const { tensors, metadata } = await readWeights(bytes);
    return { label, network: await networkOf(tensors, metadata), metadata };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(`Cannot use the model "${label}": ${error.message}`, { cause: error });
  }
}

/** The architecture of the embedded networks is at hand; the others are loaded with the first such file. */
async function networkOf(...checkpoint: Parameters<typeof networkFromTensors>): Promise<Network> {
  const [tensors, metadata = new Map()] = checkpoint;
  const own = networkAmong([srResNetCompact], tensors, metadata);
  if (own !== undefined) return own;
  const { networkFromTensors } = await import("../networks/detect.ts");
  return networkFromTensors(tensors, metadata);
}

/** Takes a string for a URL only if it begins like one: `C:\model.safetensors` is a path. */
function toPlace(source: string | URL): string | URL {
  return typeof source === "string" && /^(https?|file):/.test(source) ? new URL(source) : source;
}

/** The last part of a path or URL, without folders and query. */
function labelOf(place: string | URL): string {
  const path = place instanceof URL ? place.pathname : place;
  return path.split(/[/\\]/).at(-1) || path;
}

/**
 * Returns the bytes of an embedded model's file.
 *
 * @throws {ModelError} when it cannot be read, or is not the file that it should be
 */
export async function readEmbedded(entry: LibraryEntry): Promise<Uint8Array> {
  const url = modelUrl(entry.file);
  if (url.protocol === "file:") return await readPlace(url);
  const key = `${url.origin}${url.pathname}?sha256=${entry.sha256}`;
  // A cache only saves time: where there is none, or no room for it, the model is fetched again.
  const cache = await globalThis.caches?.open(CACHE_NAME).catch(() => undefined);
  const kept = await (await cache?.match(key))?.bytes();
  if (kept !== undefined && await sha256(kept) === entry.sha256) return kept;
  const bytes = await readPlace(url);
  const found = await sha256(bytes);
  if (found !== entry.sha256) {
    throw new ModelError(`Model at ${url} has SHA-256 ${found}, expected ${entry.sha256}`);
  }
  await cache?.put(key, new Response(bytes)).catch(() => undefined);
  return bytes;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** The only access to files and network in this room. */
async function readPlace(place: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (!(place instanceof URL) || place.protocol === "file:") return await readFile(place);
    const response = await fetch(place);
    if (!response.ok) throw new Error(`HTTP ${response.status} ${response.statusText}`);
    return await response.bytes();
  } catch (error) {
    if (isNotFound(error)) {
      const names = embeddedModels().map(({ name }) => name).join(", ");
      throw new ModelError(
        `Model "${place}" is neither a file nor one of the embedded models: ${names}`,
        { cause: error },
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelError(`Cannot read the model "${place}": ${reason}`, { cause: error });
  }
}
