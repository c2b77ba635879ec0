/**
 * From the command line's pictures to what is written where. What is wrong with all names is found
 * here, before any work; what is wrong with one of them is a failure of that picture alone.
 */

import { basename, dirname, extname, join, resolve, sep } from "node:path";
import { InputError, UsageError } from "../../errors.ts";
import {
  formatOfName,
  FORMATS,
  isPictureName,
  type PictureFormat,
  resultFormatOf,
} from "../../pictures/mod.ts";
import { COMIC_ENDING, isComicName } from "../files/comic.ts";
import { isLoosePipe, STDIN } from "../files/standard_streams.ts";
import type { Input } from "./inputs.ts";
import { OutputNames } from "./output_names.ts";
import { scaleText } from "../../enhance/options.ts";
import { fillPattern, nameOf, type NamePattern, parsePattern } from "../options/name_pattern.ts";
import { statOrUndefined } from "../files/output_file.ts";

/** One picture to upscale. */
export interface Job {
  input: string;
  /** The input's path below what was named on the command line, with `/` between folders. */
  label: string;
  /** Where the result goes. */
  folder: string;
  /** Whether that folder is made if it is missing. */
  makesFolder: boolean;
  /** Whether it is an archive of pages: then name is that of the archive, and the format that of pages. */
  isComic: boolean;
  /** Whether the result goes to stdout, and not into the folder. */
  toStdout: boolean;
  /** The result's name, in which its size and its format's ending may still be missing. */
  name: NamePattern;
  /** The result's format; `undefined` until the file is read and tells its own. */
  format: PictureFormat | undefined;
  /** Whether the format was asked for: then no other one is taken where it cannot hold the result. */
  isFormatAsked: boolean;
  /** Why nothing can come of it, if that is known already. */
  problem?: Error | undefined;
}

/** What the command line says about outputs. */
export interface OutputRequest {
  /** `-o`: a file, a folder, or stdout. */
  output: string | undefined;
  /** Whether it is stdout that `output` means, or that a picture from stdin goes to without one. */
  toStdout?: boolean;
  /** Whether `output` must be a folder, as several pictures go there. */
  several: boolean;
  /** `--name`; without it {@linkcode defaultPattern}. */
  name: string | undefined;
  /** The pattern of a name that is not asked for. */
  defaultPattern: string;
  format: PictureFormat | undefined;
  /** What names may contain, for every picture alike. A scale that is missing follows from the size. */
  known: { model: string; scale?: number };
}

/**
 * Names the output of every input. A picture whose result would replace an input, or have the name of
 * another one's, has that for its problem.
 *
 * @param names Where the names are taken.
 * @throws {UsageError} If the options contradict each other.
 */
export function planJobs(
  inputs: readonly Input[],
  request: OutputRequest,
  names: OutputNames = new OutputNames(inputs),
): Job[] {
  const toStdout = request.toStdout === true;
  const folder = toStdout ? undefined : outputFolder(request);
  const pattern = parsePattern(request.name ?? request.defaultPattern);
  const jobs = inputs.map((input) =>
    folder === undefined && request.output !== undefined && !toStdout
      ? jobForFile(input, request.output, request)
      : jobInFolder(input, folder, pattern, request)
  );
  // Of two pictures, the one whose ending stays has a right to the name.
  const [kept, changed] = [true, false].map((stays) =>
    jobs.filter(({ input, format }) => (formatOfName(input) === format) === stays)
  );
  const problems = new Map(
    [...kept, ...changed].map((job) => [job, job.problem ?? problemOf(job, request, names)]),
  );
  return jobs.map((job) => ({ ...job, problem: problems.get(job) }));
}

function problemOf(job: Job, { output: asked }: OutputRequest, names: OutputNames) {
  if (job.toStdout) return undefined;
  if (asked === undefined && isLoosePipe(job.folder)) {
    return new UsageError("A pipe has no folder to put the result into: name one with --output");
  }
  const output = outputIfKnown(job);
  return output === undefined ? undefined : names.take(output, job.input);
}

/**
 * Returns the folder of `-o`, or `undefined` if it names a file or nothing.
 *
 * @throws {UsageError} If it names a file and several pictures would go there.
 */
export function outputFolder(
  { output, several, name }: Pick<OutputRequest, "output" | "several" | "name">,
): string | undefined {
  if (output === undefined) return undefined;
  // Looked at once: another run may make the folder meanwhile, and of two looks the second would differ.
  const found = statOrUndefined(output);
  if (/[/\\]$/.test(output) || found?.isDirectory === true) return output;
  const taken = found !== undefined || formatOfName(output) !== undefined;
  if (!several && name === undefined) return undefined;
  if (!taken) return output;
  throw new UsageError(`Expected a folder for --output but received "${output}"`);
}

/** Returns the path of a result whose size, factor and format are known. */
export function outputOf(
  job: Job,
  { width, height }: { width: number; height: number },
  scale: number,
  format: PictureFormat,
): string {
  const sizes = { width: String(width), height: String(height), scale: scaleText(scale) };
  return join(job.folder, nameOf(fillPattern(job.name, { ...sizes, ...endingOf(job, format) }))!);
}

