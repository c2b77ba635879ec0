/**
 * Which pictures the command line means: files, folders with all that lies below them, globs that no
 * shell has expanded, and lists. Each file comes once, however often and by whatever names it is meant.
 */

import { dirname, isAbsolute, join, matchesGlob, normalize, relative, sep } from "node:path";
import { InputError, UsageError } from "../errors.ts";
import { concatBytes } from "../pictures/bytes.ts";
import { isPictureName } from "../pictures/mod.ts";
import { recordedResults } from "./ledger.ts";

/** A picture that was found. */
export interface Input {
  /** As the command line names it, or below what it names. */
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
  /** Files, folders, globs, and `-` for a list on stdin. */
  names: readonly string[];
  /** A file with names in it, `-` for stdin; parted by NUL, or else by lines. */
  list: string | undefined;
  /** `-o`: the results that lie there are no inputs. */
  output: string | undefined;
}

/**
 * Finds the pictures, in an order that depends on nothing but their names. In folders, files of other
 * kinds and hidden ones are passed over, and so is what Tessera wrote there.
 *
 * @throws {UsageError} If the list cannot be read, or folders and globs have no output folder.
 * @throws {InputError} If folders and globs have no picture at all.
 */
export function findInputs({ names, list, output }: InputRequest): FoundInputs {
  const plain = names.filter((name) => name !== "-");
  const lists = [...names.filter((name) => name === "-"), ...list === undefined ? [] : [list]];
  const finder = new Finder(output);
  if (plain.length === 1) finder.addOnly(plain[0]);
  else plain.forEach((name) => finder.add(name));
  lists.flatMap(readList).forEach((name) => finder.addListed(name));
  const { inputs, expanded } = finder;
  if (expanded.length > 0 && output === undefined) {
    throw new UsageError("Results of several pictures need a folder: --output FOLDER");
  }
  if (inputs.length === 0 && expanded.length > 0) {
    throw new InputError(
      `There is no picture in ${expanded.map((name) => `"${name}"`).join(", ")}`,
    );
  }
  return { inputs, several: plain.length > 1 || lists.length > 0 || expanded.length > 0 };
}

/** Returns the folder in which a name of the command line is looked for. */
export function searchedFolder(name: string): string {
  return isGlob(name) && kindOf(name) === undefined ? globRoot(normalize(name)) : dirname(name);
}

/** Collects inputs. */
class Finder {
  readonly inputs: Input[] = [];
  /** Names that stand for any number of pictures. */
  readonly expanded: string[] = [];
  readonly #output: string | undefined;
  readonly #files = new Set<string>();
  /** What Tessera wrote. */
  readonly #results = new Set<string>();

  constructor(output: string | undefined) {
    this.#output = output === undefined ? undefined : realPathOf(output);
    if (this.#output !== undefined) this.#excludeResults(this.#output);
  }

  /** Adds the only name there is: what a person means by it is no result to be passed over. */
  addOnly(name: string): void {
    if (kindOf(name) === undefined && !isGlob(name)) this.#addFile({ path: name, folder: "." });
    else if (kindOf(name) === "file") this.inputs.push({ path: name, folder: "." });
    else this.add(name);
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
    const levels = relative(root, pattern).split(sep).length;
    this.#walk(root, {
      root,
      folder: ".",
      depth: pattern.includes("**") ? Infinity : levels,
      matches: (path) => matchesGlob(path, pattern),
      visited: new Set(),
    });
  }

  #walk(path: string, walk: Walk): void {
    const real = realPathOf(path);
    const isRoot = path === walk.root;
    if (walk.visited.has(real) || (real === this.#output && !isRoot) || walk.depth < 1) return;
    walk.visited.add(real);
    if (!isRoot) this.#excludeResults(real);
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
      if (kindOf(inside) === "folder") this.#walk(inside, { ...walk, depth: walk.depth - 1 });
      else if (isPictureName(name) && walk.matches(inside)) {
        this.#addFile({ path: inside, folder });
      }
    }
  }

  #addFile(input: Input): void {
    const real = realPathOf(input.path);
    if (this.#files.has(real) || this.#results.has(real)) return;
    this.#files.add(real);
    this.inputs.push(input);
  }

  #excludeResults(folder: string): void {
    for (const result of recordedResults(folder)) this.#results.add(join(folder, result));
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
  const text = new TextDecoder().decode(list === "-" ? readStdin() : readListFile(list));
  const names = text.includes("\0") ? text.split("\0") : text.split(/\r?\n/);
  return names.filter((name) => name !== "");
}

function readListFile(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(`Cannot read the list "${path}": ${(error as Error).message}`);
  }
}

function readStdin(): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = new Uint8Array(2 ** 16);
    const count = Deno.stdin.readSync(chunk);
    if (count === null) return concatBytes(chunks);
    chunks.push(chunk.subarray(0, count));
  }
}

/** A bracket stands for one of the characters in it. */
function isGlob(name: string): boolean {
  return /[*?{[]/.test(name);
}

/** Returns the folder below which all lies that a glob can match. */
function globRoot(pattern: string): string {
  const parts = pattern.split(sep);
  const fixed = parts.slice(0, parts.findIndex(isGlob)).join(sep);
  return fixed || (isAbsolute(pattern) ? sep : ".");
}

/** Says what a path leads to; `undefined` for nothing, a broken link, or a link to itself. */
function kindOf(path: string): "folder" | "file" | undefined {
  try {
    return Deno.statSync(path).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

function visibleNamesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => !name.startsWith(".")).sort();
}

/** Returns the path without links; of what is not there, the path as it is. */
function realPathOf(path: string): string {
  return kindOf(path) === undefined ? path : Deno.realPathSync(path);
}
