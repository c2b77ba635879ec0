/**
 * `tessera compare`: what the page holds, what it says, and what is refused. How it behaves is seen in
 * a browser.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { fillPage } from "../../src/cli/pages/page.ts";
import { decodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, runProgram, writePicture } from "./program.ts";
import { hasShared, shared } from "../reference/shared.ts";

function filled(template: string, values: Parameters<typeof fillPage>[1]): string {
  return Buffer.concat([...fillPage(template, values)]).toString();
}

Deno.test("fillPage() escapes text, and embeds bytes as they are", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(100));
  const page = filled('<a b="{{ text }}">{{text}} {{ $& }}</a><img src="{{ file }}">', {
    text: `<i>"O'Neill" & $& {{ file }}</i>`,
    file: { type: "image/png", bytes },
  });
  const escaped = "&lt;i&gt;&quot;O&#39;Neill&quot; &amp; $&amp; {{ file }}&lt;/i&gt;";
  const uri = `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
  assert.equal(page, `<a b="${escaped}">${escaped} {{ $& }}</a><img src="${uri}">`);
  assert.throws(() => filled("{{ unknown }}", {}), /unknown/);
});

/** The pictures that a page holds, in their order. */
function embeddedIn(page: string): Uint8Array[] {
  const uris = page.matchAll(/src="data:image\/\w+;base64,([^"]*)"/g);
  return [...uris].map(([, text]) => new Uint8Array(Buffer.from(text, "base64")));
}

Deno.test("tessera compare writes one page that holds both files and fetches nothing", async () => {
  await inFolder(async (folder) => {
    const names = ["a&b'c.jpg", "d.webp"];
    await writePicture(join(folder, names[0]), testPicture(12, 9, 3));
    await writePicture(join(folder, names[1]), testPicture(48, 36, 3));
    const { code, stdout, stderr } = await runProgram(["compare", ...names, "--json"], {
      cwd: folder,
    });
    assert.equal(code, 0, stderr);
    const output = "d-compare.html";
    const [before, after] = names;
    assert.deepEqual(JSON.parse(stdout), { before, after, output, remark: "" });
    assert.equal(stderr, `Wrote ${output}\n`);
    const page = await Deno.readTextFile(join(folder, output));
    const files = await Promise.all(names.map((name) => Deno.readFile(join(folder, name))));
    assert.deepEqual(embeddedIn(page), files);
    assert.ok(page.includes("<b>a&amp;b&#39;c.jpg</b>"));
    assert.ok(page.includes("12 x 9 pixels") && page.includes("48 x 36 pixels"));
    assert.ok(!page.includes(folder));
    assert.doesNotMatch(page, /https?:|\{\{\s*\w+\s*\}\}/);
    assert.match(page, /default-src 'none'/);
    assert.match(page, /customElements\.define\("tessera-compare"/);
    assert.match(page, /--accent: #0b6a59/);
  });
});

Deno.test("the page holds the slider of the browser's page, and its own script is sound", async () => {
  const [page, element] = await Promise.all(
    ["src/cli/pages/compare_page.html", "web/tessera_compare.js"].map((path) =>
      Deno.readTextFile(new URL(`../../${path}`, import.meta.url))
    ),
  );
  const [script] = [...page.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map(([, text]) => text);
  assert.doesNotThrow(() => new Function(script));
  for (const [, id] of script.matchAll(/getElementById\("([^"]*)"\)/g)) {
    assert.ok(page.includes(`id="${id}"`), id);
  }
  assert.ok(!/<\/script/i.test(element));
});

Deno.test("tessera compare embeds as PNG what browsers do not show", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.jxl"), testPicture(24, 18, 4));
    await writePicture(join(folder, "b.png"), testPicture(12, 9, 3));
    const { code, stderr } = await runProgram(["compare", "a.jxl", "b.png"], { cwd: folder });
    assert.equal(code, 0, stderr);
    const [embedded] = embeddedIn(await Deno.readTextFile(join(folder, "b-compare.html")));
    const original = await decodePicture(await Deno.readFile(join(folder, "a.jxl")));
    const { channels, data } = await decodePicture(embedded);
    assert.deepEqual([embedded[0], channels], [0x89, 4]);
    assert.deepEqual(data, original.data);
  });
});

Deno.test({
  name: "tessera compare embeds a TIFF as a PNG",
  ignore: !hasShared("images/formats/photo.tif"),
  async fn() {
    await inFolder(async (folder) => {
      const path = shared("images/formats/photo.tif");
      await Deno.copyFile(path, join(folder, "a.tif"));
      await writePicture(join(folder, "b.png"));
      const { code, stderr } = await runProgram(["compare", "a.tif", "b.png"], { cwd: folder });
      assert.equal(code, 0, stderr);
      const [embedded] = embeddedIn(await Deno.readTextFile(join(folder, "b-compare.html")));
      const original = await decodePicture(await Deno.readFile(path));
      assert.deepEqual((await decodePicture(embedded)).data, original.data);
    });
  },
});

Deno.test("tessera compare says that proportions differ, but not for rounding", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), testPicture(13, 9, 3));
    await writePicture(join(folder, "rounded.png"), testPicture(33, 23, 3));
    await writePicture(join(folder, "cut.png"), testPicture(52, 30, 3));
    for (const [name, message] of [["rounded.png", ""], ["cut.png", "proportions differ"]]) {
      const args = ["compare", "a.png", name, "-o", "page.html", "--overwrite", "--json"];
      const { stdout, stderr } = await runProgram(args, { cwd: folder });
      const { remark } = JSON.parse(stdout);
      assert.ok(message === "" ? remark === "" : remark.includes(message), remark);
      assert.ok(stderr.includes(remark));
      assert.ok((await Deno.readTextFile(join(folder, "page.html"))).includes(remark));
    }
  });
});

const REFUSED: [args: string[], code: number, message: RegExp][] = [
  [["a.png"], 2, /Expected two pictures but received 1/],
  [["a.png", "none.png"], 3, /none\.png: There is no such file/],
  [["broken.png", "a.png"], 3, /broken\.png: /],
  [["a.png", "a.png", "-o", "taken.html"], 2, /"taken\.html" exists: --overwrite replaces it/],
  [["a.png", "a.png", "-o", "a.png", "--overwrite"], 2, /ends in \.html/],
  [["a.png", "a.png", "--max-pixels", "0.0001"], 3, /more than the limit/],
];

Deno.test("tessera compare refuses what it cannot do, and writes nothing", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    await Deno.writeTextFile(join(folder, "broken.png"), "not a picture");
    await Deno.writeTextFile(join(folder, "taken.html"), "mine");
    const before = filesIn(folder);
    for (const [args, code, message] of REFUSED) {
      const outcome = await runProgram(["compare", ...args], { cwd: folder });
      assert.match(outcome.stderr, message);
      assert.equal(outcome.code, code);
      assert.deepEqual(filesIn(folder), before);
    }
    assert.equal(await Deno.readTextFile(join(folder, "taken.html")), "mine");
  });
});
