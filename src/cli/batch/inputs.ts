/**
 * Which pictures the command line means: files, pipes, folders with all that lies below them, globs
 * that no shell has expanded, and lists. Each file comes once, however often and by whatever names it is
 * meant.
 */

import { dirname, isAbsolute, join, normalize, relative, sep } from "node:path";
import { InputError, UsageError } from "../../errors.ts";
import { isPictureName } from "../../pictures/mod.ts";
import { isComicName } from "../files/comic.ts";
import { plainStdin, readStdinSync, STDIN } from "../files/standard_streams.ts";
import { globToRegExp, isGlob } from "./glob.ts";
import { recordedResults } from "./ledger.ts";

/** A picture that was found. */
export interface Input {
  /** As the command line names it, or below what it names; stdin is `-`. */
  path: string;
  /** Where its result goes below the output folder; `.` is that folder itself. */
  folder: string;
  /** Why it cannot be a picture, if that is known already. */
  problem?: string;
}

/** What the command line means. */
export interface FoundInputs {
  inputs: Input[];
  /** Whether it may mean several pictures, however many there are. */
  several: boolean;
}

/** What the command line says. */
export interface InputRequest {
  /** Files, folders, globs, and `-` for a picture on stdin. */
  names: readonly string[];
  /** A file with names in it, `-` for stdin; parted by NUL, or else by lines. */
  list: string | undefined;
  /** `-o`: the results that lie there are no inputs. */
  output: string | undefined;
}

/**
 * Finds the pictures, in an order that depends on nothing but their names. In folders, files of other
 * kinds and hidden ones are passed over, and so is what is no regular file, and what Tessera wrote there.
 *
 * @throws {UsageError} If the list cannot be read, or folders and globs have no output folder.
 * @throws {InputError} If folders and globs have no picture at all.
 */
export function findInputs({ names, list, output }: InputRequest): FoundInputs {
  const plain = names.map(plainStdin);
  if (list === STDIN && plain.includes(STDIN)) {
    throw new UsageError("Stdin cannot be a picture and a list at once");
  }
  const finder = new Finder(output);
  if (plain.length === 1) finder.addOnly(plain[0]);
  else plain.forEach((name) => finder.add(name));
  const listed = list === undefined ? [] : readList(list);
  listed.map(plainStdin).forEach((name) => finder.addListed(name));
  const inputs = finder.inputs();
  const { expanded } = finder;
  if (expanded.length > 0 && output === undefined) {
    throw new UsageError("Results of several pictures need a folder: --output FOLDER");
  }
  if (inputs.length === 0 && expanded.length > 0) {
    throw new InputError(
      `There is no picture in ${expanded.map((name) => `"${name}"`).join(", ")}`,
    );
  }
  return { inputs, several: plain.length > 1 || list !== undefined || expanded.length > 0 };
}

/** Returns the folder in which a name of the command line is looked for. */
export function searchedFolder(name: string): string {
  if (plainStdin(name) === STDIN) return ".";
  return isGlob(name) && kindOf(name) === undefined ? globRoot(normalize(name)) : dirname(name);
}

/** Collects inputs. */
class Finder {
  /** Names that stand for any number of pictures. */
  readonly expanded: string[] = [];
  readonly #output: string | undefined;
  /** What was found, by its real path. */
  readonly #found = new Map<string, Input>();
  /** What is an input even if Tessera wrote it. */
  #only: string | undefined;
  /** Folders in which results may lie. */
  readonly #outputs = new Set<string>();

  constructor(output: string | undefined) {
    this.#output = output === undefined ? undefined : realPathOf(output);
    const mayHold = this.#output !== undefined && kindOf(this.#output) !== "pipe";
    if (mayHold) this.#outputs.add(this.#output!);
  }

