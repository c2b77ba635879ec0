/** What a visitor of the page waits for: page, style and engine, compressed as servers do it. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { importedBy } from "../../scripts/bundling.ts";
import { buildPage } from "./browser.ts";

/** Bytes of all that is loaded at once; networks and codecs come when they are needed. */
const MOST = 120_000;

Deno.test("page and engine are at most 120 KB, and bring no codec along", async () => {
  const folder = fileURLToPath(await buildPage());
  const modules = await importedBy(folder, "page.js", "engine_worker.js");
  const names = ["index.html", "style.css", "icon.svg", "manifest.webmanifest", ...modules];
  const sizes = [...names, "service_worker.js"].map((name) =>
    brotliCompressSync(Deno.readFileSync(folder + name)).length
  );
  const sum = sizes.reduce((total, size) => total + size, 0);
  assert.ok(sum <= MOST, `${sum} bytes`);
  assert.ok(sum > MOST / 2, `${sum} bytes: something was not counted`);
  const codecs = modules.filter((name) => /mozjpeg|lcms|vips|heif|face|german|pth/.test(name));
  assert.deepEqual(codecs, []);
});
