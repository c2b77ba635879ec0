/// <reference lib="dom" />
/**
 * All of the page in a real Chromium (`TESSERA_TEST=all`): what people see when something is wrong, several
 * pictures, results too large for memory, a lost GPU, and no network.
 */

import assert from "node:assert/strict";
import axe from "npm:axe-core@4.14.1";
import type { Browser, Page } from "npm:playwright-core@1.65.0";
import { copyOf } from "../../src/enhance/aim.ts";
import {
  convertDepth,
  decodePicture,
  encodeAnimation,
  encodePicture,
  openAnimation,
  packFrame,
  type Picture,
} from "../../src/pictures/mod.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { toFloat32 } from "../../src/weights/tensor.ts";
import { tinyCompactFile } from "../networks/tiny_networks.ts";
import { testExif, testPicture } from "../pictures/fixtures.ts";
import { Random } from "../reference/random.ts";
import { hasShared, shared } from "../reference/shared.ts";
import { pickledDict, pickledTensor, rowMajor, storage, torchZip } from "../weights/torch_files.ts";
import {
  CHROMIUM,
  download,
  drop,
  PATIENCE,
  visit,
  type VisitOptions,
  waitFor,
} from "./browser.ts";
import type { Visit } from "./browser.ts";

const SETTINGS = { size: "x2", format: "png", quick: true, language: "en" };

/** A photograph that a face fills. */
const FACE = "images/Kodak24/kodim04.png";

/** Memory of the renderer at a result of 64 megapixels, its rows on the disk. */
const MOST_BYTES = 1e9;

/** What stands in a text that somebody called a picture. */
const TEXT = new TextEncoder().encode("Dear diary, today it rained.");

function test(
  name: string,
  work: (visit: Visit) => Promise<void>,
  options: VisitOptions = {},
): void {
  Deno.test({
    name: `${name} (needs Chromium; TESSERA_TEST=all)`,
    ignore: CHROMIUM === undefined || Deno.env.get("TESSERA_TEST") !== "all",
    fn: () => visit(work, { settings: SETTINGS, ...options }),
  });
}

async function png(width: number, height: number, channels: 1 | 3 | 4 = 3): Promise<Uint8Array> {
  return await encodePicture(testPicture(width, height, channels), { format: "png" });
}

/** The most memory that any renderer had, in bytes. */
async function peakOfRenderers(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const peaks = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => {
    const status = Deno.readTextFileSync(`/proc/${id}/status`);
    return 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)![1]);
  });
  return Math.max(...peaks);
}

/** Waits until the picture that was given can be enlarged. */
async function waitUntilReady(page: Page): Promise<void> {
  await waitFor(page, "ready");
  await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>("#go")!.disabled);
}

/** Has the picture that was given enlarged, by whichever way it came. */
async function goOn(page: Page): Promise<string> {
  await waitUntilReady(page);
  await page.click("#go");
  await waitFor(page, "done");
  return await page.textContent("#h-done") ?? "";
}

/** Drops one picture, has it enlarged, and waits for the result. */
async function enlarge(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await drop(page, { [name]: bytes });
  await goOn(page);
}

