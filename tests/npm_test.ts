/**
 * The npm package: it is built, packed, installed into an empty folder, and used there as its README says,
 * by TypeScript's own compiler, by Deno and (`TESSERA_TEST=all`) by Node.js.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodePicture, encodePicture } from "../src/pictures/mod.ts";
import { DAWN } from "../src/platform/mod.ts";
import { inFolder } from "./cli/program.ts";
import { testPicture } from "./pictures/fixtures.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** What a stranger writes. */
const USER = `
import { readFile, writeFile } from "node:fs/promises";
import { encodePicture, enhance } from "@tessera/tessera";

const file = new Uint8Array(await readFile("small.png"));
const { picture } = await enhance(file, { model: "fast-x4", scale: 4 });
await writeFile("large.jpg", await encodePicture(picture, { format: "jpeg" }));
await writeFile("large.webp", await encodePicture(picture, { format: "webp" }));
`;

/** The same in types: what is right compiles, and what is wrong does not. */
const TYPED_USER = `
import { enhance, type EnhanceOptions, type Picture, Upscaler } from "@tessera/tessera";

const options: EnhanceOptions = { to: "4k", mode: "faithful" };
export async function large(bytes: Uint8Array): Promise<Picture> {
  const { picture, report } = await enhance(bytes, options);
  const consistency: number | undefined = report.consistency;
  console.log(consistency, picture.metadata.density?.x);
  return picture;
}
export const upscaler: Promise<Upscaler> = Upscaler.create({ model: "fast-x4" });
// @ts-expect-error: there is no such mode.
export const wrong: EnhanceOptions = { mode: "magic" };
// @ts-expect-error: a picture is not a number.
export const number: Promise<number> = enhance(new Uint8Array()).then(({ picture }) => picture);
`;

/** Node.js as a package, for where there is none, or an old one. */
const NODE = "node@24.9.0";

/** Dawn refuses the lavapipe of Debian 12; Chromium brings a driver that it takes. */
const DRIVER = "/usr/lib/chromium/vk_swiftshader_icd.json";

const NPM = await run("npm", ["--version"], { cwd: ROOT }).then(
  () => "npm",
  () => undefined,
);

interface RunOptions {
  cwd: string;
  env?: Record<string, string>;
}

/** Runs a program to its end, and returns what it printed. */
async function run(
  command: string,
  args: string[],
  options: RunOptions,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    ...options,
  })
    .output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) {
    throw new Error(`${command} ${args.join(" ")} failed:\n${out}\n${error}`);
  }
  return out;
}

/** Installs the package, and others, into an empty folder. */
async function withPackage(
  others: string[],
  work: (folder: string) => Promise<void>,
) {
  await run(Deno.execPath(), ["task", "--quiet", "npm"], { cwd: ROOT });
  await inFolder(async (folder) => {
    const dist = join(ROOT, "npm/dist");
    const [{ filename, files }] = JSON.parse(
      await run("npm", ["pack", "--json", "--pack-destination", folder], {
        cwd: dist,
      }),
    );
    checkFiles(files.map(({ path }: { path: string }) => path));
    await Deno.writeTextFile(
      join(folder, "package.json"),
      '{ "type": "module" }',
    );
    const quiet = [
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      "--prefer-offline",
    ];
    await run("npm", ["install", ...quiet, `./${filename}`, ...others], {
      cwd: folder,
    });
    const small = await encodePicture(testPicture(20, 14, 3), {
      format: "png",
    });
    await Deno.writeFile(join(folder, "small.png"), small);
    await Deno.writeTextFile(join(folder, "user.js"), USER);
    await work(folder);
  });
}

function checkFiles(files: string[]): void {
  for (
    const path of [
      "README.md",
      "LICENSE",
      "THIRD-PARTY-NOTICES.txt",
      "types/mod.d.ts",
    ]
  ) {
    assert.ok(files.includes(path), path);
  }
  const networks = files.filter((path) => path.endsWith(".safetensors"));
  assert.ok(networks.includes("models/fast-x4.safetensors"));
  assert.deepEqual(
    files.filter((path) => /(?<!\.d)\.ts$|_test|\.md$/.test(path)),
    ["README.md"],
  );
}

async function checkResults(folder: string): Promise<void> {
  for (const name of ["large.jpg", "large.webp"]) {
    const { width, height } = await decodePicture(
      await Deno.readFile(join(folder, name)),
    );
    assert.deepEqual([width, height], [80, 56], name);
  }
}

Deno.test({
  name: "the npm package is installed, typed, and enlarges a picture (needs npm)",
  ignore: NPM === undefined,
  fn: () =>
    withPackage([], async (folder) => {
      await run(Deno.execPath(), [
        "run",
        "-A",
        "--node-modules-dir=manual",
        "user.js",
      ], {
        cwd: folder,
      });
      await checkResults(folder);

      await Deno.writeTextFile(join(folder, "user.ts"), TYPED_USER);
      const tsc = "npm:typescript@6.0.3/tsc";
      const strict = [
        "--noEmit",
        "--strict",
        "--module",
        "nodenext",
        "--target",
        "esnext",
      ];
      const args = [
        "run",
        "-A",
        "--node-modules-dir=none",
        tsc,
        ...strict,
        "user.ts",
      ];
      await run(Deno.execPath(), args, { cwd: folder });
    }),
});

Deno.test({
  name: "the npm package enlarges a picture in Node.js with Dawn (needs npm; TESSERA_TEST=all)",
  ignore: NPM === undefined || Deno.env.get("TESSERA_TEST") !== "all",
  fn: () =>
    withPackage([NODE, DAWN], async (folder) => {
      const hasDriver = await Deno.stat(DRIVER).then(() => true, () => false);
      const env = hasDriver ? { VK_DRIVER_FILES: DRIVER } : {};
      await run(join(folder, "node_modules/.bin/node"), ["user.js"], {
        cwd: folder,
        env,
      });
      await checkResults(folder);
    }),
});
