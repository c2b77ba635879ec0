/**
 * From the command line's pictures to what is written where. Everything that is wrong with the names
 * is found here, before any work.
 */

import { basename, dirname, extname, join, resolve, sep } from "node:path";
import { UsageError } from "../../errors.ts";
import { formatOfName, FORMATS, type PictureFormat, resultFormatOf } from "../../pictures/mod.ts";
import type { Input } from "./inputs.ts";
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
  /** The result's name, in which its size may still be missing. */
  name: NamePattern;
  format: PictureFormat;
  /** Why the input cannot be a picture, if that is known already. */
  problem?: string | undefined;
}

/** What the command line says about outputs. */
export interface OutputRequest {
  /** `-o`: a file, or a folder. */
  output: string | undefined;
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
 * Names the output of every input.
 *
 * @throws {UsageError} If names contradict each other, or a result would replace an input.
 */
export function planJobs(inputs: readonly Input[], request: OutputRequest): Job[] {
  const folder = outputFolder(request);
  const pattern = parsePattern(request.name ?? request.defaultPattern);
  const jobs = inputs.map((input) =>
    folder === undefined && request.output !== undefined
      ? jobForFile(input, request.output, request)
      : jobInFolder(input, folder, pattern, request)
  );
  checkDistinct(jobs);
  return jobs;
}

/**
 * Returns the folder of `-o`, or `undefined` if it names a file or nothing.
 *
 * @throws {UsageError} If it names a file and several pictures would go there.
 */
export function outputFolder(
  { output, several, name }: Pick<OutputRequest, "output" | "several" | "name">,
): string | undefined {
  if (output === undefined || isFolder(output)) return output;
  const taken = statOrUndefined(output) !== undefined || formatOfName(output) !== undefined;
  if (!several && name === undefined) return undefined;
  if (!taken) return output;
  throw new UsageError(`Expected a folder for --output but received "${output}"`);
}

/** Returns the path of a result whose size and factor are known. */
export function outputOf(
  { folder, name }: Job,
  { width, height }: { width: number; height: number },
  scale: number,
): string {
  const sizes = { width: String(width), height: String(height), scale: scaleText(scale) };
  return join(folder, nameOf(fillPattern(name, sizes))!);
}

/** Returns the path of a result, or `undefined` if its name waits for its size. */
export function outputIfKnown({ folder, name }: Job): string | undefined {
  const text = nameOf(name);
  return text === undefined ? undefined : join(folder, text);
}

function isFolder(path: string): boolean {
  return /[/\\]$/.test(path) || statOrUndefined(path)?.isDirectory === true;
}

function labelOf({ path, folder }: Input): string {
  return join(folder, basename(path)).split(sep).join("/");
}

/** `-o` is the result's name. */
function jobForFile(input: Input, output: string, { format }: OutputRequest): Job {
  return {
    input: input.path,
    label: labelOf(input),
    folder: dirname(output),
    makesFolder: false,
    name: [basename(output)],
    format: formatOfOutput("--output", output, format),
  };
}

function jobInFolder(
  input: Input,
  root: string | undefined,
  pattern: NamePattern,
  request: OutputRequest,
): Job {
  const { path, folder, problem } = input;
  const format = formatInFolder(path, pattern, request);
  const { model, scale } = request.known;
  const name = fillPattern(pattern, {
    name: basename(path, extname(path)),
    ext: endingFor(path, format).slice(1),
    from: extname(path).slice(1),
    parent: basename(dirname(resolve(path))),
    model: plainName(model),
    ...(scale !== undefined && { scale: scaleText(scale) }),
  });
  const where = root === undefined ? dirname(path) : join(root, folder);
  const label = labelOf(input);
  return {
    input: path,
    label,
    folder: where,
    makesFolder: root !== undefined,
    name,
    format,
    problem,
  };
}

/** A model's name without an ending, and with nothing in it that file systems dislike. */
function plainName(model: string): string {
  return model.replace(/\.(safetensors|pth|pt|ckpt)$/, "").replace(/[^\w.-]+/g, "-");
}

/** A pattern that does not end with `{ext}` says itself which format it means. */
function formatInFolder(
  input: string,
  pattern: NamePattern,
  { name, format }: OutputRequest,
): PictureFormat {
  const last = pattern.at(-1);
  if (typeof last !== "string") return format ?? resultFormatOf(input) ?? "png";
  return formatOfOutput("--name", name ?? last, format);
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
  if (formatOfName(input) === format) return extname(input);
  return FORMATS[format].extension;
}

/** Names that wait for a size are compared when they are known. */
function checkDistinct(jobs: Job[]): void {
  const inputs = new Set(jobs.map(({ input }) => realPath(input)));
  const outputs = new Set<string>();
  for (const output of jobs.map(outputIfKnown)) {
    if (output === undefined) continue;
    const path = realPath(output);
    if (inputs.has(path)) throw new UsageError(`"${output}" is an input: choose another --output`);
    if (outputs.has(path)) {
      throw new UsageError(
        `Two pictures would be written to "${output}": {from} or {parent} in --name tells them apart`,
      );
    }
    outputs.add(path);
  }
}

/** Returns the path without links; of a file that is not there yet, of its folder. */
function realPath(path: string): string {
  if (statOrUndefined(path) !== undefined) return Deno.realPathSync(path);
  const folder = dirname(path);
  if (statOrUndefined(folder) === undefined) return resolve(path);
  return join(Deno.realPathSync(folder), basename(path));
}