/** Refuses what axe finds serious or critical. */
async function checkAccess(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any
    const { violations } = await (globalThis as any).axe.run();
    // deno-lint-ignore no-explicit-any
    return violations.map(({ id, impact, nodes }: any) => ({
      id,
      impact,
      // deno-lint-ignore no-explicit-any
      nodes: nodes.map(({ html }: any) => html),
    }));
  });
  const grave = found.filter(({ impact }: { impact: string }) =>
    impact === "serious" || impact === "critical"
  );
  assert.deepEqual(grave, []);
}

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious in any state, ${scheme}`, async ({ page }) => {
    await checkAccess(page);
    await drop(page, { "a.png": await png(24, 20) });
    await waitUntilReady(page);
    await checkAccess(page);
    await page.click("[popovertarget=more]");
    await checkAccess(page);
    await page.keyboard.press("Escape");
    await page.click("#go");
    await waitFor(page, "done");
    await checkAccess(page);
    await page.click("#next");
    await drop(page, { "b.png": await png(8, 8), "notes.jpg": TEXT });
    await waitUntilReady(page);
    await page.click("#go");
    await waitFor(page, "batch");
    await page.waitForSelector("#sheet .none");
    await checkAccess(page);
    await page.click("#batch-cancel");
    await drop(page, { "notes.jpg": TEXT });
    await waitFor(page, "problem");
    await checkAccess(page);
  }, { scheme });
}

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((selector) => document.activeElement!.matches(selector), selector)) {
      return;
    }
  }
  throw new Error(`${selector} never had the focus`);
}

test("the keyboard alone leads from the empty page to the file", async ({ page, errors }) => {
  const path = await Deno.makeTempFile({ suffix: ".png" });
  try {
    await Deno.writeFile(path, await png(24, 18));
    page.once("filechooser", (chooser) => chooser.setFiles(path));
    await tabTo(page, "#choose");
    await page.keyboard.press("Enter");
    await waitUntilReady(page);
    assert.equal(await page.evaluate(() => document.activeElement!.id), "h-ready");
    await tabTo(page, "[name=look]");
    await page.keyboard.press("ArrowRight");
    await tabTo(page, "[name=size]");
    await tabTo(page, "#go");
    await page.keyboard.press("Enter");
    await waitFor(page, "done");
    assert.match(await page.textContent("#done-line") ?? "", /Photo/);
    await tabTo(page, "#compare");
    await page.keyboard.press("End");
    await tabTo(page, "#download");
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.keyboard.press("Enter"),
    ]);
    assert.match(file.suggestedFilename(), /-x2\.png$/);
    assert.deepEqual(errors, []);
  } finally {
    await Deno.remove(path);
  }
});

test("a phone's picture stands upright, and what is transparent stays so", async ({ page }) => {
  const turned = testPicture(40, 24, 3, 8, { exif: testExif(6) });
  await enlarge(page, "phone.jpg", await encodePicture(turned, { format: "jpeg", quality: 90 }));
  assert.equal(await page.textContent("#h-done"), "48 × 80");
  const logo = testPicture(24, 24, 4);
  for (let i = 3; i < logo.data.length; i += 4) logo.data[i] = i < logo.data.length / 2 ? 0 : 255;
  await enlarge(page, "logo.png", await encodePicture(logo, { format: "png" }));
  const { bytes } = await download(page, "#download");
  const { channels, data } = await decodePicture(bytes);
  assert.deepEqual([channels, data[3], data.at(-1)], [4, 0, 255]);
});

test("what is pasted or shared is taken", async ({ page, context, origin }) => {
  const bytes = await png(20, 16);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  await page.evaluate(async (text) => {
    const data = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const blob = new Blob([data], { type: "image/png" });
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
  }, bytes.toBase64());
  await page.keyboard.press("Control+V");
  assert.equal(await goOn(page), "40 × 32");
  assert.match(await page.textContent("#file-name") ?? "", /^pasted-.*-x2\.png$/);

  // As the system's share menu does it: from outside the page, to its service worker.
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/By the sea (1).png`;
    await Deno.writeFile(path, bytes);
    const form = `<form method=post enctype=multipart/form-data action="${origin}/share">`;
    await page.goto(`data:text/html,${form}<input type=file name=pictures><button>Share</button>`);
    await page.setInputFiles("input", path);
    await page.click("button");
    assert.equal(await goOn(page), "40 × 32");
    assert.equal(await page.textContent("#file-name"), "By the sea (1)-x2.png");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The same network in PyTorch's form. */
function inPthForm(safetensors: Uint8Array): Uint8Array {
  const named = [...readSafetensors(safetensors).tensors].map(([name, tensor], i) => {
    const kept = storage(String(i), "F32", toFloat32(tensor));
    const shape = [...tensor.shape];
    return { name, kept, value: pickledTensor({ storage: kept, shape, strides: rowMajor(shape) }) };
  });
  const dictionary = pickledDict(Object.fromEntries(named.map(({ name, value }) => [name, value])));
  return torchZip(pickledDict({ params: dictionary }), named.map(({ kept }) => kept));
}

