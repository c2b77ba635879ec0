/** From an open picture to all that is known before the work: sizes, passes, the result and its name. */

import { chooseWriting, type Writing } from "../../enhance/encoding.ts";
import type { Enhancement, Enhancer, Note } from "../../enhance/enhance.ts";
import type { EnhanceOptions } from "../../enhance/options.ts";
import type { EncodeOptions, PictureHeader } from "../../pictures/mod.ts";
import type { Codecs } from "../batch/codecs.ts";
import type { InputFile } from "../files/input_file.ts";
import { type Job, outputOf } from "../batch/jobs.ts";

/** What is to become of the pictures of a run. */
export interface PrepareOptions {
  /** Size, style and treatment of each. */
  enhance: EnhanceOptions;
  encoding: Omit<EncodeOptions, "format">;
  codecs: Codecs;
  /** Receives sentences about what of the input the output will not show, or shows otherwise. */
  onNote: (sentence: string) => void;
}

/** All that is known about a picture before the work. */
export interface PreparedJob {
  enhancement: Enhancement;
  /** What is planned to be written. */
  result: PictureHeader;
  output: string;
  encoding: EncodeOptions;
  writing: Writing;
}

/**
 * Finds out what is to be done with an open picture, and says what is to be said about it.
 *
 * @throws {UsageError} If the size is out of reach, or the result cannot be encoded.
 */
export async function prepareJob(
  job: Job,
  input: InputFile,
  enhancer: Enhancer,
  options: PrepareOptions,
): Promise<PreparedJob> {
  const { format } = job;
  const encoding = { ...options.encoding, format };
  const asked = { ...options.enhance, format };
  const enhancement = await enhancer.plan(input.picture, asked, input.bytes);
  for (const note of enhancement.notes) options.onNote(inOptions(note));
  const { result, scale } = enhancement;
  const writing = await chooseWriting(result, encoding, options.codecs);
  return { enhancement, result, output: outputOf(job, result, scale), encoding, writing };
}

/** A note, with the options that change what it says. */
function inOptions({ kind, text }: Note): string {
  return kind === "traces" ? `${text}: --halo exact or more --memory leaves none` : text;
}
