/**
 * What the builds of the page and of the npm package have in common: Deno's bundler with another side of
 * the door to the runtime in the place of Deno's, and beside the bundle the files that it loads by name.
 */

import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FACE_API, VIPS } from "../src/platform/mod.ts";
import { embeddedModels } from "../src/weights/library.ts";

/** The folder of the project. */
export const ROOT: string = fileURLToPath(new URL("../", import.meta.url));

/** Files of packages that are loaded by their names: folder in the package, names, folder of the bundle. */
const PACKAGE_FILES = [
  { from: /\/wasm-vips\/[^/]+\/lib\/(vips-es6\.js|.*\.wasm)$/, to: "vips" },
  { from: /\/libraw-wasm\/[^/]+\/dist\/(worker\.js|libraw\.wasm)$/, to: "" },
  { from: /\/face-api\/[^/]+\/dist\/face-api\.esm\.js$/, to: "face-api/dist" },
  {
    from: /\/face-api\/[^/]+\/model\/tiny_face_detector_model(\.bin|-weights_manifest\.json)$/,
    to: "face-api/model",
  },
];

/** What only Node.js loads. */
const NODE_FILES = [{
  from: /\/wasm-vips\/[^/]+\/lib\/vips-node\.mjs$/,
  to: "vips",
}];

/** What a package's terms stand in. */
const TERMS = /^(licen[cs]e|copying|third-party-notices)/i;

/** How modules are bundled. */
export interface Bundling {
  /** The folder that is filled. */
  to: string;
  platform: "browser" | "deno";
  /** Whether what several entries have in common, and what is loaded later, is in files of its own. */
  split: boolean;
  /** Default: `import_map.json` beside the entries. */
  importMap?: string;
}

/**
 * Bundles modules; those of one call share what they have in common.
 *
 * @param entries paths below {@linkcode ROOT}, all in a folder with the import map that is meant
 * @throws {Error} if the bundler fails
 */
export async function bundle(
  entries: readonly string[],
  { to, platform, split, importMap = join(dirname(entries[0]), "import_map.json") }: Bundling,
): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "bundle",
        "--quiet",
        "--minify",
        "--platform",
        platform,
        "--outdir",
        to,
      ],
      ...["--import-map", importMap],
      ...split ? ["--code-splitting"] : [],
      ...entries,
    ],
    cwd: ROOT,
  }).spawn().status;
  if (!success) throw new Error(`deno bundle failed for ${entries.join(", ")}`);
}

/** A third of the shaders' texts are comments: only those that mark a loop are needed to run them. */
export async function withoutShaderComments(folder: string): Promise<void> {
  for (const path of await scriptsIn(folder)) {
    const code = await Deno.readTextFile(path);
    // What the bundler has left of lines that begin so is in texts.
    await Deno.writeTextFile(
      path,
      code.replace(/^[ \t]*\/\/(?! unroll).*\n/gm, ""),
    );
  }
}

/** Copies the embedded networks. */
export async function copyModels(folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "models"), { recursive: true });
  for (const { file } of embeddedModels()) {
    await Deno.copyFile(
      join(ROOT, "models", file),
      join(folder, "models", file),
    );
  }
}

/**
 * Copies what a bundle loads of packages by its name: the WebAssembly that one of its modules speaks of,
 * and all of {@linkcode PACKAGE_FILES}; and writes the packages' terms into one file.
 *
 * @param forNode whether it is for Node.js, too
 */
