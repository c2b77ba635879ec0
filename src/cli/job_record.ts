/**
 * How a result was made, as it is written into the result itself. Nothing of it is personal: no path,
 * no name of a file but the network's, no time.
 */

import { lossesOf, type PictureFormat, type PictureHeader } from "../pictures/mod.ts";
import { type RecordFields, withRecord } from "../pictures/record.ts";
import type { Plan } from "../upscaler.ts";
import { embeddedModels } from "../weights/library.ts";
import { mixedHashes, weightHashes } from "./settings.ts";
import { TARGET_OPTIONS } from "./target_options.ts";
import { UPSCALER_OPTIONS, type UpscalerValues } from "./upscaler_options.ts";
import type { Choice } from "./upscaler_pool.ts";
import { VERSION } from "./version.ts";

/** What all results of a run have in common. */
export interface RunRecord {
  /** SHA-256 of the network's weights, and of its restorer's; none of weights from a URL. */
  weights: readonly string[];
  /** Whether they are of two networks that were mixed. */
  mixed: boolean;
  /** The options that were given and change pixels, as texts. */
  settings: RecordFields;
}

/** Options of the upscaler that change no pixel, or go by another name. */
const UNRECORDED = new Set(["model", "blend", "memory", "licence-policy"]);

/** The options that are recorded, in this order; models, which may be paths, go by their label. */
const RECORDED = [
  ...Object.keys(TARGET_OPTIONS),
  ...Object.keys(UPSCALER_OPTIONS).filter((name) => !UNRECORDED.has(name)),
  "background",
  "to-srgb",
];

/** Finds out what the results of a run will have in common; `undefined` if nothing is to be recorded. */
export async function runRecordOf(
  values: Readonly<Record<string, unknown>> & Pick<UpscalerValues, "model" | "blend"> & {
    strip: boolean;
  },
): Promise<RunRecord | undefined> {
  if (values.strip) return undefined;
  const given = RECORDED.filter((name) => values[name] !== undefined && values[name] !== false);
  const settings = given.map((name) => [name, settingText(values[name])]);
  const { model, blend } = values;
  return {
    weights: blend === undefined ? await weightHashes(model) : await mixedHashes(model, blend),
    mixed: blend !== undefined,
    settings: Object.fromEntries(settings),
  };
}

/**
 * Returns a picture to whose XMP packet it is added how its result is made. A record for which the
 * format has no room is left out, rather than the packet that was there.
 */
export function withJobRecord<P extends PictureHeader>(
  picture: P,
  format: PictureFormat,
  run: RunRecord,
  choice: Choice,
  plan: Plan,
): P {
  const software = `Tessera ${VERSION}`;
  const xmp = withRecord(picture.metadata.xmp, software, {
    Software: software,
    ...modelFields(run, choice, plan),
    From: `${plan.width}x${plan.height}`,
    To: `${plan.outputWidth}x${plan.outputHeight}`,
    ...settingFields(run, choice, plan),
    Adapter: choice.upscaler.gpu.adapter.description,
  });
  const recorded = { ...picture, metadata: { ...picture.metadata, xmp } };
  const fits = lossesOf(recorded, format).length === lossesOf(picture, format).length;
  return fits ? recorded : picture;
}

/** The networks that run, and the hashes of their weights. */
function modelFields(
  { weights, mixed }: RunRecord,
  { upscaler, denoise }: Choice,
  { passes }: Plan,
): RecordFields {
  const names = [...new Set(passes.flatMap(({ network }) => network ?? []))];
  const hashes = names.flatMap((name) => {
    const embedded = embeddedModels().find((entry) => entry.name === name);
    return embedded?.sha256 ?? weights.slice(0, denoise > 0 || mixed ? 2 : 1);
  });
  return {
    Model: names.join(" + ") || upscaler.label,
    ...hashes.length > 0 && { ModelSHA256: hashes.join(" ") },
  };
}

/** The options that were given, and what was chosen instead of those that were not. */
function settingFields(run: RunRecord, { denoise }: Choice, { passes }: Plan): RecordFields {
  const network = passes.find(({ kind }) => kind === "network");
  const corrected = passes.some(({ kind }) => kind === "back-projection");
  const settings: RecordFields = {
    ...network && { mode: corrected ? "faithful" : "network" },
    ...run.settings,
    ...network && { denoise: String(denoise), precision: network.precision },
  };
  const named = RECORDED.filter((name) => settings[name] !== undefined);
  if (named.length === 0) return {};
  return { Settings: named.map((name) => `${name}=${settings[name]}`).join(" ") };
}

/** A size keeps how it was spelt as its label; a colour is three numbers. */
function settingText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return "label" in value ? String(value.label) : Object.values(value).join(",");
}