test("one's own network is used in both forms, and gives the same", async ({ page, errors }) => {
  const weights = tinyCompactFile(new Random(5), { features: 4, convolutions: 1 });
  const results: Picture["data"][] = [];
  for (const [name, file] of [["a.pth", inPthForm(weights)], ["a.safetensors", weights]] as const) {
    await drop(page, { [name]: file });
    await page.waitForFunction(
      (words) => document.querySelector("#gpu-line")!.textContent!.startsWith(words),
      `${name} is loaded, an SRVGGNetCompact for 4×`,
    );
    await drop(page, { "a.png": await png(20, 16) });
    await goOn(page);
    assert.match(await page.textContent("#done-line") ?? "", /Your own/);
    results.push((await decodePicture((await download(page, "#download")).bytes)).data);
    await page.click("#next");
  }
  assert.ok(results[0].every((value, i) => value === results[1][i]), "the pixels differ");
  assert.deepEqual(errors, []);
});

test("a picture that comes while another one is at work takes its place", async ({ page }) => {
  await drop(page, { "large.png": await png(320, 320) });
  await waitUntilReady(page);
  await page.click("#go");
  await page.waitForSelector("#mosaic[aria-valuenow]:not([aria-valuenow='0'])");
  await drop(page, { "small.png": await png(20, 16) });
  assert.equal(await goOn(page), "40 × 32");
  // Neither the other's result nor an error comes behind it.
  await page.waitForTimeout(2000);
  assert.equal(await page.textContent("#h-done"), "40 × 32");
  assert.equal(await page.evaluate(() => document.body.dataset.state), "done");
});

test("in a window that gets smaller, what was made for the larger one covers nothing", async ({ page }) => {
  const shrinkWindow = async (button: string) => {
    for (const [width, height] of [[2560, 1440], [1280, 800], [900, 600], [1280, 560]]) {
      await page.setViewportSize({ width, height });
      await page.click(button, { trial: true, timeout: 10_000 });
    }
  };
  await drop(page, { "a.png": await png(240, 160) });
  await waitUntilReady(page);
  await shrinkWindow("#go");
  await goOn(page);
  await shrinkWindow("#next");
});

test("a picture of one pixel is enlarged", async ({ page, errors }) => {
  await enlarge(page, "dot.png", await png(1, 1));
  const { bytes } = await download(page, "#download");
  const { width, height } = await decodePicture(bytes);
  assert.deepEqual([width, height, errors], [2, 2, []]);
});

test("a text with a picture's name is said to be none, and the way leads back", async ({ page }) => {
  await drop(page, { "notes.jpg": TEXT });
  await waitFor(page, "problem");
  assert.match(
    await page.textContent("#problem-lead") ?? "",
    /^notes\.jpg is none of the pictures/,
  );
  await page.click("#problem-again");
  await waitFor(page, "empty");
});

test("weights that are none are refused in words", async ({ page }) => {
  await drop(page, { "evil.pth": new TextEncoder().encode("cos\nsystem\n(S'true'\ntR.") });
  await waitFor(page, "problem");
  assert.match(await page.textContent("#h-problem") ?? "", /weights cannot be used/);
  assert.match(await page.textContent("#problem-lead") ?? "", /^evil\.pth: /);
});

test("without WebGPU the page says what to do", async ({ page }) => {
  await waitFor(page, "problem");
  assert.match(await page.textContent("#h-problem") ?? "", /does not let Tessera use your GPU/);
  assert.equal(await page.locator("#problem-list li").count(), 3);
}, { webgpu: false });

test("several pictures go through together, and out as a ZIP", async ({ page, errors }) => {
  const files = { "a.png": await png(16, 12), "b.png": await png(12, 16), "notes.jpg": TEXT };
  await drop(page, files);
  await waitUntilReady(page);
  await page.click("#go");
  await waitFor(page, "batch");
  await page.waitForFunction(() =>
    /^2 done, 0 to go, 1 left out/.test(
      document.querySelector("#batch-line")!.textContent!,
    )
  );
  assert.match(
    await page.textContent("#sheet li:nth-child(3)") ?? "",
    /Left out\. It is no picture/,
  );
  const { name, bytes } = await download(page, "#zip");
  assert.equal(name, "tessera.zip");
  const text = new TextDecoder("latin1").decode(bytes);
  // Names stand 42 bytes behind the signature of a central directory's header.
  const headers = text.split("PK\x01\x02").slice(1);
  const names = headers.map((header) => /^[\w-]+\.png/.exec(header.slice(42))?.[0]);
  assert.deepEqual(names, ["a-x2.png", "b-x2.png"]);
  assert.deepEqual(errors, []);
});