export async function copyPackageFiles(
  folder: string,
  forNode: boolean,
): Promise<void> {
  const byName = forNode ? [...PACKAGE_FILES, ...NODE_FILES] : PACKAGE_FILES;
  const wanted = new Set<string>();
  for (const path of await scriptsIn(folder)) {
    const code = await Deno.readTextFile(path);
    for (const [, file] of code.matchAll(/["'`]([\w.-]+\.wasm)["'`]/g)) {
      wanted.add(file);
    }
  }
  // This one is within its module.
  wanted.delete("libheif.wasm");
  const terms: string[] = [];
  for (const { name, folder: from } of await packageFolders()) {
    terms.push(await termsOf(name, from));
    for (const path of await filesBelow(from)) {
      const file = basename(path);
      const known = byName.find(({ from }) => from.test(path));
      if (known === undefined && !wanted.has(file)) continue;
      await Deno.mkdir(join(folder, known?.to ?? ""), { recursive: true });
      await Deno.copyFile(path, join(folder, known?.to ?? "", file));
    }
  }
  const line = `\n${"-".repeat(80)}\n\n`;
  await Deno.writeTextFile(
    join(folder, "THIRD-PARTY-NOTICES.txt"),
    terms.join(line),
  );
}

/** The terms of a package: the texts that it brings along, or else what it says of itself. */
async function termsOf(name: string, folder: string): Promise<string> {
  const files = (await namesIn(folder)).filter((file) => TERMS.test(file));
  const texts = files.map((file) => Deno.readTextFile(join(folder, file)));
  const { license } = JSON.parse(
    await Deno.readTextFile(join(folder, "package.json")),
  );
  return [
    `${name} (${license})`,
    ...(await Promise.all(texts)).map((text) => text.trim()),
  ]
    .join("\n\n") + "\n";
}

/** Returns the folders in which Deno keeps a package, named with its version: one, or none. */
export async function foldersOf(name: string): Promise<string[]> {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] });
  const { npmCache } = JSON.parse(new TextDecoder().decode((await info.output()).stdout));
  const path = name.replace(/@(?=[\d.]+$)/, "/");
  const places = (await namesIn(npmCache)).map((registry) => join(npmCache, registry, path));
  return places.filter((folder) => {
    try {
      return Deno.statSync(folder).isDirectory;
    } catch {
      return false;
    }
  });
}

/** The packages that the sources name, and the folders in which Deno keeps them. */
async function packageFolders(): Promise<{ name: string; folder: string }[]> {
  await fetchFaceApi();
  const packages = new Set([FACE_API, VIPS]);
  for (const path of await filesBelow(join(ROOT, "src"))) {
    if (!path.endsWith(".ts") || /\/(cli|platform)\//.test(path)) continue;
    const code = await Deno.readTextFile(path);
    for (
      const [, name] of code.matchAll(/"npm:((?:@[\w-]+\/)?[\w-]+@[\d.]+)/g)
    ) packages.add(name);
  }
  const found = await Promise.all(
    [...packages].sort().map(async (name) =>
      (await foldersOf(name)).map((folder) => ({ name, folder }))
    ),
  );
  return found.flat();
}

/** No module names the package that finds faces: Deno would fetch its 24 MB for everybody. */
async function fetchFaceApi(): Promise<void> {
  const args = [
    "cache",
    "--quiet",
    "--no-lock",
    `npm:${FACE_API}/dist/face-api.esm.js`,
  ];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
  }).spawn().status;
  if (!success) throw new Error(`npm:${FACE_API} cannot be fetched`);
}

/** All files of a folder and those below it, by their paths. */
export async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) paths.push(...await filesBelow(path));
    else paths.push(path);
  }
  return paths;
}

/** Returns a module of a bundle and all that it imports at once, by their names, each of them once. */
export async function importedBy(folder: string, ...entries: string[]): Promise<string[]> {
  const names = new Set(entries);
  for (const name of names) {
    const code = await Deno.readTextFile(join(folder, name));
    for (const [, next] of code.matchAll(/(?:\bfrom|^import|;import)"\.\/([\w.-]+\.js)"/gm)) {
      names.add(next);
    }
  }
  return [...names];
}

async function namesIn(folder: string): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

async function scriptsIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => name.endsWith(".js"))
    .map((name) => join(folder, name));
}