  /**
   * Returns what was found but for results. Runs beside this one may have written some meanwhile, each
   * after it had recorded it: the records are read last.
   */
  inputs(): Input[] {
    const results = new Set<string>();
    for (const folder of this.#outputs) {
      recordedResults(folder).forEach((result) => results.add(join(folder, result)));
    }
    return [...this.#found].filter(([real]) => real === this.#only || !results.has(real))
      .map(([, input]) => input);
  }

  /** Adds the only name there is: if it is a file's, a person means that one. */
  addOnly(name: string): void {
    this.add(name);
    if (kindOf(name) === "file") this.#only = realPathOf(name);
  }

  /** Adds a file, a folder, or what a glob matches. */
  add(name: string): void {
    const kind = kindOf(name);
    if (kind === "folder") this.#addFolder(name, ".");
    else if (kind === undefined && isGlob(name)) this.#addGlob(name);
    else this.#addFile({ path: name, folder: "." });
  }

  /** Adds a line of a list: its folders stay, unless they lead elsewhere. */
  addListed(name: string): void {
    const path = normalize(name);
    const inside = !isAbsolute(path) && path.split(sep)[0] !== "..";
    if (kindOf(name) === "folder") this.#addFolder(name, inside ? path : ".");
    else this.#addFile({ path: name, folder: inside ? dirname(path) : "." });
  }

  #addFolder(root: string, folder: string): void {
    this.expanded.push(root);
    this.#walk(root, { root, folder, depth: Infinity, matches: () => true, visited: new Set() });
  }

  #addGlob(glob: string): void {
    this.expanded.push(glob);
    const pattern = normalize(glob);
    const root = globRoot(pattern);
    if (kindOf(root) !== "folder") return;
    const expression = globToRegExp(pattern.split(sep).join("/"));
    const levels = relative(root, pattern).split(sep).length;
    this.#walk(root, {
      root,
      folder: ".",
      depth: pattern.includes("**") ? Infinity : levels,
      matches: (path) => expression.test(path.split(sep).join("/")),
      visited: new Set(),
    });
  }

  #walk(path: string, walk: Walk): void {
    const real = realPathOf(path);
    const isRoot = path === walk.root;
    if (walk.visited.has(real) || (real === this.#output && !isRoot) || walk.depth < 1) return;
    walk.visited.add(real);
    if (!isRoot) this.#outputs.add(real);
    const folder = join(walk.folder, relative(walk.root, path));
    let names: string[];
    try {
      names = visibleNamesIn(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
      this.#addFile({ path, folder, problem: "The folder cannot be read: permission denied" });
      return;
    }
    for (const name of names) {
      const inside = join(path, name);
      const kind = kindOf(inside);
      if (kind === "folder") this.#walk(inside, { ...walk, depth: walk.depth - 1 });
      else if (kind !== "pipe" && isInputName(name) && walk.matches(inside)) {
        this.#addFile({ path: inside, folder });
      }
    }
  }

  #addFile(input: Input): void {
    const real = realPathOf(input.path);
    if (!this.#found.has(real)) this.#found.set(real, input);
  }
}

/** One walk through folders. */
interface Walk {
  root: string;
  /** Where the results of the root's own pictures go below the output folder. */
  folder: string;
  /** Levels of folders still to go down, the present one included. */
  depth: number;
  matches(path: string): boolean;
  /** Real paths of the folders walked through, as links may lead in a circle. */
  visited: Set<string>;
}

/** Reads a list of names from a file or from stdin. */
function readList(list: string): string[] {
  const bytes = plainStdin(list) === STDIN ? readStdinSync() : readListFile(list);
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
  const names = text.includes("\0") ? text.split("\0") : text.split(/\r?\n/);
  return names.filter((name) => name !== "");
}

/**
 * Finds out how a list is encoded. Windows writes UTF-16, as a rule with a byte order mark; without one
 * every other byte of what names begin with is zero, which no list with NUL between names has.
 */
function encodingOf(bytes: Uint8Array): string {
  const [first, second, third, fourth] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return "utf-16le";
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return "utf-16be";
  return "utf-8";
}

function readListFile(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(`Cannot read the list "${path}": ${(error as Error).message}`);
  }
}

/** Returns the folder below which all lies that a glob can match. */
function globRoot(pattern: string): string {
  const parts = pattern.split(sep);
  const fixed = parts.slice(0, parts.findIndex(isGlob)).join(sep);
  return fixed || (isAbsolute(pattern) ? sep : ".");
}

/** Says what a path leads to; `undefined` for nothing, a broken link, or a link to itself. */
function kindOf(path: string): "folder" | "file" | "pipe" | undefined {
  if (path === STDIN) return "pipe";
  try {
    const { isDirectory, isFile } = Deno.statSync(path);
    return isDirectory ? "folder" : isFile ? "file" : "pipe";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

function isInputName(name: string): boolean {
  return isPictureName(name) || isComicName(name);
}

function visibleNamesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => !name.startsWith(".")).sort();
}

/** Returns the path without links; of pipes and of what is not there, the path as it is. */
function realPathOf(path: string): string {
  const kind = kindOf(path);
  return kind === "file" || kind === "folder" ? Deno.realPathSync(path) : path;
}