test("a lost GPU is opened again, and the picture is finished all the same", async (visit) => {
  const { page, browser } = visit;
  const bytes = await png(96, 80);
  await drop(page, { "a.png": bytes });
  await waitUntilReady(page);
  await page.click("#go");
  await waitFor(page, "working");
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  Deno.kill(processInfo.find(({ type }) => type === "GPU")!.id, "SIGKILL");
  await waitFor(page, "done");
  assert.equal(await page.textContent("#h-done"), "192 × 160");
});

test(
  "a result too large for memory, by one's own network, goes to the disk as rows",
  async ({ page, browser }) => {
    const random = new Random(5);
    const weights = tinyCompactFile(random, { features: 4, convolutions: 1 });
    await drop(page, { "tiny.safetensors": weights });
    await page.waitForFunction(() =>
      /tiny\.safetensors is loaded/.test(document.body.textContent!)
    );
    await drop(page, { "large.png": await png(2000, 2000) });
    await waitUntilReady(page);
    await page.click("#go");
    await waitFor(page, "done");
    await page.waitForFunction(() =>
      /written as PNG/.test(
        document.querySelector("#file-size")!.textContent!,
      )
    );
    const { name, bytes } = await download(page, "#download");
    assert.equal(name, "large-x4.png");
    const header = new DataView(bytes.buffer, bytes.byteOffset + 16);
    assert.deepEqual([header.getUint32(0), header.getUint32(4)], [8000, 8000]);
    // At 100 % the page reads the rows that are seen.
    await page.click("label:has([name=zoom][value='100'])");
    await page.waitForFunction(() => {
      const { shadowRoot } = document.querySelector("#compare")!;
      return !shadowRoot!.querySelector<HTMLElement>("#detail")!.hidden;
    });
    await page.waitForTimeout(2000);
    const peak = await peakOfRenderers(browser);
    assert.ok(peak < MOST_BYTES, `the renderer took ${(peak / 1e6).toFixed(0)} MB`);
  },
  { settings: { ...SETTINGS, size: "x4" } },
);

test("the page works without a network after the first picture", async (visit) => {
  const { page, stopServer } = visit;
  const bytes = await png(12, 10);
  await enlarge(page, "a.png", bytes);
  await page.click("#next");
  await page.waitForFunction(() =>
    /without a network/.test(
      document.querySelector("#offline-line")!.textContent!,
    )
  );
  await stopServer();
  await page.reload({ timeout: PATIENCE });
  await enlarge(page, "b.png", bytes);
  assert.equal(await page.textContent("#h-done"), "24 × 20");
});

test("a file is saved where the person says, if the browser asks", async ({ page, errors }) => {
  await page.evaluate(() => {
    // deno-lint-ignore no-explicit-any
    (globalThis as any).showSaveFilePicker = async ({ suggestedName }: any) => {
      const folder = await navigator.storage.getDirectory();
      return await folder.getFileHandle(suggestedName, { create: true });
    };
  });
  await enlarge(page, "a.png", await png(12, 10));
  await page.click("#download");
  const sizeOfSaved = () =>
    page.evaluate(async () => {
      const folder = await navigator.storage.getDirectory();
      const handle = await folder.getFileHandle("a-x2.png").catch(() => undefined);
      return (await handle?.getFile())?.size ?? 0;
    });
  // waitForFunction() takes the promise of an async function for true.
  for (let tries = 0; tries < 100 && await sizeOfSaved() === 0; tries++) {
    await page.waitForTimeout(100);
  }
  assert.ok(await sizeOfSaved() > 0);
  await page.evaluate(() => {
    // deno-lint-ignore no-explicit-any
    (globalThis as any).showSaveFilePicker = () =>
      Promise.reject(new DOMException("", "AbortError"));
  });
  await page.click("#download");
  assert.deepEqual(errors, []);
});

/** A dance of three grey shades, in 50, 60 and 70 ms. */
async function dance(): Promise<Uint8Array> {
  const header = testPicture(12, 10, 3);
  const frames = await Promise.all([0, 80, 160].map((shade) => {
    const data = new Uint8Array(header.data.length).fill(shade);
    return packFrame({ ...header, data });
  }));
  const timing = { delays: [50, 60, 70], loops: 0 };
  return await encodeAnimation("gif", header, frames, timing, { quality: 90, lossless: true });
}