/** Returns the path of a result, or `undefined` if its name waits for its size or its format. */
export function outputIfKnown(job: Job): string | undefined {
  const isKnown = job.isComic || job.format !== undefined;
  const ending = isKnown ? endingOf(job, job.format ?? "png") : {};
  const text = nameOf(fillPattern(job.name, ending));
  return text === undefined || job.toStdout ? undefined : join(job.folder, text);
}

function endingOf({ input, isComic }: Job, format: PictureFormat): { ext: string } {
  if (isComic) return { ext: extname(input).slice(1) };
  return { ext: endingFor(input, format).slice(1) };
}

function labelOf({ path, folder }: Input): string {
  return join(folder, basename(path)).split(sep).join("/");
}

/** `-o` is the result's name. */
function jobForFile(input: Input, output: string, { format }: OutputRequest): Job {
  const isComic = isComicName(input.path);
  if (isComic && !isComicName(output)) {
    throw new UsageError(`A comic stays one: expected a name with ${COMIC_ENDING} for --output`);
  }
  return {
    input: input.path,
    label: labelOf(input),
    folder: dirname(output),
    makesFolder: false,
    isComic,
    toStdout: false,
    name: [basename(output)],
    format: isComic ? format : formatOfOutput("--output", output, format),
    isFormatAsked: !isComic || format !== undefined,
    ...problemFrom(input),
  };
}

function jobInFolder(
  input: Input,
  root: string | undefined,
  pattern: NamePattern,
  request: OutputRequest,
): Job {
  const { path, folder } = input;
  const file = path === STDIN ? "stdin" : path;
  const named = formatOfPattern(file, pattern, request);
  const { model, scale } = request.known;
  const isComic = isComicName(file);
  const name = fillPattern(withEnding(pattern, isComic ? undefined : named), {
    name: basename(file, extname(file)),
    from: extname(file).slice(1),
    parent: basename(dirname(resolve(file))),
    model: plainName(model),
    ...(scale !== undefined && { scale: scaleText(scale) }),
  });
  return {
    input: path,
    label: labelOf(input),
    folder: root === undefined ? dirname(file) : join(root, folder),
    makesFolder: root !== undefined,
    isComic,
    toStdout: request.toStdout === true,
    name,
    format: named ?? request.format ?? formatOfInput(file),
    isFormatAsked: (named ?? request.format) !== undefined,
    ...problemFrom(input),
  };
}

function problemFrom({ problem }: Input): Pick<Job, "problem"> {
  return problem === undefined ? {} : { problem: new InputError(problem) };
}

/** A model's name without an ending, and with nothing in it that file systems dislike. */
function plainName(model: string): string {
  return model.replace(/\.(safetensors|pth|pt|ckpt)$/, "").replace(/[^\w.-]+/g, "-");
}

/** Returns the format that a pattern asks for by the ending that it gives all names, or each its own. */
function formatOfPattern(
  input: string,
  pattern: NamePattern,
  { format }: OutputRequest,
): PictureFormat | undefined {
  const last = pattern.at(-1);
  if (typeof last !== "string") {
    const own = last?.placeholder === "from" ? formatOfName(input) : undefined;
    return own === format || format === undefined ? own : undefined;
  }
  return isPictureName(last) ? formatOfOutput("--name", last, format) : undefined;
}

/** Returns a pattern with the format's ending, unless it has one. */
function withEnding(pattern: NamePattern, named: PictureFormat | undefined): NamePattern {
  const last = pattern.at(-1);
  const hasEnding = typeof last === "object" && last.placeholder === "ext";
  return named !== undefined || hasEnding ? pattern : [...pattern, ".", { placeholder: "ext" }];
}

/** Returns the format that a file's name tells; what is no format that can be written becomes PNG. */
function formatOfInput(input: string): PictureFormat | undefined {
  return resultFormatOf(input) ?? (isPictureName(input) ? "png" : undefined);
}

function formatOfOutput(
  flag: string,
  output: string,
  asked: PictureFormat | undefined,
): PictureFormat {
  const named = formatOfName(output);
  if (asked === undefined && named === undefined) {
    const endings = Object.values(FORMATS).map(({ extension }) => extension).join(", ");
    throw new UsageError(
      `Expected a name with one of the endings ${endings} for ${flag} but received "${output}": ` +
        `or choose with --format`,
    );
  }
  if (asked !== undefined && named !== undefined && asked !== named) {
    throw new UsageError(`--format ${asked} contradicts the name "${output}"`);
  }
  return (asked ?? named)!;
}

/** Keeps the input's own spelling (`.JPG`, `.jpeg`) where the format stays. */
function endingFor(input: string, format: PictureFormat): string {
  if (extname(input) !== "" && formatOfName(input) === format) return extname(input);
  return FORMATS[format].extension;
}
