/**
 * JPEG files that are cut off: what is there is read, what is missing is told in per cent, and `strict`
 * refuses it.
 */

import assert from "node:assert/strict";
import { latin1 } from "../../src/pictures/bytes.ts";
import {
  decodePicture,
  type EncodeOptions,
  encodePicture,
  type Picture,
} from "../../src/pictures/mod.ts";
import { testPicture } from "./fixtures.ts";
import { hasShared, shared } from "../reference/shared.ts";

/** Where the compressed data of the first scan begins. */
function dataStart(file: Uint8Array): number {
  for (let at = 2;; at += 2 + file[at + 2] * 256 + file[at + 3]) {
    if (file[at + 1] === 0xda) return at + 2 + file[at + 2] * 256 + file[at + 3];
  }
}

/** The share of rows, from below, that are the grey of what is missing. */
function greyShare({ width, height, channels, data }: Picture): number {
  const stride = width * channels;
  const isGrey = (row: number) =>
    data.subarray(row * stride, (row + 1) * stride).every((sample) => Math.abs(sample - 128) <= 1);
  let rows = 0;
  while (rows < height && isGrey(height - 1 - rows)) rows++;
  return rows / height;
}

/** The percentage that a note tells, of the picture or of its detail. */
function missingIn({ notes = [] }: Picture): { picture: number; detail: number } {
  const told = (what: string) =>
    Number(new RegExp(`(\\d+) % of ${what} is missing`).exec(notes.join())?.[1] ?? 0) / 100;
  return { picture: told("the picture"), detail: told("its detail") };
}

const BASELINE: [name: string, channels: 1 | 3, options: Omit<EncodeOptions, "format">][] = [
  ["full colour", 3, {}],
  ["half colour", 3, { chroma: "4:2:0" }],
  ["grey", 1, {}],
];

for (const [name, channels, options] of BASELINE) {
  Deno.test(`a baseline JPEG (${name}) is read as far as it goes, at any cut`, async () => {
    const whole = testPicture(203, 301, channels);
    const file = await encodePicture(whole, { format: "jpeg", ...options });
    const sound = await decodePicture(file);
    const start = dataStart(file);
    for (const share of [0.05, 0.2, 0.4, 0.6, 0.8, 0.97]) {
      const cut = file.subarray(0, Math.floor(start + share * (file.length - start)));
      const picture = await decodePicture(cut);
      const { picture: missing, detail } = missingIn(picture);
      assert.equal(detail, 0);
      // A row of blocks may be there in part.
      const grey = greyShare(picture);
      assert.ok(missing >= grey - 0.01 && missing <= grey + 17 / 301, `${missing} and ${grey}`);
      const there = Math.floor((1 - missing) * whole.height / 16 - 1) * 16 * 203 * channels;
      assert.deepEqual(
        picture.data.subarray(0, Math.max(0, there)),
        sound.data.subarray(0, Math.max(0, there)),
      );
      await assert.rejects(decodePicture(cut, { strict: true }), {
        name: "InputError",
        message: /it is cut off: \d+ % of the picture is missing/,
      });
    }
  });
}

Deno.test("a progressive JPEG that is cut loses rows first, then detail, and less the later", async () => {
  const file = await encodePicture(testPicture(203, 301, 3), {
    format: "jpeg",
    progressive: true,
  });
  const start = dataStart(file);
  let before = { picture: 1, detail: 1 };
  for (const share of [0.005, 0.02, 0.1, 0.3, 0.6, 0.8, 0.95]) {
    const cut = file.subarray(0, Math.floor(start + share * (file.length - start)));
    const picture = await decodePicture(cut);
    const missing = missingIn(picture);
    assert.ok(missing.picture > 0 !== missing.detail > 0, `${share}: ${picture.notes}`);
    if (missing.picture > 0) {
      assert.ok(before.picture > 0 && missing.picture <= before.picture);
      assert.ok(Math.abs(missing.picture - greyShare(picture)) < 0.1);
    } else {
      assert.equal(greyShare(picture), 0);
      assert.ok(missing.detail <= before.detail, `${missing.detail} after ${before.detail}`);
    }
    before = missing.detail > 0 ? missing : { ...missing, detail: 1 };
    await assert.rejects(decodePicture(cut, { strict: true }), { name: "InputError" });
  }
});

Deno.test("a JPEG that lacks only its end marker is whole", async () => {
  for (const progressive of [false, true]) {
    for (const channels of [1, 3] as const) {
      const options = { format: "jpeg", progressive } as const;
      const file = await encodePicture(testPicture(50, 40, channels), options);
      const sound = await decodePicture(file);
      for (const missing of [1, 2]) {
        const cut = file.subarray(0, file.length - missing);
        assert.deepEqual(await decodePicture(cut, { strict: true }), sound);
      }
    }
  }
  const path = new URL("cases/jpeg_without_end_marker.jpg", import.meta.url);
  const { width, height, notes } = await decodePicture(await Deno.readFile(path));
  assert.deepEqual([width, height, notes], [320, 180, undefined]);
});

Deno.test("jpeg_cut_in_half.jpg shows its upper half, with a note", async () => {
  const path = new URL("cases/jpeg_cut_in_half.jpg", import.meta.url);
  const picture = await decodePicture(await Deno.readFile(path));
  assert.deepEqual([picture.width, picture.height], [320, 180]);
  assert.deepEqual(picture.notes, ["it is cut off: 52 % of the picture is missing"]);
  assert.ok(Math.abs(greyShare(picture) - 0.52) < 0.1);
});

Deno.test("a JPEG that is cut before its picture is refused", async () => {
  const file = await encodePicture(testPicture(50, 40, 3), { format: "jpeg" });
  for (const length of [3, 20, 200, dataStart(file) - 1, dataStart(file)]) {
    await assert.rejects(decodePicture(file.subarray(0, length)), { name: "InputError" });
  }
});

Deno.test("damage within the data is noted, or refused if strict", async () => {
  const file = await encodePicture(testPicture(120, 90, 3), { format: "jpeg" });
  const middle = Math.floor((dataStart(file) + file.length) / 2);
  file.set(latin1("\xff\xd9"), middle);
  const torn = file.subarray(0, middle + 2);
  assert.match((await decodePicture(torn)).notes!.join(), /parts of it may show wrong/);
  await assert.rejects(decodePicture(torn, { strict: true }), /parts of it may show wrong/);
});

Deno.test({
  name: "cut JPEGs of other sorts are read: restarts, RGB, 4:4:0, CMYK (../shared/images)",
  ignore: !hasShared("images/formats"),
  async fn() {
    for (const name of ["flower_420_R13B", "flower_rgb", "flower_440", "cmyk"]) {
      const file = await Deno.readFile(shared(`images/formats/${name}.jpg`));
      const picture = await decodePicture(file.subarray(0, Math.floor(file.length / 2)));
      const { picture: missing } = missingIn(picture);
      assert.ok(missing > 0.4 && missing < 0.6, `${name}: ${picture.notes}`);
    }
  },
});
