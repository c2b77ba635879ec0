/**
 * Builds the page from the same `src/` as the program: `deno task web` fills `web/dist`, which any
 * server of files can serve as it is.
 *
 * Deno's own bundler puts `src/platform/web.ts` in the place of `deno.ts`. Codecs come as modules of
 * their own with their WebAssembly beside them, and networks as files, so that each is fetched only
 * when it is needed.
 */

import { join } from "node:path";
import { decodePicture, encodePicture } from "../src/pictures/mod.ts";
import {
  bundle,
  copyModels,
  copyPackageFiles,
  filesBelow,
  importedBy,
  ROOT,
  withoutShaderComments,
} from "./bundling.ts";

const WEB = join(ROOT, "web");
const DIST = join(WEB, "dist");

/**
 * Modules that a document or a worker begins with. Those of one row share what they have in common; the
 * last ones are for others, who need more of the core than the page does.
 */
const ENTRIES = [["page.ts", "engine_worker.ts"], ["tessera.ts"], [
  "vips_thread.ts",
]];

/** Files that go in as they are. */
const STATIC = [
  "index.html",
  "example.html",
  "example.js",
  "manifest.webmanifest",
  "icon.svg",
  "tessera_compare.js",
];

/** What the page begins with, beside its modules. */
const BEGINS = ["index.html", "style.css", "icon.svg", "manifest.webmanifest", "sample.jpg"];

/** What the page does not show without a network unless it was used before: large, or for others. */
const ONLY_WHEN_USED =
  /^vips.(heif|jxl|resvg)|heif|libraw|^worker|^wasm-bundle|^example|^tessera\.|^face-api|^THIRD/;

/** JPEG quality of the sample, on which there is something to clean. */
const SAMPLE_QUALITY = 60;

await Deno.remove(DIST, { recursive: true }).catch(() => {});
for (const names of ENTRIES) await build(names, true);
await build(["service_worker.ts"], false);
await withoutShaderComments(DIST);
await copyPackageFiles(DIST, false);
await copyModels(DIST);
for (const name of STATIC) {
  await Deno.copyFile(join(WEB, name), join(DIST, name));
}
await Deno.writeTextFile(join(DIST, "style.css"), await styles());
await writeSample();
await listFiles();

async function build(names: readonly string[], split: boolean): Promise<void> {
  await bundle(names.map((name) => `web/${name}`), {
    to: DIST,
    platform: "browser",
    split,
  });
}

/** Tokens and the page's own rules, without comments and needless space. */
async function styles(): Promise<string> {
  const parts = ["tokens.css", "style.css"].map((name) => Deno.readTextFile(join(WEB, name)));
  return (await Promise.all(parts)).join("\n")
    .replace(/\/\*[^]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .replace(/\s*([{};,])\s*/g, "$1");
}

async function writeSample(): Promise<void> {
  const scene = await decodePicture(
    await Deno.readFile(join(ROOT, "examples/scene-960x540.png")),
  );
  const options = {
    format: "jpeg",
    quality: SAMPLE_QUALITY,
    chroma: "4:2:0",
  } as const;
  await Deno.writeFile(
    join(DIST, "sample.jpg"),
    await encodePicture(scene, options),
  );
}

/** Tells the service worker what there is: what the page begins with, and the rest. */
async function listFiles(): Promise<void> {
  const paths = (await filesBelow(DIST)).map((path) => path.slice(DIST.length + 1)).sort();
  const names = paths.filter((path) => path !== "service_worker.js");
  const modules = await importedBy(DIST, "page.js", "engine_worker.js");
  const shell = names.filter((name) => modules.includes(name) || BEGINS.includes(name));
  const rest = names.filter((name) => !shell.includes(name) && !ONLY_WHEN_USED.test(name));
  const version = await hashOf(paths);
  const path = join(DIST, "service_worker.js");
  const code = await Deno.readTextFile(path);
  const list = JSON.stringify({ version, shell, rest });
  await Deno.writeTextFile(path, `const TESSERA_FILES=${list};\n${code}`);
}

async function hashOf(names: readonly string[]): Promise<string> {
  const files = await Promise.all(
    names.map((name) => Deno.readFile(join(DIST, name))),
  );
  const bytes = await new Blob(files).bytes();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return digest.toHex().slice(0, 16);
}
