/**
 * From the command line's pictures to what is written where. Everything that is wrong with the names
 * is found here, before any work.
 */

import { basename, dirname, extname, join } from "node:path";
import { UsageError } from "../errors.ts";
import { formatOfName, FORMATS, type PictureFormat } from "../pictures/mod.ts";
import { statOrUndefined } from "./output_file.ts";

/** One picture to upscale. */
export interface Job {
  input: string;
  output: string;
  format: PictureFormat;
}

/** What the command line says about outputs. */
export interface OutputRequest {
  /** `-o`: a file, or a folder. */
  output: string | undefined;
  format: PictureFormat | undefined;
}

/**
 * Names the output of every input.
 *
 * @param inputs Paths as they were given.
 * @param scale The factor, for names such as `photo-x4.jpg`.
 * @param request What was asked for.
 * @throws {UsageError} If names contradict each other, or a result would replace an input.
 */
export function planJobs(inputs: string[], scale: number, request: OutputRequest): Job[] {
  const jobs = inputs.map((input) => planJob(input, scale, request, inputs.length > 1));
  checkDistinct(jobs);
  return jobs;
}

function planJob(
  input: string,
  scale: number,
  { output, format }: OutputRequest,
  several: boolean,
): Job {
  if (output !== undefined && !isFolder(output)) {
    if (several) throw new UsageError(`Expected a folder for --output but received "${output}"`);
    return { input, output, format: formatOfOutput(output, format) };
  }
  const chosen = format ?? formatOfName(input) ?? "png";
  const name = `${basename(input, extname(input))}-x${scaleText(scale)}${endingFor(input, chosen)}`;
  return { input, output: join(output ?? dirname(input), name), format: chosen };
}

function isFolder(path: string): boolean {
  return /[/\\]$/.test(path) || statOrUndefined(path)?.isDirectory === true;
}

function formatOfOutput(output: string, asked: PictureFormat | undefined): PictureFormat {
  const named = formatOfName(output);
  if (asked === undefined && named === undefined) {
    const endings = Object.values(FORMATS).map(({ extension }) => extension).join(", ");
    throw new UsageError(
      `Expected a name with one of the endings ${endings} for --output but received "${output}": ` +
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

/** Writes a factor as names carry it: "4", "1.5", at most three decimals. */
function scaleText(scale: number): string {
  return String(Number(scale.toFixed(3)));
}

function checkDistinct(jobs: Job[]): void {
  const inputs = new Set(jobs.map(({ input }) => realPath(input)));
  const outputs = new Set<string>();
  for (const { output } of jobs) {
    const path = realPath(output);
    if (inputs.has(path)) throw new UsageError(`"${output}" is an input: choose another --output`);
    if (outputs.has(path)) throw new UsageError(`Two pictures would be written to "${output}"`);
    outputs.add(path);
  }
}

/** Returns the path without links; of a file that is not there yet, of its folder. */
function realPath(path: string): string {
  if (statOrUndefined(path) !== undefined) return Deno.realPathSync(path);
  const folder = dirname(path);
  if (statOrUndefined(folder) === undefined) return path;
  return join(Deno.realPathSync(folder), basename(path));
}
