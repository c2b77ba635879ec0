/** Animations: every frame as it is seen, when, and how often; there and back in each format. */

import assert from "node:assert/strict";
import { concatBytes, viewOf } from "../../src/pictures/bytes.ts";
import {
  type AnimatedFormat,
  type Animation,
  decodePicture,
  encodeAnimation,
  encodePicture,
  openAnimation,
  packFrame,
  type Picture,
} from "../../src/pictures/mod.ts";
import { pngChunk, rawPng } from "./fixtures.ts";

const CONVERT = "/usr/bin/convert";
const TIMING = { delays: [70, 200, 40], loops: 3 };

function caseFile(name: string): Uint8Array {
  return Deno.readFileSync(new URL(`cases/${name}`, import.meta.url));
}

function hasConvert(): boolean {
  try {
    return Deno.statSync(CONVERT).isFile;
  } catch {
    return false;
  }
}

/** Three frames in which a bar of one colour moves over a transparent ground. */
function bars(): Picture[] {
  return [0, 1, 2].map((step) => {
    const data = new Uint8Array(20 * 12 * 4);
    for (let i = 0; i < 240; i++) {
      if (Math.floor((i % 20) / 5) === step) data.set([200, 60 * step, 10, 255], i * 4);
    }
    return { width: 20, height: 12, channels: 4, depth: 8, data, metadata: {} };
  });
}

async function write(format: AnimatedFormat, frames = bars()): Promise<Uint8Array> {
  const packed = await Promise.all(frames.map(packFrame));
  return await encodeAnimation(format, frames[0], packed, TIMING, { quality: 90, lossless: true });
}

async function framesOf(animation: Animation): Promise<Picture[]> {
  return await Array.fromAsync(animation.frames());
}

for (const format of ["png", "webp", "gif"] as const) {
  Deno.test(`animation: ${format} keeps frames, transparency, times and loops`, async () => {
    const animation = (await openAnimation(await write(format)))!;
    assert.deepEqual([animation.width, animation.height], [20, 12]);
    assert.deepEqual(animation.delays, TIMING.delays);
    assert.equal(animation.loops, TIMING.loops);
    for (let walk = 0; walk < 2; walk++) {
      const frames = await framesOf(animation);
      assert.equal(frames.length, 3);
      frames.forEach((frame, i) => {
        const expected = bars()[i].data;
        for (let at = 0; at < expected.length; at += 4) {
          const [seen, meant] = [frame.data.subarray(at, at + 4), expected.subarray(at, at + 4)];
          assert.equal(seen[3], meant[3], `frame ${i}, pixel ${at / 4}`);
          if (meant[3] > 0) assert.deepEqual(seen, meant, `frame ${i}, pixel ${at / 4}`);
        }
      });
    }
  });
}

Deno.test("animation: a still picture is none, whatever its format", async () => {
  for (const format of ["png", "webp", "gif", "jpeg"] as const) {
    const picture = { ...bars()[0], channels: 3, data: new Uint8Array(720).fill(9) } as const;
    assert.equal(await openAnimation(await encodePicture(picture, { format })), undefined, format);
  }
});

Deno.test("animation: a WebP's profile and EXIF stay beside its frames", async () => {
  const frames = bars();
  const packed = await Promise.all(frames.map(packFrame));
  const density = { x: 3000, y: 3000 };
  const header = { ...frames[0], metadata: { density } };
  const options = { quality: 80, lossless: false };
  const file = await encodeAnimation("webp", header, packed, TIMING, options);
  const animation = (await openAnimation(file))!;
  assert.equal((await framesOf(animation)).length, 3);
  assert.ok(animation.metadata.exif !== undefined);
});

Deno.test("animation: frames of a PNG are laid over, cleared and taken back", async () => {
  const red = [255, 0, 0, 255];
  const half = [0, 0, 255, 128];
  const [none, background, previous] = [0, 1, 2];
  const file = apng([
    { x: 0, width: 4, pixel: red, dispose: none, blend: 0 },
    { x: 1, width: 2, pixel: half, dispose: previous, blend: 1 },
    { x: 3, width: 1, pixel: half, dispose: background, blend: 0 },
    { x: 0, width: 1, pixel: half, dispose: none, blend: 1 },
  ]);
  const animation = (await openAnimation(file))!;
  const frames = (await framesOf(animation)).map(({ data }) => [...data]);
  const mixed = [127, 0, 128, 255];
  assert.deepEqual(frames[0], [...red, ...red, ...red, ...red]);
  assert.deepEqual(frames[1], [...red, ...mixed, ...mixed, ...red]);
  assert.deepEqual(frames[2], [...red, ...red, ...red, ...half]);
  assert.deepEqual(frames[3], [...mixed, ...red, ...red, 0, 0, 0, 0]);
});

