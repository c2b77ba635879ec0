/**
 * How a result was made, as it is written into the result itself. Nothing of it is personal: no path,
 * no name of a file but the network's, no time.
 */

import type { PlannedPass } from "../passes/pass.ts";
import {
  lossesOf,
  type Metadata,
  type PictureFormat,
  type PictureHeader,
} from "../pictures/mod.ts";
import { type RecordFields, withRecord } from "../pictures/metadata/record.ts";
import { isNotFound, readFile } from "../platform/mod.ts";
import { VERSION } from "../version.ts";
import { defaultModel, embeddedModel, helpersOf } from "../weights/library.ts";
import type { EnhanceOptions, EnhancerOptions } from "./options.ts";

/** The options that change pixels, by the names that they have in the program, in this order. */
const RECORDED = {
  "to": "to",
  "fit": "fit",
  "gravity": "gravity",
  "pad": "pad",
  "mode": "mode",
  "creativity": "creativity",
  "dering": "dering",
  "tta": "tta",
  "passes": "passes",
  "scale": "scale",
  "denoise": "denoise",
  "tile": "tile",
  "halo": "halo",
  "precision": "precision",
  "background": "background",
  "to-srgb": "toSrgb",
  "mask": "mask",
  "protect": "protect",
  "repair": "repair",
  "tone": "tone",
} as const satisfies Record<string, keyof EnhanceOptions | keyof EnhancerOptions>;

/** What is recorded of one result. */
export interface RecordedRun {
  /** The options that were given. */
  options: EnhancerOptions & EnhanceOptions;
  /** SHA-256 of what was asked for, as {@linkcode recordedHashes} returns them. */
  weights: readonly string[];
  /** What people call the model. */
  model: string;
  /** The share of the restorer. */
  denoise: number;
  /** The share of the detailer. */
  detail: number;
  adapter: string;
  from: { width: number; height: number };
  to: { width: number; height: number };
  /** What ran, or will. */
  passes: readonly PlannedPass[];
}

/**
 * Returns a picture's metadata, to whose XMP packet it is added how its result is made. A record for which
 * the format has no room is left out, rather than the packet that was there.
 */
export function withRunRecord(
  picture: PictureHeader,
  format: PictureFormat,
  run: RecordedRun,
): Metadata {
  const software = `Tessera ${VERSION}`;
  const xmp = withRecord(picture.metadata.xmp, software, {
    Software: software,
    ...modelFields(run),
    From: sizeText(run.from),
    To: sizeText(run.to),
    ...settingFields(run),
    Adapter: run.adapter,
  });
  const metadata = { ...picture.metadata, xmp };
  const lost = lossesOf({ ...picture, metadata }, format).length;
  return lost === lossesOf(picture, format).length ? metadata : picture.metadata;
}

/** Returns the hashes of what {@linkcode EnhancerOptions} name, one of each network. */
export async function recordedHashes(
  { model, blend, before = [] }: EnhancerOptions,
): Promise<string[]> {
  const models = [...before, model, ...blend ? [blend.model] : []];
  const hashes = await Promise.all(models.map((each) => weightHash(each)));
  return hashes.flatMap((hash) => hash ?? []);
}

/** Returns the SHA-256 of a model's weights in hexadecimal; undefined for one that is given by URL. */
export async function weightHash(
  model: string | URL | Uint8Array = defaultModel().name,
): Promise<string | undefined> {
  if (model instanceof Uint8Array) return await sha256(model);
  const entry = embeddedModel(model);
  return entry?.sha256 ?? await hashOfFile(model);
}

async function hashOfFile(model: string | URL): Promise<string | undefined> {
  if (model instanceof URL ? model.protocol !== "file:" : /^https?:/.test(model)) return undefined;
  try {
    return await sha256(await readFile(model));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sizeText({ width, height }: { width: number; height: number }): string {
  return `${width}x${height}`;
}

/** The networks that run, and the hashes of their weights. */
function modelFields(run: RecordedRun): RecordFields {
  const { options, weights, model, passes } = run;
  const names = [...new Set(passes.flatMap(({ network }) => network ?? []))];
  const helpers = helpersOf(options.model ?? defaultModel().name, run);
  const mixed = [...weights, ...helpers.map(({ entry }) => entry.sha256)];
  const hashes = names.flatMap((name) => embeddedModel(name)?.sha256 ?? mixed);
  return {
    Model: names.join(" + ") || model,
    ...hashes.length > 0 && { ModelSHA256: hashes.join(" ") },
  };
}

/** The options that were given, and what was chosen instead of those that were not. */
function settingFields({ options, denoise, passes }: RecordedRun): RecordFields {
  const network = passes.find(({ kind }) => kind === "network");
  const corrected = passes.some(({ kind }) => kind === "back-projection");
  const settings: RecordFields = {
    ...network && { mode: corrected ? "faithful" : "network" },
    ...givenSettings(options),
    ...network && { denoise: String(denoise), precision: network.precision },
  };
  const named = Object.keys(RECORDED).filter((name) => settings[name] !== undefined);
  if (named.length === 0) return {};
  return { Settings: named.map((name) => `${name}=${settings[name]}`).join(" ") };
}

function givenSettings(options: EnhancerOptions & EnhanceOptions): RecordFields {
  const given = Object.entries(RECORDED).filter(([, key]) =>
    options[key] !== undefined && options[key] !== false
  );
  return Object.fromEntries(given.map(([name, key]) => [name, settingText(options[key])]));
}

/** A setting as the command line has it; of a picture only that it was given. */
function settingText(value: unknown): string {
  const isPicture = typeof value === "object" && value !== null && "data" in value;
  return isPicture ? "given" : String(value).toLowerCase();
}
