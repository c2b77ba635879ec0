/**
 * The floors of the house (docs/architecture.md): imports go down, and only the door to the runtime and
 * the codecs name a runtime.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../src/", import.meta.url));

/** Rooms from the ground up; those of one floor may not import each other unless it is said below. */
const FLOORS: readonly (readonly string[])[] = [
  ["errors", "platform", "version"],
  ["gpu", "wgsl", "networks", "pictures"],
  ["quality", "inspect", "weights", "kernels", "raster"],
  ["engine", "targets"],
  ["tiles"],
  ["network_family", "progress", "self_ensemble"],
  ["passes", "upscale_options", "upscale_plan"],
  ["upscaler", "fill"],
  ["enhance", "bench"],
  ["cli"],
];

/** What is meant to be as it is, and why. */
const EXCEPTIONS: readonly (readonly [from: string, to: string, why: string])[] = [
  ["networks", "weights", "a network is found from tensors"],
  ["upscale_options", "upscale_plan", "types: what a caller is told"],
  ["upscale_options", "passes", "types: what a caller is told"],
  ["passes", "upscale_options", "how an upscaler is made"],
  ["upscale_plan", "passes", "a plan is made of passes"],
  ["upscale_plan", "upscale_options", "types: how a plan is run"],
];

/** The sides of the door that are for a runtime with files. */
const RUNTIMES = /^platform\/(deno|node\w*)\.ts$/;

/** Files that load codecs, each of which names its package and version. */
const CODECS = [
  "codecs/heic.ts",
  "codecs/raw.ts",
  "colour/color_engine.ts",
  "jpeg/imagescript.ts",
  "jpeg/mozjpeg.ts",
].map((name) => `pictures/${name}`);

interface SourceFile {
  /** Below `src/`. */
  path: string;
  /** Without comments. */
  code: string;
}

function sourceFiles(folder = ""): SourceFile[] {
  return [...Deno.readDirSync(SOURCE + folder)].flatMap(({ name, isDirectory }) => {
    const path = folder + name;
    if (isDirectory) return sourceFiles(`${path}/`);
    if (!name.endsWith(".ts")) return [];
    const text = Deno.readTextFileSync(SOURCE + path);
    return [{ path, code: text.replace(/\/\*[^]*?\*\/|(?<=\s)\/\/.*$/gm, "") }];
  });
}

function roomOf(path: string): string {
  return path.split("/")[0].replace(/\.ts$/, "");
}

function floorOf(room: string): number {
  const floor = FLOORS.findIndex((rooms) => rooms.includes(room));
  assert.ok(floor >= 0, `the room "${room}" is on no floor: add it here and to the architecture`);
  return floor;
}

/** Rooms that a file imports from. */
function importsOf({ path, code }: SourceFile): string[] {
  const specifiers = [...code.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, each]) => each);
  return specifiers
    .map((specifier) => new URL(specifier, `file:///${path}`).pathname.slice(1))
    .filter((target) => target.endsWith(".ts") || target.endsWith(".wgsl"))
    .map(roomOf);
}

Deno.test("imports go down", () => {
  const upward: string[] = [];
  for (const file of sourceFiles()) {
    const from = roomOf(file.path);
    for (const to of importsOf(file)) {
      const isMeant = EXCEPTIONS.some(([a, b]) => a === from && b === to);
      if (from !== to && !isMeant && floorOf(to) >= floorOf(from)) {
        upward.push(`${file.path}: ${to}`);
      }
    }
  }
  assert.deepEqual(upward, []);
});

Deno.test("only the door names Deno and node:, and only it and the codecs name npm:", () => {
  for (const { path, code } of sourceFiles()) {
    if (path.startsWith("cli/") || RUNTIMES.test(path)) continue;
    const text = code.replace(/"use Deno [^"]*"/g, "");
    assert.ok(!/\bDeno\./.test(text), `${path} names Deno`);
    assert.ok(!/"node:/.test(text), `${path} imports from node:`);
    if (!CODECS.includes(path)) assert.ok(!/"npm:/.test(text), `${path} imports from npm:`);
  }
});

Deno.test("shader texts are imported in one place", () => {
  for (const { path, code } of sourceFiles()) {
    if (/^wgsl\/(fill_)?sources\.ts$/.test(path)) continue;
    assert.doesNotMatch(code, /\.wgsl"/, `${path} imports a shader's text`);
  }
});
