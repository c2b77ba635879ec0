/**
 * What the pictures of one run share, however they are found: the enhancer with its device, what is asked
 * of each, where results go and what is known of them.
 */

import { Enhancer } from "../../enhance/enhance.ts";
import { targetRequestOf } from "../../enhance/options.ts";
import { DEFAULT_PATTERN } from "../options/name_pattern.ts";
import { encodingOf, readingOf, treatmentOf } from "../options/picture_options.ts";
import { regionOptionsOf } from "../options/region_options.ts";
import { enhanceOptionsOf } from "../options/target_options.ts";
import type { UpscaleValues } from "../options/upscale_options.ts";
import { enhancerOptionsOf } from "../options/upscaler_options.ts";
import type { BatchOptions } from "./batch.ts";
import type { Input } from "./inputs.ts";
import { type Job, outputFolder, type OutputRequest, planJobs } from "./jobs.ts";
import { Ledger } from "./ledger.ts";
import { OutputNames } from "./output_names.ts";
import { effectiveSettings } from "./settings.ts";

/** What batches of one session share: names are those of one batch. */
type SharedOptions = Omit<BatchOptions, "names">;

/** How a session is opened. */
export interface SessionRequest {
  /** Whether several pictures may be meant. */
  several: boolean;
  /** Whether the result goes to stdout. */
  toStdout: boolean;
  signal: AbortSignal;
}

/** One run's enhancer, ledger and options, until it is disposed. */
export class Session implements Disposable {
  readonly enhancer: Enhancer;
  readonly options: SharedOptions;
  /** The output folder, if there is one. */
  readonly folder: string | undefined;
  readonly #request: OutputRequest;

  private constructor(
    enhancer: Enhancer,
    options: SharedOptions,
    folder: string | undefined,
    request: OutputRequest,
  ) {
    this.enhancer = enhancer;
    this.options = options;
    this.folder = folder;
    this.#request = request;
  }

  /**
   * Reads what the options name, and opens the device.
   *
   * @throws {UsageError} If options contradict each other.
   * @throws {InputError} If a mask cannot be read.
   * @throws {ModelError} If the model cannot be used.
   * @throws {NoGpuError} If there is no adapter.
   */
  static async open(
    values: UpscaleValues,
    { several, toStdout, signal }: SessionRequest,
  ): Promise<Session> {
    const reading = readingOf(values);
    const asked = { ...enhanceOptionsOf(values), ...await regionOptionsOf(values, reading) };
    const enhancer = await Enhancer.create(await enhancerOptionsOf(values));
    try {
      const { scale, label } = targetRequestOf(asked, enhancer.scale);
      const known = { model: enhancer.label, ...(scale !== undefined && { scale }) };
      const defaultPattern = values.to === undefined ? DEFAULT_PATTERN : patternFor(label);
      const request = { ...values, several, toStdout, defaultPattern, known };
      const folder = several ? outputFolder(request) : undefined;
      const ledger = folder === undefined ? undefined : new Ledger(folder);
      const options: SharedOptions = {
        job: {
          enhance: { ...asked, ...treatmentOf(values) },
          ...reading,
          encoding: encodingOf(values),
          frames: values.frames === "first" ? "first" : "all",
          keepDate: values["keep-date"],
          saveMask: values["save-mask"],
          signal,
        },
        ledger,
        settings: ledger === undefined ? {} : await effectiveSettings(values, scale),
        several,
        otherShards: 0,
        overwrite: values.overwrite,
        quiet: values.quiet,
        json: values.json,
      };
      return new Session(enhancer, options, folder, request);
    } catch (error) {
      enhancer.destroy();
      throw error;
    }
  }

  /**
   * Says what becomes of pictures.
   *
   * @throws {UsageError} If names contradict each other, or a result would replace an input.
   */
  batchFor(inputs: readonly Input[]): { jobs: Job[]; options: BatchOptions } {
    const names = new OutputNames(inputs);
    return { jobs: planJobs(inputs, this.#request, names), options: { ...this.options, names } };
  }

  [Symbol.dispose](): void {
    this.options.ledger?.[Symbol.dispose]();
    this.enhancer.destroy();
  }
}

/** Names of results of a size: `photo-4k.jpg`, `photo-print-13x18cm.jpg`. */
function patternFor(label: string): string {
  return `{name}-${label.replaceAll(/[:@]/g, "-")}.{ext}`;
}
