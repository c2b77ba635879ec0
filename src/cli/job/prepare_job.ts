/** From an open picture to all that is known before the work: sizes, passes, the result and its name. */

import { chooseWriting, refusalOf, type Writing } from "../../enhance/encoding.ts";
import type { Enhancement, Enhancer, Note } from "../../enhance/enhance.ts";
import { formatFor } from "../../enhance/format_choice.ts";
import type { EnhanceOptions } from "../../enhance/options.ts";
import {
  type EncodeOptions,
  FORMATS,
  type PictureFormat,
  type PictureHeader,
  resultFormatOf,
} from "../../pictures/mod.ts";
import { type AnimationJob, animationOf } from "./animation_job.ts";
import { type PagesJob, pagesOf } from "./pages_job.ts";
import type { Codecs } from "../batch/codecs.ts";
import type { InputFile } from "../files/input_file.ts";
import { type Job, outputOf } from "../batch/jobs.ts";

/** What is to become of the pictures of a run. */
export interface PrepareOptions {
  /** Size, style and treatment of each. */
  enhance: EnhanceOptions;
  encoding: Omit<EncodeOptions, "format">;
  codecs: Codecs;
  /** The most pixels that the input may claim. */
  maxPixels: number;
  /** Whether all frames of an animation, and all pages of a TIFF, are wanted. */
  frames: "all" | "first";
  /** Receives sentences about what of the input the output will not show, or shows otherwise. */
  onNote: (sentence: string) => void;
}

/** All that is known about a picture before the work. */
export interface PreparedJob {
  /** Of the picture, or of the first frame or page. */
  enhancement: Enhancement;
  /** All frames, if there are several and they are wanted. */
  animation: AnimationJob | undefined;
  /** All pages, likewise. */
  pages: PagesJob | undefined;
  /** What is planned to be written. */
  result: PictureHeader;
  output: string;
  encoding: EncodeOptions;
  /** How; rejected if no codec can be loaded. It is found out while other things are done. */
  writing: Promise<Writing>;
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
  const format = await chooseFormat(job, input, enhancer, options);
  const encoding = { ...options.encoding, format };
  const wanted = { ...options.enhance, format };
  const [animation, pages] = options.frames === "first" ? [] : [
    await animationOf(job.input, input, format, wanted, options.maxPixels),
    await pagesOf(job.input, input, format, wanted, options.maxPixels),
  ];
  const enhancement = animation === undefined
    ? await enhancer.plan(pages?.first ?? input.picture, wanted, input.bytes)
    : await enhancer.plan(animation.first, animation.asked);
  for (const note of enhancement.notes) options.onNote(inOptions(note));
  const { result, scale } = enhancement;
  const refusal = refusalOf(result, encoding);
  if (refusal !== undefined) throw refusal;
  const writing = chooseWriting(result, encoding, options.codecs);
  // Its failure is met when it is awaited.
  writing.catch(() => {});
  const output = outputOf(job, result, scale, format);
  return { enhancement, animation, pages, result, output, encoding, writing };
}

/**
 * Returns the format that was asked for, or else the input's own, or the nearest that can hold the
 * result; then it says why.
 */
async function chooseFormat(
  { format, isFormatAsked }: Job,
  { picture, kind }: InputFile,
  enhancer: Enhancer,
  { enhance, encoding, onNote }: PrepareOptions,
): Promise<PictureFormat> {
  if (format !== undefined && isFormatAsked) return format;
  const own = resultFormatOf(`.${kind}`) ?? "png";
  const choice = await formatFor(picture, [format ?? own, own], {
    enhance,
    ownScale: enhancer.scale,
    encoding,
  });
  const name = FORMATS[choice.format].name;
  if (choice.reason !== undefined) onNote(`${choice.reason}: it is written as ${name}`);
  return choice.format;
}

/** A note, with the options that change what it says. */
function inOptions({ kind, text }: Note): string {
  switch (kind) {
    case "traces":
      return `${text}: --halo exact or more --memory leaves none`;
    case "crop":
      return `${text}: --fit contain shows all of it, --gravity says what stays`;
    default:
      return text;
  }
}