test("an animation is enlarged whole, shown moving, and written in three formats", async (visit) => {
  const { page, errors } = visit;
  await drop(page, { "dance.gif": await dance() });
  await waitFor(page, "ready");
  await page.waitForFunction(() =>
    /all of its 3 frames/.test(document.querySelector("#ready-line")!.textContent!)
  );
  await page.click("#go");
  await page.waitForFunction(() =>
    /^Frame [23] of 3/.test(document.querySelector("#left")!.textContent!)
  );
  await page.click("#cancel");
  await goOn(page);
  assert.match(await page.textContent("#done-line") ?? "", /^3 frames\. From 12 × 10/);
  await page.waitForFunction(() => {
    const [before, after] = document.querySelectorAll<HTMLImageElement>("#compare > img");
    return before?.naturalWidth === 12 && after?.naturalWidth === 24;
  });
  for (const format of ["webp", "gif", "png"]) {
    await page.click("[popovertarget=formats]");
    await page.check(`[name=format][value=${format}]`);
    await page.keyboard.press("Escape");
    const { name, bytes } = await download(page, "#download");
    assert.equal(name, `dance-x2.${format}`);
    const moving = await openAnimation(bytes);
    assert.ok(moving !== undefined, format);
    const delays = format === "gif" ? [50, 60, 70] : moving.delays;
    assert.deepEqual([moving.width, moving.height, delays], [24, 20, [50, 60, 70]]);
    const shades = await Array.fromAsync(moving.frames(), ({ data }) => data[0]);
    shades.forEach((shade, i) => assert.ok(Math.abs(shade - 80 * i) <= 4, `${format}: ${shades}`));
  }
  await page.uncheck("#plays");
  assert.equal(await page.locator("#compare > canvas[slot]").count(), 2);
  assert.deepEqual(errors, []);
});

test("of an animation the first frame alone can be had", async ({ page }) => {
  await drop(page, { "dance.gif": await dance() });
  await waitFor(page, "ready");
  await page.waitForFunction(() =>
    /only the first of its 3 frames/.test(document.querySelector("#ready-line")!.textContent!)
  );
  await page.click("#go");
  await waitFor(page, "done");
  const { bytes } = await download(page, "#download");
  assert.equal(await openAnimation(bytes), undefined);
}, { settings: { ...SETTINGS, moving: false } });

Deno.test({
  name:
    "a face that fills the picture brings the look for portraits (needs Chromium, ../shared; TESSERA_TEST=all)",
  ignore: CHROMIUM === undefined || Deno.env.get("TESSERA_TEST") !== "all" || !hasShared(FACE),
  fn: () =>
    visit(async ({ page, requests, origin, errors }) => {
      const face = await decodePicture(await Deno.readFile(shared(FACE)));
      const small = convertDepth(await copyOf(face, 200), 8);
      await drop(page, { "face.png": await encodePicture(small, { format: "png" }) });
      await page.waitForSelector("[name=look][value=portrait]", { timeout: PATIENCE });
      assert.match(await page.textContent("#ready-line") ?? "", /Portrait is made for that/);
      assert.ok(requests.some((url) => url.startsWith(`${origin}/face-api/`)));
      // The radio button itself lies under its picture.
      await page.click("label:has([name=look][value=portrait])");
      // Without waiting for a frame: on a software adapter the preview holds them up.
      await page.locator("#go").dispatchEvent("click");
      await waitFor(page, "done");
      assert.match(await page.textContent("#done-line") ?? "", /Portrait/);
      assert.deepEqual(errors, []);
    }, { settings: SETTINGS }),
});

test("a page of ten lines enlarges a picture with tessera.js", async ({ page, origin, errors }) => {
  await page.goto(`${origin}/example.html`);
  const path = await Deno.makeTempFile({ suffix: ".png" });
  try {
    await Deno.writeFile(path, await png(24, 16));
    await page.setInputFiles("input", path);
    await page.waitForFunction(() => document.querySelector("img")!.naturalWidth > 0);
    assert.equal(await page.evaluate(() => document.querySelector("img")!.naturalWidth), 96);
    assert.deepEqual(errors, []);
  } finally {
    await Deno.remove(path);
  }
});
