/**
 * JPEG written row by row: the same bytes as from the whole-picture encoder.
 */

import assert from "node:assert/strict";
import { encodeRows } from "../../src/enhance/encoding.ts";
import { InputError, UsageError } from "../../src/errors.ts";
import { concatBytes } from "../../src/pictures/bytes.ts";
import {
  convertDepth,
  decodePicture,
  encodeJpegRows,
  encodePicture,
  type Picture,
  uprightExif,
} from "../../src/pictures/mod.ts";
import { withRandom } from "../reference/random.ts";
import { testExif, testPicture, testProfile } from "./fixtures.ts";

async function joined(
  picture: Picture,
  rows: Iterable<Picture["data"]>,
  quality = 90,
): Promise<Uint8Array> {
  const { data: _, ...header } = picture;
  return concatBytes(await Array.fromAsync(encodeJpegRows(header, rows, quality)));
}

/** The samples in chunks of `rows` rows. */
function* chunks({ width, channels, data }: Picture, rows: number): Generator<Picture["data"]> {
  const step = width * channels * rows;
  for (let at = 0; at < data.length; at += step) yield data.subarray(at, at + step);
}

Deno.test("JPEG rows: the bytes are those of the whole-picture encoder", () =>
  withRandom(async (random) => {
    const sizes = [[1, 1, 1], [17, 9, 4], [3000, 701, 100], [40_000, 50, 7]] as const;
    for (const [width, height, rows] of sizes) {
      for (const kind of ["drawn", "noise", "flat"] as const) {
        const drawn = testPicture(width, height, 3);
        if (kind !== "drawn") drawn.data.fill(77);
        if (kind === "noise") drawn.data.forEach((_, i) => drawn.data[i] = random.integer(0, 255));
        for (const quality of [1, 90, 100]) {
          const options = { format: "jpeg", quality, chroma: "4:4:4" } as const;
          const whole = await encodePicture(drawn, options);
          const file = await joined(drawn, chunks(drawn, rows), quality);
          const differ = whole.findIndex((byte, i) => byte !== file[i]);
          const what = `${kind}, ${width} x ${height}, quality ${quality}`;
          assert.deepEqual([differ, file.length], [-1, whole.length], what);
        }
      }
    }
  }));

Deno.test("JPEG rows: metadata is kept, and bytes do not depend on how the rows come", async () => {
  const metadata = { icc: testProfile("RGB ", 70_000), exif: uprightExif(testExif(1))! };
  const picture = testPicture(640, 480, 3, 8, metadata);
  const file = await joined(picture, chunks(picture, 480));
  assert.deepEqual(await joined(picture, chunks(picture, 1)), file);
  assert.deepEqual((await decodePicture(file)).metadata.icc, metadata.icc);
});

Deno.test("JPEG rows: noise instead of steps does not depend on how the rows come", async () => {
  const picture = testPicture(48, 24, 3, 16);
  const { data: _, ...header } = picture;
  const shallow = convertDepth(picture, 8, { dither: true });
  const expected = await joined(shallow, chunks(shallow, 24));
  for (const rows of [1, 7, 24]) {
    const options = { format: "jpeg", quality: 90, dither: true } as const;
    const parts = await Array.fromAsync(encodeRows(header, chunks(picture, rows), options));
    assert.deepEqual(concatBytes(parts), expected, `${rows} rows at a time`);
  }
});

Deno.test("JPEG rows: what is not a picture of that header is refused", async () => {
  const picture = testPicture(8, 4, 3);
  await assert.rejects(joined(picture, []), UsageError);
  await assert.rejects(joined(picture, chunks(testPicture(8, 5, 3), 5)), UsageError);
  await assert.rejects(joined(picture, [picture.data.subarray(1)]), UsageError);
  await assert.rejects(joined(picture, [new Uint16Array(96)]), UsageError);
  await assert.rejects(joined(testPicture(8, 4, 3, 16), []), UsageError);
  for (const quality of [0, 101, 80.5, NaN]) {
    const rows = encodeJpegRows(picture, chunks(picture, 4), quality);
    await assert.rejects(rows.next(), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, new RegExp(`quality.*${quality}`, "i"));
      return true;
    });
  }
  for (const channels of [1, 2, 4] as const) {
    await assert.rejects(joined(testPicture(8, 4, channels), []), InputError);
  }
});
