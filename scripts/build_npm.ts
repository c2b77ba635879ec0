/**
 * Builds the npm package from the same `src/`: `deno task npm` fills `npm/dist`, which `npm pack` and
 * `npm publish` take as it is.
 *
 * There are two bundles of `mod.ts`, one for browsers and one for Node.js and Deno; what they load lies
 * beside them, so that the folder can be served as a whole and depends on no other package.
 * Declarations are made file by file, as every public symbol of `src/` says its own type.
 */

import ts from "npm:typescript@6.0.3";
import { dirname, join, relative } from "node:path";
import { bundle, copyModels, copyPackageFiles, ROOT, withoutShaderComments } from "./bundling.ts";

const NPM = join(ROOT, "npm");
const DIST = join(NPM, "dist");
const TYPES = join(DIST, "types");

/** Files that go in as they are. */
const STATIC = [
  "LICENSE",
  "npm/README.md",
  "npm/tessera_compare.d.ts",
  "web/tessera_compare.js",
];

await Deno.remove(DIST, { recursive: true }).catch(() => {});
const [pages, servers] = [{ platform: "browser" }, {
  platform: "deno",
}] as const;
for (const name of ["tessera.ts", "vips_thread.ts"]) {
  await bundle([`web/${name}`], { to: DIST, ...pages, split: true });
}
for (const name of ["tessera_node.ts", "vips_thread_node.ts"]) {
  await bundle([`npm/${name}`], { to: DIST, ...servers, split: true });
}
await withoutShaderComments(DIST);
await copyPackageFiles(DIST, true);
await copyModels(DIST);
for (const path of STATIC) {
  await Deno.copyFile(join(ROOT, path), join(DIST, nameOf(path)));
}
await declare();
await describe();

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Writes the declarations of `mod.ts` and of all that they speak of. */
async function declare(): Promise<void> {
  const waiting = [join(ROOT, "mod.ts")];
  const seen = new Set(waiting);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = declarationOf(path, await Deno.readTextFile(path));
    for (const [, specifier] of text.matchAll(/from "(\.[^"]+\.ts)"/g)) {
      const next = join(dirname(path), specifier);
      if (!seen.has(next)) waiting.push(next);
      seen.add(next);
    }
    const to = join(TYPES, relative(ROOT, path).replace(/\.ts$/, ".d.ts"));
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.writeTextFile(
      to,
      text.replace(/(from "\.[^"]+)\.ts"/g, '$1.js"'),
    );
  }
}

function declarationOf(path: string, source: string): string {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: {
      isolatedDeclarations: true,
      target: ts.ScriptTarget.ESNext,
      stripInternal: true,
    },
  });
  const [first] = diagnostics;
  if (first === undefined) return outputText;
  throw new Error(
    `${path}: ${ts.flattenDiagnosticMessageText(first.messageText, " ")}`,
  );
}

/** Writes `package.json`: what stands in `npm/manifest.json`, with the version of `deno.json`. */
async function describe(): Promise<void> {
  const { version } = JSON.parse(
    await Deno.readTextFile(join(ROOT, "deno.json")),
  );
  const { name, ...rest } = JSON.parse(
    await Deno.readTextFile(join(NPM, "manifest.json")),
  );
  const text = JSON.stringify({ name, version, ...rest }, null, 2);
  await Deno.writeTextFile(join(DIST, "package.json"), `${text}\n`);
}