Deno.test("cases: three frames of a PNG, nine of a WebP", async () => {
  const png = caseFile("apng_3_frames.png");
  assert.match((await decodePicture(png)).notes![0], /of the 3 frames only the first/);
  const animation = (await openAnimation(png))!;
  const frames = await framesOf(animation);
  assert.deepEqual([frames.length, frames[0].width, frames[0].height], [3, 96, 64]);
  assert.deepEqual([...frames[0].data.subarray(0, 4)], [116, 75, 63, 255]);
  const webp = (await openAnimation(caseFile("webp_first_frame_smaller_than_canvas.webp")))!;
  assert.deepEqual([webp.width, webp.height, (await framesOf(webp)).length], [80, 80, 9]);
  assert.deepEqual(webp.delays, [120, 120, 90, 120, 120, 90, 120, 90, 30]);
  assert.equal(webp.loops, 0);
});

Deno.test({
  name: "animation: frames of a GIF are those that ImageMagick coalesces (convert)",
  ignore: !hasConvert(),
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/a.gif`;
    const scene = ["-size", "40x30", "xc:none", "-fill", "red", "-draw", "circle 12,15 12,6"];
    const second = ["(", "-size", "16x16", "xc:blue", "-repage", "40x30+20+8", ")"];
    const third = ["(", "-size", "10x10", "xc:lime", "-repage", "40x30+2+2", ")"];
    for (const dispose of ["None", "Background", "Previous"]) {
      await convert("-dispose", dispose, "-delay", "7", ...scene, ...second, ...third, path);
      const animation = (await openAnimation(await Deno.readFile(path)))!;
      const expected = await convert(path, "-coalesce", "-depth", "8", "rgba:-");
      const seen = concatBytes((await framesOf(animation)).map(({ data }) => data as Uint8Array));
      assert.equal(seen.length, expected.length, dispose);
      for (let i = 0; i < seen.length; i += 4) {
        const same = seen[i + 3] === expected[i + 3] && (seen[i + 3] === 0 ||
          [0, 1, 2].every((c) => seen[i + c] === expected[i + c]));
        assert.ok(same, `${dispose}: pixel ${i / 4} is ${seen.subarray(i, i + 4)}`);
      }
      assert.deepEqual(animation.delays, [70, 70, 70]);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

async function convert(...args: string[]): Promise<Uint8Array> {
  return (await new Deno.Command(CONVERT, { args }).output()).stdout;
}

/** What a hand-made frame is: one row of pixels of one colour. */
interface Strip {
  x: number;
  width: number;
  pixel: number[];
  dispose: number;
  blend: number;
}

/** Writes an animated PNG of frames that are parts of its canvas. */
function apng(strips: Strip[]): Uint8Array {
  const control = new Uint8Array(8);
  viewOf(control).setUint32(0, strips.length);
  const parts: Uint8Array[] = [];
  let sequence = 0;
  for (const [i, { x, pixel, dispose, blend, ...strip }] of strips.entries()) {
    const rows = Uint8Array.from(
      { length: strip.width * 4 + 1 },
      (_, at) => at && pixel[(at - 1) % 4],
    );
    const file = rawPng({ ...strip, height: 1, bits: 8, colourType: 6, rows });
    const fctl = new Uint8Array(26);
    const view = viewOf(fctl);
    [sequence++, strip.width, 1, x, 0].forEach((value, at) => view.setUint32(at * 4, value));
    view.setUint16(20, 1);
    view.setUint16(22, 10);
    fctl.set([dispose, blend], 24);
    const idat = file.subarray(41, 41 + viewOf(file).getUint32(33));
    if (i === 0) parts.push(file.subarray(0, 33), pngChunk("acTL", control));
    parts.push(pngChunk("fcTL", fctl));
    const number = new Uint8Array(4);
    if (i === 0) parts.push(pngChunk("IDAT", idat));
    else {
      viewOf(number).setUint32(0, sequence++);
      parts.push(pngChunk("fdAT", concatBytes([number, idat])));
    }
  }
  return concatBytes([...parts, pngChunk("IEND", new Uint8Array(0))]);
}
