/**
 * Builds the page from the same `src/` as the program: `deno task web` fills `web/dist`, which any
 * server of files can serve as it is.
 *
 * Deno's own bundler puts `src/platform/web.ts` in the place of `deno.ts`. Codecs come as modules of
 * their own with their WebAssembly beside them, and networks as files, so that each is fetched only
 * when it is needed.
 */

import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodePicture, encodePicture } from "../src/pictures/mod.ts";
import { embeddedModels } from "../src/weights/library.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const WEB = join(ROOT, "web");
const DIST = join(WEB, "dist");

/**
 * Modules that a document or a worker begins with. Those of one row share what they have in common; the
 * last ones are for others, who need more of the core than the page does.
 */
const ENTRIES = [["page.ts", "engine_worker.ts"], ["tessera.ts"], ["vips_thread.ts"]];

/** Files of packages that are loaded by their names: folder in the package, names, folder of the page. */
const PACKAGE_FILES = [
  { from: /\/wasm-vips\/[^/]+\/lib\/(vips-es6\.js|.*\.wasm)$/, to: "vips" },
  { from: /\/libraw-wasm\/[^/]+\/dist\/(worker\.js|libraw\.wasm)$/, to: "" },
];

/** Files that go in as they are. */
const STATIC = [
  "index.html",
  "example.html",
  "example.js",
  "manifest.webmanifest",
  "icon.svg",
  "tessera_compare.js",
];

/** What the page does not show without a network unless it was used before: large, or for others. */
const ONLY_WHEN_USED =
  /^vips.(heif|jxl|resvg)|heif|libraw|^worker|^wasm-bundle|^example|^tessera\./;

/** JPEG quality of the sample, on which there is something to clean. */
const SAMPLE_QUALITY = 60;

await Deno.remove(DIST, { recursive: true }).catch(() => {});
await Deno.mkdir(join(DIST, "models"), { recursive: true });
for (const entries of ENTRIES) await bundle(entries, "--code-splitting");
await bundle(["service_worker.ts"]);
await withoutShaderComments();
await copyPackageFiles();
for (const name of STATIC) await Deno.copyFile(join(WEB, name), join(DIST, name));
await Deno.writeTextFile(join(DIST, "style.css"), await styles());
for (const { file } of embeddedModels()) {
  await Deno.copyFile(join(ROOT, "models", file), join(DIST, "models", file));
}
await writeSample();
await listFiles();

async function bundle(entries: readonly string[], ...options: string[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--platform", "browser", "--minify", "--outdir", DIST],
      ...["--import-map", join(WEB, "import_map.json"), ...options],
      ...entries.map((entry) => join(WEB, entry)),
    ],
    cwd: ROOT,
  }).spawn().status;
  if (!success) throw new Error(`deno bundle failed for ${entries.join(", ")}`);
}

/** A third of the shaders' texts are comments: only those that mark a loop are needed to run them. */
async function withoutShaderComments(): Promise<void> {
  for (const name of await namesIn(DIST)) {
    if (!name.endsWith(".js")) continue;
    const code = await Deno.readTextFile(join(DIST, name));
    // What the bundler has left of lines that begin so is in texts.
    await Deno.writeTextFile(join(DIST, name), code.replace(/^[ \t]*\/\/(?! unroll).*\n/gm, ""));
  }
}

/**
 * Copies what packages load by its name: the WebAssembly that a module of the bundle speaks of, and all
 * of {@linkcode PACKAGE_FILES}.
 */
async function copyPackageFiles(): Promise<void> {
  const wanted = new Set<string>();
  for (const name of await namesIn(DIST)) {
    if (!name.endsWith(".js")) continue;
    const code = await Deno.readTextFile(join(DIST, name));
    for (const [, file] of code.matchAll(/["'`]([\w.-]+\.wasm)["'`]/g)) wanted.add(file);
  }
  // This one is within its module.
  wanted.delete("libheif.wasm");
  await Deno.mkdir(join(DIST, "vips"));
  for (const folder of await packageFolders()) {
    for (const path of await filesBelow(folder)) {
      const known = PACKAGE_FILES.find(({ from }) => from.test(path));
      if (known === undefined && !wanted.has(basename(path))) continue;
      await Deno.copyFile(path, join(DIST, known?.to ?? "", basename(path)));
    }
  }
}

/** The folders in which Deno keeps the packages that the sources name. */
async function packageFolders(): Promise<string[]> {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] });
  const { npmCache } = JSON.parse(new TextDecoder().decode((await info.output()).stdout));
  const packages = new Set<string>();
  for (const path of await filesBelow(join(ROOT, "src"))) {
    if (!path.endsWith(".ts")) continue;
    const code = await Deno.readTextFile(path);
    for (const [, name, version] of code.matchAll(/"npm:((?:@[\w-]+\/)?[\w-]+)@([\d.]+)/g)) {
      packages.add(join(name, version));
    }
  }
  const registries = await namesIn(npmCache);
  const folders = registries.flatMap((registry) =>
    [...packages].map((each) => join(npmCache, registry, each))
  );
  return folders.filter((folder) => {
    try {
      return Deno.statSync(folder).isDirectory;
    } catch {
      return false;
    }
  });
}

async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) paths.push(...await filesBelow(path));
    else paths.push(path);
  }
  return paths;
}

async function namesIn(folder: string): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
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
  const scene = await decodePicture(await Deno.readFile(join(ROOT, "examples/scene-960x540.png")));
  const options = { format: "jpeg", quality: SAMPLE_QUALITY, chroma: "4:2:0" } as const;
  await Deno.writeFile(join(DIST, "sample.jpg"), await encodePicture(scene, options));
}

/** Tells the service worker what there is: what the page begins with, and the rest. */
async function listFiles(): Promise<void> {
  const paths = (await filesBelow(DIST)).map((path) => path.slice(DIST.length + 1)).sort();
  const names = paths.filter((path) => path !== "service_worker.js");
  const begins = /^(chunk-|page|engine_worker|index|style|icon|manifest|sample)/;
  const shell = names.filter((name) => begins.test(name));
  const rest = names.filter((name) => !begins.test(name) && !ONLY_WHEN_USED.test(name));
  const version = await hashOf(paths);
  const path = join(DIST, "service_worker.js");
  const code = await Deno.readTextFile(path);
  const list = JSON.stringify({ version, shell, rest });
  await Deno.writeTextFile(path, `const TESSERA_FILES=${list};\n${code}`);
}

async function hashOf(names: readonly string[]): Promise<string> {
  const files = await Promise.all(names.map((name) => Deno.readFile(join(DIST, name))));
  const bytes = await new Blob(files).bytes();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return digest.toHex().slice(0, 16);
}
