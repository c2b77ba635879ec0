/// <reference lib="dom" />
/**
 * The shortest road through the page, in a real Chromium: a picture is dropped, enlarged, compared and
 * downloaded, and is the command line's.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { servePage } from "../../src/cli/web/serve.ts";
import { decodePicture, encodePicture, type Picture } from "../../src/pictures/mod.ts";
import { inFolder, runProgram } from "../cli/program.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { CHROMIUM, download, drop, visit, waitFor } from "./browser.ts";

/** What a person has chosen: small, for a software adapter. */
const SETTINGS = { size: "x2", format: "png", quick: true, language: "en" };

/** Returns the largest difference between samples. */
function farthest(a: Picture, b: Picture): number {
  assert.deepEqual([a.width, a.height, a.channels], [b.width, b.height, b.channels]);
  return Math.max(...Array.from(a.data, (value, i) => Math.abs(value - b.data[i])));
}

/** What the program makes of a picture with the same choices. */
async function byProgram(bytes: Uint8Array): Promise<Picture> {
  let picture: Picture | undefined;
  await inFolder(async (folder) => {
    await Deno.writeFile(join(folder, "a.png"), bytes);
    const args = ["a.png", "-o", "b.png", "--model", "fast-x4", "--scale", "2"];
    const { code, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    picture = await decodePicture(await Deno.readFile(join(folder, "b.png")));
  });
  return picture!;
}

Deno.test({
  name: "the page enlarges a dropped picture to what the program makes of it (needs Chromium)",
  ignore: CHROMIUM === undefined,
  fn: async () => {
    const bytes = await encodePicture(testPicture(40, 28, 3), { format: "png" });
    await visit(async ({ page, origin, requests, errors }) => {
      await drop(page, { "small.png": bytes });
      await waitFor(page, "ready");
      await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>("#go")!.disabled);
      assert.match(await page.textContent("#h-ready") ?? "", /^40 × 28, PNG$/);

      await page.click("#go");
      await page.click("#cancel");
      await waitFor(page, "ready");
      await page.click("#go");
      await waitFor(page, "done");
      assert.equal(await page.textContent("#h-done"), "80 × 56");
      const models = requests.flatMap((url) => /models\/(.*)/.exec(url)?.[1] ?? []);
      assert.ok(models.length > 0 && models.every((model) => model.startsWith("fast-")));

      const slider = page.locator("tessera-compare [role=slider]");
      assert.equal(await slider.getAttribute("aria-valuenow"), "50");
      await slider.press("ArrowRight");
      await page.waitForTimeout(200);
      assert.equal(await slider.getAttribute("aria-valuenow"), "52");

      const { name, bytes: result } = await download(page, "#download");
      assert.equal(name, "small-x2.png");
      const picture = await decodePicture(result);
      assert.ok(farthest(picture, await byProgram(bytes)) <= 1);

      await page.click("[popovertarget=formats]");
      await page.check("[name=format][value=webp]");
      await page.waitForFunction(() =>
        /^WebP, \d/.test(
          document.querySelector("#file-size")!.textContent!,
        )
      );
      await page.keyboard.press("Escape");
      const webp = await decodePicture((await download(page, "#download")).bytes);
      assert.deepEqual([webp.width, webp.height], [80, 56]);

      assert.deepEqual(errors, []);
      const elsewhere = requests.filter((url) =>
        !url.startsWith(origin) && !/^(blob|data):/.test(url)
      );
      assert.deepEqual(elsewhere, []);
    }, { settings: SETTINGS });
  },
});

Deno.test("the server answers this machine's names only, and nothing outside its folder", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "page"));
    await Deno.writeTextFile(join(folder, "page", "index.html"), "the page");
    await Deno.writeTextFile(join(folder, "secret"), "a secret");
    const picture = join(folder, "a.png");
    await Deno.writeTextFile(picture, "a picture");
    const given = [{ name: "a.png", path: picture }];
    await using server = servePage(new URL(`file://${folder}/page/`), 0, given);
    const { origin, hash } = new URL(server.url);
    const page = await fetch(`${origin}/`);
    assert.equal(await page.text(), "the page");
    assert.match(page.headers.get("content-security-policy")!, /default-src 'none'/);
    const { port } = new URL(origin);
    assert.match(await raw(Number(port), "GET /../secret HTTP/1.1"), /^HTTP\/1.1 404/);
    assert.match(await raw(Number(port), "GET /%2e%2e/secret HTTP/1.1"), /^HTTP\/1.1 404/);
    assert.match(await raw(Number(port), "GET / HTTP/1.1", "evil.example"), /^HTTP\/1.1 403/);
    const folderOfGiven = hash.replace("#given=", "");
    const list = await fetch(`${origin}/${folderOfGiven}/list.json`);
    assert.deepEqual(await list.json(), ["a.png"]);
    assert.equal(await (await fetch(`${origin}/${folderOfGiven}/0`)).text(), "a picture");
    const guessed = await fetch(`${origin}/given/list.json`);
    await guessed.body?.cancel();
    assert.equal(guessed.status, 404);
  });
});

/** Sends a request as it is, which `fetch` would put right. */
async function raw(port: number, line: string, host = `127.0.0.1:${port}`): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const text = `${line}\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}

Deno.test("the page's texts are there in every language", async () => {
  const { LANGUAGES, speak, text } = await import("../../web/strings.ts");
  const html = await Deno.readTextFile(new URL("../../web/index.html", import.meta.url));
  const names = [...html.matchAll(/data-(?:text|html|label)="([^"]+)"/g)].map(([, name]) => name);
  assert.ok(names.length > 20);
  for (const language of Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[]) {
    await speak(language);
    for (const name of names) assert.ok(text(name as Parameters<typeof text>[0]), name);
  }
});
