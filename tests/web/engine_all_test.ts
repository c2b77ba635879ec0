/// <reference lib="dom" />
/**
 * The engine's own GPU tests in a real Chromium (`TESSERA_TEST=all`): each file is bundled as the page is,
 * and run in a worker, on Chromium's WebGPU and with its compiler of shaders.
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { copyModels } from "../../scripts/bundling.ts";
import { CHROMIUM, launchChromium, PATIENCE, serveFolder } from "./browser.ts";
import { inFolder, ROOT } from "../cli/program.ts";

const RUNNER = new URL("in_browser/", import.meta.url);

/** The files with tests of kernels, tiles and whole pictures on a device, without what needs Deno. */
const FILES = [
  ...["back_projection", "conv", "depthwise3x3", "dysample", "fill", "norm", "partial_conv"],
  ...["pixels", "resample", "upconv3x3"],
].map((name) => `tests/kernels/${name}_test.ts`).concat("tests/tiles/tiles_test.ts");

/** What a test posts. */
interface Outcome {
  name: string;
  ignore: boolean;
  error: string | undefined;
}

/** Bundles a test file into a folder, beside the worker that runs it. */
async function bundleTests(file: string, folder: string): Promise<void> {
  const map = new URL("import_map.json", RUNNER).pathname;
  const args = ["bundle", "--quiet", "--platform", "browser", "--outdir", folder, file];
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args, "--import-map", map, "--code-splitting"],
    cwd: ROOT,
  });
  const { success, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  await copyModels(folder);
  await Deno.copyFile(new URL("runner.js", RUNNER), join(folder, "runner.js"));
  await Deno.writeTextFile(join(folder, "index.html"), "<!DOCTYPE html>");
}

/**
 * Runs a bundled file in a worker of a page.
 *
 * @throws If nothing comes for longer than any test takes.
 */
async function runInChromium(origin: string, script: string): Promise<Outcome[]> {
  const browser = await launchChromium(true);
  const outcomes: Outcome[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = Promise.withResolvers<never>();
  const listen = () => {
    clearTimeout(timer);
    const last = outcomes.at(-1)?.name ?? "the start";
    timer = setTimeout(() => silence.reject(new Error(`Nothing came after ${last}`)), PATIENCE);
  };
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.exposeFunction("tell", (outcome: Outcome) => {
      outcomes.push(outcome);
      listen();
    });
    await page.goto(origin);
    listen();
    const done = page.evaluate((script) =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker(`runner.js#${script}`, { type: "module" });
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.onmessage = ({ data }) => {
          if (data === "done") resolve();
          // deno-lint-ignore no-explicit-any
          else (globalThis as any).tell(data);
        };
      }), script);
    // Closing the browser ends it, too, of which nobody is told.
    done.catch(() => {});
    await Promise.race([done, silence.promise]);
    return outcomes;
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}

for (const file of FILES) {
  Deno.test({
    name: `${file} passes in Chromium (needs Chromium; TESSERA_TEST=all)`,
    ignore: CHROMIUM === undefined || Deno.env.get("TESSERA_TEST") !== "all",
    fn: () =>
      inFolder(async (folder) => {
        await bundleTests(file, folder);
        await using server = serveFolder(folder);
        const script = basename(file).replace(/\.ts$/, ".js");
        const outcomes = await runInChromium(`http://127.0.0.1:${server.addr.port}/`, script);
        assert.ok(outcomes.some(({ ignore }) => !ignore), "no test ran");
        const failed = outcomes.filter(({ error }) => error !== undefined);
        assert.deepEqual(failed.map(({ name, error }) => `${name}: ${error}`), []);
      }),
  });
}
