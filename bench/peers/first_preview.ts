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
      const isThere = () => {
        const first = document.querySelector("#choices label.choice canvas") as HTMLCanvasElement;
        return first?.width > 64 && first.className === "";
      };
      while (!isThere()) await new Promise(requestAnimationFrame);
      return performance.now() - start;
    });
  }, { settings: { language: "en", size: "4k" } });
  return waited;
}

const times: number[] = [];
for (let round = 0; round < Number(rounds); round++) times.push(await once());
printResult(`Click to first preview: ${(median(times) / 1000).toFixed(1)} s (median of ${rounds})`);
