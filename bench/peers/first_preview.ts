/// <reference lib="dom" />
/**
 * `deno task first-preview`: how long a person waits in a page that is just open, from the click on the
 * sample to its first preview, in Debian's Chromium. Each round is a new browser that knows nothing.
 */

import { printResult } from "../../src/cli/terminal/print.ts";
import { visit } from "../../tests/web/browser.ts";
import { median } from "../timing.ts";

const [rounds = "3"] = Deno.args;

/** Milliseconds from the click to the first preview that is more than squares. */
async function once(): Promise<number> {
  let waited = NaN;
  await visit(async ({ page }) => {
    await page.waitForFunction(() =>
      /GPU \(|processor/.test(document.querySelector("#gpu-line")!.textContent!)
    );
    waited = await page.evaluate(async () => {
      const start = performance.now();
      document.querySelector<HTMLButtonElement>("#sample")!.click();
      // Each preview is laid as squares first.
      const isWaiting = (canvas: Element) => canvas.className === "pixels";
      for (let wereSquares = false;;) {
        const canvases = [...document.querySelectorAll("#choices label.choice canvas")];
        if (wereSquares && !canvases.every(isWaiting)) break;
        wereSquares ||= canvases.length > 0 && canvases.every(isWaiting);
        await new Promise(requestAnimationFrame);
      }
      return performance.now() - start;
    });
  }, { settings: { language: "en", size: "4k" } });
  return waited;
}

const [load] = Deno.loadavg();
const times: number[] = [];
for (let round = 0; round < Number(rounds); round++) times.push(await once());
const all = times.map((time) => (time / 1000).toFixed(1)).join(", ");
const middle = (median(times) / 1000).toFixed(1);
printResult(`Click to first preview: ${middle} s (median of ${all}), load ${load.toFixed(1)}`);
