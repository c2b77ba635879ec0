/**
 * The painted scenes are the same everywhere, and the parts of the script that shows them enlarged.
 * Whole scenes take half a minute: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import { DAMAGES, enlarge, WAYS } from "../../examples/figures/enlarge.ts";
import { repeatPixels, sideBySide } from "../../examples/figures/panels.ts";
import { formatFigures, replaceMarked } from "../../examples/figures/table.ts";
import { render, SCENES, shrink } from "../../examples/scene/scenes.ts";
import { decodePicture } from "../../src/pictures/mod.ts";
import type { Picture } from "../../src/pictures/picture.ts";
import { psnrY } from "../../src/quality/psnr.ts";
import { gpu } from "../gpu_harness.ts";
import { withRandom } from "../reference/random.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all";

/** SHA-256 of the upper left corner, 256x160, of the scenes that can be painted in part. */
const CORNERS: Record<string, string> = {
  page: "0021a2cb2b8b1f2e856b01b78003e56d6b027ba79d3e4c274edcaa288b13ff33",
  fur: "27bc9d92ef690cbe3d0310310bad0065ecb34d4b4146fd5d382254e7059eff7f",
};

function scene(name: string) {
  return SCENES.find((each) => each.name === name)!;
}

async function sha256(picture: Picture): Promise<string> {
  const bytes = Uint8Array.from(picture.data);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** A grey picture of one pixel row per argument. */
function grey(...rows: number[][]): Picture {
  const data = Uint8Array.from(rows.flat());
  return { width: rows[0].length, height: rows.length, channels: 1, depth: 8, data, metadata: {} };
}

for (const [name, hash] of Object.entries(CORNERS)) {
  Deno.test(`the ${name} is painted the same everywhere`, async () => {
    assert.equal(await sha256(render(scene(name), { width: 256, height: 160 })), hash);
  });
}

for (const each of SCENES) {
  Deno.test({
    name: `the ${each.name} that is kept is the painted one, shrunk`,
    ignore: !SLOW,
    fn: async () => {
      const kept = await decodePicture(await Deno.readFile(each.file));
      const small = shrink(render(each));
      assert.deepEqual([kept.width, kept.height], [small.width, small.height]);
      assert.deepEqual(kept.data, small.data);
    },
  });
}

Deno.test("repeatPixels() makes a square of every pixel", () => {
  const large = repeatPixels(grey([1, 2], [3, 4]), 2);
  assert.deepEqual(large, grey([1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]));
});

Deno.test("repeatPixels() keeps the samples of a pixel together", () =>
  withRandom((random) => {
    const [width, height, factor] = [3, 2, 4];
    const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(0, 255));
    const picture: Picture = { width, height, channels: 3, depth: 8, data, metadata: {} };
    const large = repeatPixels(picture, factor);
    for (let y = 0; y < large.height; y++) {
      for (let x = 0; x < large.width; x++) {
        const from = (Math.floor(y / factor) * width + Math.floor(x / factor)) * 3;
        const at = (y * large.width + x) * 3;
        assert.deepEqual(large.data.slice(at, at + 3), data.slice(from, from + 3));
      }
    }
  }));

Deno.test("sideBySide() parts panels by white and fills the last row with it", () => {
  const panels = [grey([1, 2]), grey([3, 4]), grey([5, 6])];
  const expected = grey([1, 2, 255, 3, 4], [255, 255, 255, 255, 255], [5, 6, 255, 255, 255]);
  assert.deepEqual(sideBySide(panels, 2, 1), expected);
});

Deno.test("formatFigures() marks the best of each row, as far as the figures tell", () => {
  const figures = [
    { labels: ["a"], psnrY: [1.234, 1.2299, 0] },
    { labels: ["long"], psnrY: [10, 20, 30] },
  ];
  assert.equal(
    formatFigures(["scene", "x", "y", "z"], figures),
    `| scene | x        | y        | z         |
| ----- | -------- | -------- | --------- |
| a     | **1.23** | **1.23** | 0.00      |
| long  | 10.00    | 20.00    | **30.00** |`,
  );
});

Deno.test("replaceMarked() replaces what stands between two comments, again and again", () => {
  const page = "# Page\n\n<!-- a -->\n\nold\n\n<!-- /a -->\n\nrest\n";
  const once = replaceMarked(page, "a", "new");
  assert.equal(once, page.replace("old", "new"));
  assert.equal(replaceMarked(once, "a", "new"), once);
  assert.throws(() => replaceMarked(page, "b", "new"), /"<!-- b -->" and "<!-- \/b -->"/);
});

Deno.test("a scene is damaged and enlarged by all networks", async () => {
  const truth = render(scene("page"), { width: 96, height: 64 });
  const [clean, jpeg] = await Promise.all(DAMAGES.map(({ apply }) => apply(shrink(truth))));
  assert.deepEqual([clean.width, clean.height], [24, 16]);
  assert.notDeepEqual(jpeg.data, clean.data);
  for (const way of WAYS) {
    const large = await enlarge(gpu, way, clean);
    assert.deepEqual([large.width, large.height], [96, 64]);
    assert.ok(psnrY(large, truth, 4) > 14, way.label);
  }
});
