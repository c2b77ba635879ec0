/** What JSR would be given: the program, its networks, and nothing of what only its makers need. */

import assert from "node:assert/strict";

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
