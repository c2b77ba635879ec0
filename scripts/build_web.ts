/**
 * Builds the page from the same `src/` as the program: `deno task web` fills `web/dist`, which any
 * server of files can serve as it is. Another folder can be named; what is in it goes.
 *
 * Deno's own bundler puts `src/platform/web.ts` in the place of `deno.ts`. Codecs come as modules of
 * their own with their WebAssembly beside them, and networks as files, so that each is fetched only
 * when it is needed.
 */

import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
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
const DIST = resolve(Deno.args[0] ?? join(WEB, "dist"));

/**
 * Modules that a document or a worker begins with; `tessera.ts` is for others, who need more of the core
 * than the page does.
 */
const ENTRIES = ["page.ts", "tessera.ts", "vips_thread.ts"];

/** The page's worker. */
const WORKER = "engine_worker.ts";

/** Holds, while the worker is bundled, what stands for modules that it loads later. */
const LATER = join(DIST, "later");

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
for (const name of ENTRIES) await build(name, true);
await build("service_worker.ts", false);
await buildWorker();
await withoutShaderComments(DIST);
await copyPackageFiles(DIST, false);
await copyModels(DIST);
for (const name of STATIC) {
  await Deno.copyFile(join(WEB, name), join(DIST, name));
}
await Deno.writeTextFile(join(DIST, "style.css"), await styles());
await writeSample();
await listFiles();

async function build(name: string, split: boolean, importMap?: string): Promise<void> {
  await bundle([`web/${name}`], {
    to: DIST,
    platform: "browser",
    split,
    ...importMap !== undefined && { importMap },
  });
}

/**
 * Builds the worker, what it begins with as one file: the bundler makes a file for each set of modules that
 * use the same things, and a dozen small files take a tenth more when they are compressed. So each
 * module that is loaded later is made to use all that the worker uses, which is there by then.
 */
async function buildWorker(): Promise<void> {
  const urlOf = (path: string) => pathToFileURL(path).href;
  const imports: Record<string, string> = {
    [urlOf(join(ROOT, "src/platform/deno.ts"))]: urlOf(join(ROOT, "src/platform/web.ts")),
  };
  const own: Record<string, string> = {};
  await Deno.mkdir(LATER);
  for (const [i, path] of (await loadedLater()).entries()) {
    const wrapper = join(LATER, `${basename(path, ".ts")}_${i}.ts`);
    const worker = urlOf(join(WEB, WORKER));
    const text = `import "${worker}";\nexport * from "${urlOf(path)}";\n`;
    await Deno.writeTextFile(wrapper, text);
    imports[urlOf(path)] = urlOf(wrapper);
    own[urlOf(path)] = urlOf(path);
  }
  const map = join(LATER, "import_map.json");
  await Deno.writeTextFile(map, JSON.stringify({ imports, scopes: { [urlOf(LATER) + "/"]: own } }));
  await build(WORKER, true, map);
  await Deno.remove(LATER, { recursive: true });
}

/** Our own modules that the core and the worker load when they are needed. */
async function loadedLater(): Promise<string[]> {
  const found = new Set<string>();
  for (const folder of [join(ROOT, "src"), join(WEB, "worker")]) {
    for (const path of await filesBelow(folder)) {
      if (!path.endsWith(".ts") || /\/(cli|platform)\//.test(path)) continue;
      const code = await Deno.readTextFile(path);
      for (const [, name] of code.matchAll(/\bimport\("(\.[^"]+\.ts)"\)/g)) {
        found.add(join(dirname(path), name));
      }
    }
  }
  return [...found].sort();
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
