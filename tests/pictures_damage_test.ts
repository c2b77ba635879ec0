/**
 * Damaged files: whatever happens to the bytes, the answer is a picture of the claimed size or an
 * `InputError`, soon and within bounded memory.
 */

import assert from "node:assert/strict";
import { InputError } from "../src/errors.ts";
import { decodePicture, encodePicture } from "../src/pictures/mod.ts";
import { randomFrom, testExif, testPicture, testProfile } from "./pictures_fixtures.ts";

const FILES_PER_FORMAT = 70;
const MAX_SECONDS = 10;
const MAX_GROWTH = 2 ** 30;

/** Where the width and the height are kept, by format, in bytes of four or two. */
const SIZE_FIELDS: Record<"png" | "jpeg", (bytes: Uint8Array) => [at: number, length: number]> = {
  png: () => [16, 8],
  jpeg: (bytes) => [bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0) + 5, 4],
};

/** Damages a copy: cut off, bits flipped, or another size claimed. */
function damage(bytes: Uint8Array, format: "png" | "jpeg", random: () => number): Uint8Array {
  const copy = bytes.slice();
  const choice = random();
  if (choice < 0.3) return copy.subarray(0, Math.floor(random() * copy.length));
  if (choice < 0.5) {
    const [at, length] = SIZE_FIELDS[format](copy);
    for (let i = 0; i < length; i++) if (random() < 0.5) copy[at + i] = random() * 256;
    return copy;
  }
  const flips = 1 + Math.floor(random() * 8);
  const range = random() < 0.5 ? Math.min(copy.length, 300) : copy.length;
  for (let i = 0; i < flips; i++) copy[Math.floor(random() * range)] ^= 1 << (random() * 8);
  return copy;
}

for (const format of ["png", "jpeg"] as const) {
  Deno.test(`damaged ${format}: ${FILES_PER_FORMAT} files, each a picture or one clear error`, async () => {
    const random = randomFrom(20);
    const metadata = { icc: testProfile("RGB ", 500), exif: testExif(1), density: { x: 2, y: 2 } };
    const sound = await encodePicture(testPicture(90, 61, 3, 8, metadata), { format });
    const before = Deno.memoryUsage().rss;
    for (let i = 0; i < FILES_PER_FORMAT; i++) {
      const bytes = damage(sound, format, random);
      const start = performance.now();
      try {
        const { width, height, channels, data } = await decodePicture(bytes);
        assert.equal(data.length, width * height * channels);
      } catch (error) {
        assert.ok(error instanceof InputError, `file ${i}: ${error}`);
        assert.ok(error.message.length > 20, `file ${i}: ${error.message}`);
      }
      const seconds = (performance.now() - start) / 1000;
      assert.ok(seconds < MAX_SECONDS, `file ${i} took ${seconds} s`);
    }
    const growth = Deno.memoryUsage().rss - before;
    assert.ok(growth < MAX_GROWTH, `memory grew by ${growth} bytes`);
  });
}
