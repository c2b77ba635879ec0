/**
 * What a batch has done, kept in the output folder so that the next run can skip it.
 *
 * `.tessera/` there has one file of JSON lines for each run that wrote a result: runs side by side, on
 * one machine or many, never write to the same file. A line is written just before its result appears,
 * so whatever lies under a recorded name with the recorded size is Tessera's, even after a kill.
 */

import { join, relative, sep } from "node:path";
import type { PictureFormat } from "../../pictures/mod.ts";
import type { NamePattern } from "../options/name_pattern.ts";
import { statOrUndefined } from "../files/output_file.ts";
import { hashOfFile } from "./settings.ts";
import { BUILTIN } from "../../platform/node_builtin.ts";

/** The folder of the ledger in an output folder. */
export const LEDGER_FOLDER = ".tessera";

/**
 * Raised whenever the same input and the same settings give other bytes than before: what older
 * versions wrote is then done again.
 */
export const RESULTS_VERSION = 4;

/** A line: what was made of what. */
interface LedgerLine {
  /** Path of the result below the output folder, with `/` between folders. */
  output: string;
  /** Size of the result's file. */
  bytes: number;
  /** {@linkcode keyOfJob} of what it was made from. */
  key: string;
}

/** The ledger of an output folder, as it was when the run began, and this run's own lines. */
export class Ledger implements Disposable {
  readonly #folder: string;
  readonly #byOutput = new Map<string, LedgerLine[]>();
  readonly #byKey = new Map<string, LedgerLine>();
  #file: Deno.FsFile | undefined;

  /** @param folder The output folder, which need not be there yet. */
  constructor(folder: string) {
    this.#folder = folder;
    readLines(folder).forEach((line) => this.#keep(line));
  }

  /** Returns the path of the result that has this key, if it is there as it was written. */
  findDone(key: string | undefined): string | undefined {
    const line = key === undefined ? undefined : this.#byKey.get(key);
    if (line === undefined) return undefined;
    const output = join(this.#folder, ...line.output.split("/"));
    return this.#lineOf(output)?.key === key ? output : undefined;
  }

  /** Says whether what lies at a path is a result as Tessera wrote it, which may be replaced. */
  isOurs(output: string): boolean {
    return this.#lineOf(output) !== undefined;
  }

  /** Returns a path below the output folder as the ledger writes it, alike on every system. */
  nameOf(output: string): string {
    return relative(this.#folder, output).split(sep).join("/");
  }

  /** Records a result that will have its name at once. */
  record(output: string, bytes: number, key: string): void {
    const line = { output: this.nameOf(output), bytes, key };
    this.#keep(line);
    this.#file ??= createFile(join(this.#folder, LEDGER_FOLDER));
    this.#file.writeSync(new TextEncoder().encode(JSON.stringify(line) + "\n"));
    this.#file.syncDataSync();
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** The newest line that fits what lies at a path. */
  #lineOf(output: string): LedgerLine | undefined {
    const size = statOrUndefined(output)?.size;
    return this.#byOutput.get(this.nameOf(output))?.findLast(({ bytes }) => bytes === size);
  }

  #keep(line: LedgerLine): void {
    const lines = this.#byOutput.get(line.output);
    if (lines === undefined) this.#byOutput.set(line.output, [line]);
    else lines.push(line);
    this.#byKey.set(line.key, line);
  }
}

/** Returns the paths, below an output folder, of all that its ledger names. */
export function recordedResults(folder: string): string[] {
  return readLines(folder).map(({ output }) => join(...output.split("/")));
}

/** What of a job a result depends on: its input, its folder, and the pattern and format of its name. */
export interface LedgerJob {
  input: string;
  folder: string;
  name: NamePattern;
  format: PictureFormat | undefined;
}

/**
 * Returns what stands for a result: the input's bytes, the settings, the name and the version of
 * Tessera's results.
 *
 * @param settings What the results of a run share, see `effectiveSettings`.
 * @returns `undefined` if there is no such file, of which reading says so in better words, or it is a
 *   pipe, which cannot be read twice.
 */
export async function keyOfJob(
  { input, folder, name, format }: LedgerJob,
  ledger: Ledger,
  settings: Record<string, unknown>,
): Promise<string | undefined> {
  if (statOrUndefined(input)?.isFile !== true) return undefined;
  const where = [ledger.nameOf(folder), name, format];
  const text = JSON.stringify([RESULTS_VERSION, await hashOfFile(input), settings, where]);
  return BUILTIN.crypto.createHash("sha256").update(text).digest("hex");
}

/** The lines of all files, in the order in which the runs began. */
function readLines(folder: string): LedgerLine[] {
  const path = join(folder, LEDGER_FOLDER);
  if (statOrUndefined(path)?.isDirectory !== true) return [];
  return [...Deno.readDirSync(path)].map(({ name }) => name)
    .filter((name) => name.endsWith(".jsonl")).sort()
    .flatMap((name) => Deno.readTextFileSync(join(path, name)).split("\n").flatMap(parseLine));
}

/** A kill may have cut the last line off. */
function parseLine(text: string): LedgerLine[] {
  try {
    const { output, bytes, key } = JSON.parse(text);
    const whole = typeof output === "string" && typeof bytes === "number" &&
      typeof key === "string";
    return whole ? [{ output, bytes, key }] : [];
  } catch {
    return [];
  }
}

/** Makes a file that no other run has: `20260131T235959123Z-1a2b3c4d.jsonl`. */
function createFile(folder: string): Deno.FsFile {
  Deno.mkdirSync(folder, { recursive: true });
  const time = new Date().toISOString().replace(/[-:.]/g, "");
  const run = crypto.getRandomValues(new Uint8Array(4)).toHex();
  return Deno.openSync(join(folder, `${time}-${run}.jsonl`), { createNew: true, append: true });
}
