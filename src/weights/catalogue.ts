/**
 * Networks that others have published: what each is for, on what terms, and where its author keeps it.
 * None comes with Tessera, and none is fetched unless it is asked for.
 *
 * The hashes, sizes and licences in `models/catalogue.json` are those that OpenModelDB records (commit
 * 782aac0); a file that differs is refused.
 */

import { ModelError, UsageError } from "../errors.ts";
import known from "../../models/catalogue.json" with { type: "json" };

/** A published network. */
export interface CatalogueEntry {
  /** What `tessera models pull` and `--model` take. */
  name: string;
  family: string;
  /** Output pixels per input pixel, along one side. */
  scale: number;
  /** One line on what it is good for. */
  purpose: string;
  author: string;
  /** SPDX identifier. */
  licence: string;
  /** Bytes of the author's file. */
  bytes: number;
  /** SHA-256 of the author's file, in hexadecimal. */
  sha256: string;
  /** The author's file. */
  url: string;
  /** Where it is described. */
  page: string;
}

/** Which licences are acceptable: all, or those that allow commercial use. */
export type LicencePolicy = "any" | "commercial";
export const LICENCE_POLICIES: readonly LicencePolicy[] = ["any", "commercial"];

/** Keys of the metadata under which programs write a network's licence. */
const LICENCE_KEYS = ["licence", "license", "modelspec.license"];

/** Names become names of files. */
const NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;

/**
 * Returns the published networks that are known.
 *
 * @example
 * ```ts
 * const { author, licence } = knownModels().find(({ name }) => name === "bsrgan-x4")!;
 * console.log(author, licence); // Kai Zhang Apache-2.0
 * ```
 */
export function knownModels(): CatalogueEntry[] {
  return parseCatalogue(known);
}

/**
 * Checks a catalogue.
 *
 * @param document JSON of the form of `models/catalogue.json`
 * @throws {UsageError} naming the entry and the field that is wrong
 */
export function parseCatalogue(document: unknown): CatalogueEntry[] {
  if (!Array.isArray(document)) throw new UsageError("Expected a list of networks");
  return document.map((entry, i) => {
    const wrong = Object.entries(CHECKS).find(([field, check]) => !check(entry?.[field]));
    if (wrong !== undefined) {
      throw new UsageError(`Network ${i + 1} of the list has no valid "${wrong[0]}"`);
    }
    return { ...entry };
  });
}

const isText = (value: unknown) => typeof value === "string" && value !== "";
const isCount = (value: unknown) => Number.isSafeInteger(value) && value as number > 0;
const isAddress = (value: unknown) => typeof value === "string" && /^https?:\/\//.test(value);

const CHECKS: Record<keyof CatalogueEntry, (value: unknown) => boolean> = {
  name: (value) => typeof value === "string" && NAME.test(value),
  family: isText,
  scale: isCount,
  purpose: isText,
  author: isText,
  licence: isText,
  bytes: isCount,
  sha256: (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
  url: isAddress,
  page: isAddress,
};

/** Returns the licence that a weights file itself names. */
export function licenceIn(metadata: ReadonlyMap<string, string>): string | undefined {
  return LICENCE_KEYS.map((key) => metadata.get(key)).find((licence) => licence !== undefined);
}

/**
 * Refuses a licence that a policy rules out: for `commercial`, every Creative Commons licence with
 * "NonCommercial" in it, and terms for research alone.
 *
 * @param what the network, for the message
 * @throws {ModelError} naming the licence
 */
export function checkLicence(what: string, licence: string, policy: LicencePolicy): void {
  if (policy === "any" || !/\bNC\b|non-?commercial|research/i.test(licence)) return;
  throw new ModelError(
    `"${what}" is under ${licence}, which does not allow commercial use: choose another network, ` +
      "or leave out --licence-policy commercial",
  );
}
