/** What others are given: the program, its networks, and nothing of what only its makers need. */

import assert from "node:assert/strict";
import { VERSION } from "../src/version.ts";

const ROOT = new URL("../", import.meta.url);

Deno.test("deno publish takes what belongs to the program, and nothing else", async () => {
  const args = ["publish", "--dry-run", "--allow-dirty"];
  const env = { NO_COLOR: "1" };
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, env, cwd: ROOT })
    .output();
  const text = new TextDecoder().decode(stderr);
  assert.ok(success, text);
  const urls = [...text.matchAll(/^\s*(file:\S+) \([\d.]+\w+\)$/gm)].map(([, url]) => url);
  const files = urls.map((url) => url.slice(ROOT.href.length));
  const places = new Set(files.map((path) => path.split("/")[0]));
  const expected = ["LICENSE", "README.md", "bench", "cli.ts", "deno.json", "mod.ts", "models"];
  assert.deepEqual([...places].sort(), [...expected, "src", "web"]);
  assert.deepEqual(files.filter((path) => path.startsWith("bench/peers")), []);
  for (const path of ["src/upscaler.ts", "models/fast-x4.safetensors", "web/tokens.css"]) {
    assert.ok(files.includes(path), path);
  }
});

Deno.test("deno.lock lists what the program and the page load, and nothing that only tests need", async () => {
  // Deno fetches all of it when the program first runs.
  const lock = JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT)));
  const loaded = new Set<string>();
  for (const folder of ["src", "web"]) {
    for await (const file of sourcesIn(new URL(`${folder}/`, ROOT))) {
      for (const [name] of (await Deno.readTextFile(file)).matchAll(PACKAGE)) loaded.add(name);
    }
  }
  assert.deepEqual(Object.keys(lock.specifiers).sort(), [...loaded].sort());
});

Deno.test("the version is that of deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  assert.equal(VERSION, version);
});

/** A package as an import names it, up to its version. */
const PACKAGE = /(?<=")npm:(?:@[\w.-]+\/)?[\w.-]+@\d[\w.-]*/g;

async function* sourcesIn(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (name === "dist") continue;
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* sourcesIn(url);
    else if (/\.(ts|js)$/.test(name)) yield url;
  }
}
