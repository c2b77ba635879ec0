/// <reference lib="dom" />
/**
 * `deno task browser`: Tessera beside onnxruntime-web on WebGPU, in turns, in one page of Debian's
 * Chromium, with the same network: `deno task browser fast-x4 128x128 5`.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printResult } from "../../src/cli/terminal/print.ts";
import { copyModels, foldersOf } from "../../scripts/bundling.ts";
import { launchChromium, serveFolder } from "../../tests/web/browser.ts";
import type { Contest } from "./contest.ts";
import { contestTable } from "./contest_report.ts";

const HERE = fileURLToPath(new URL("./", import.meta.url));

/** The package, as `browser_import_map.json` has it. */
const ORT = "onnxruntime-web@1.30.0";

/** What onnxruntime-web loads by its name on WebGPU. */
const ORT_FILES = /^ort-wasm-simd-threaded\.(asyncify|jsep|jspi)\.(wasm|mjs)$/;

/** Fills a folder with the page of the contest. */
async function build(folder: string): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--platform", "browser", "--outdir", folder, "--code-splitting"],
      ...["--import-map", join(HERE, "browser_import_map.json"), join(HERE, "browser_page.ts")],
    ],
    cwd: HERE,
  }).spawn().status;
  if (!success) throw new Error("The page of the contest cannot be bundled");
  const html = '<!DOCTYPE html><script type="module" src="browser_page.js"></script>';
  await Deno.writeTextFile(join(folder, "index.html"), html);
  await copyModels(folder);
  const [ort] = await foldersOf(ORT);
  for await (const { name } of Deno.readDir(join(ort, "dist"))) {
    if (ORT_FILES.test(name)) await Deno.copyFile(join(ort, "dist", name), join(folder, name));
  }
}

const [source = "fast-x4", sizeText = "128x128", rounds = "5"] = Deno.args;
const [width, height] = sizeText.split("x").map(Number);
const folder = await Deno.makeTempDir({ prefix: "tessera-peers-" });
try {
  await build(folder);
  await using server = serveFolder(folder);
  const browser = await launchChromium(true);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    page.on("pageerror", ({ message }) => printResult(`page: ${message}`));
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    await page.waitForFunction(() => "contest" in globalThis);
    const asked = { source, size: { width, height }, rounds: Number(rounds) };
    const [load] = Deno.loadavg();
    const contest = await page.evaluate(
      // deno-lint-ignore no-explicit-any
      (it) => (globalThis as any).contest(it.source, it.size, it.rounds, it.load),
      { ...asked, load },
    ) as Contest & { adapter: string };
    printResult(`Chromium ${browser.version()}, ${contest.adapter}`);
    printResult(contestTable(contest));
  } finally {
    await browser.close();
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
