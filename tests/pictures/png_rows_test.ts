/**
 * PNG read row by row: the same rows as from the whole file, with little memory.
 */

import assert from "node:assert/strict";
import { InputError } from "../../src/errors.ts";
import {
  type ByteSource,
  decodePicture,
  decodePngRows,
  encodePicture,
  encodePngRows,
  type Picture,
  type PictureHeader,
  sourceOf,
} from "../../src/pictures/mod.ts";
import { pngChunk, rawPng, testExif, testPicture } from "./fixtures.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all";

/** All rows of a file, as one picture. */
async function joinRows(bytes: Uint8Array): Promise<Picture> {
  const file = (await decodePngRows(sourceOf(bytes)))!;
  const { rows: _, ...header } = file;
  const { width, height, channels, depth } = header;
  const data = testPicture(width, height, channels, depth).data.fill(0);
  let at = 0;
  for await (const rows of file.rows) {
    assert.equal(rows.length % (width * channels), 0);
    data.set(rows, at);
    at += rows.length;
  }
  assert.equal(at, data.length);
  return { ...header, data };
}

Deno.test("PNG rows: equal those of the whole file, in every number of channels and depth", async () => {
  for (const channels of [1, 2, 3, 4] as const) {
    for (const depth of [8, 16] as const) {
      const metadata = { exif: testExif(1), density: { x: 100, y: 100 } };
      const png = await encodePicture(testPicture(57, 31, channels, depth, metadata), {
        format: "png",
      });
      assert.deepEqual(await joinRows(png), await decodePicture(png));
    }
  }
});

Deno.test("PNG rows: a picture of several pieces, and one of a few bits per pixel", async () => {
  const large = await encodePicture(testPicture(1500, 900, 3), { format: "png" });
  assert.deepEqual(await joinRows(large), await decodePicture(large));
  const rows = Uint8Array.from({ length: 300 * 6 }, (_, i) => i % 6 === 0 ? 0 : i * 37);
  const small = rawPng({ width: 40, height: 300, bits: 1, colourType: 0, rows });
  assert.deepEqual(await joinRows(small), await decodePicture(small));
});

Deno.test("PNG rows: a picture that is interlaced or to be turned has none", async () => {
  const turned = await encodePicture(testPicture(4, 4, 3, 8, { exif: testExif(6) }), {
    format: "png",
  });
  assert.equal(await decodePngRows(sourceOf(turned)), undefined);
  const rows = Uint8Array.of(0, 7);
  const one = { width: 1, height: 1, bits: 8, colourType: 0, rows };
  assert.equal(await decodePngRows(sourceOf(rawPng({ ...one, interlaced: true }))), undefined);
});

Deno.test("PNG rows: metadata after the pixels is known before the first row", async () => {
  const png = await encodePicture(testPicture(4, 4, 3), { format: "png" });
  const exif = pngChunk("eXIf", testExif(1));
  const late = new Uint8Array([...png.subarray(0, -12), ...exif, ...png.subarray(-12)]);
  assert.ok((await decodePngRows(sourceOf(late)))!.metadata.exif !== undefined);
});

Deno.test("PNG rows: damage comes as an error of the rows, with the numbers", async () => {
  const png = await encodePicture(testPicture(300, 200, 3), { format: "png" });
  const broken = png.slice();
  broken[png.length - 40] ^= 1;
  await assert.rejects(joinRows(broken), (error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /IDAT at byte .* wrong checksum/);
    return true;
  });
  const limited = decodePngRows(sourceOf(png), { maxPixels: 59_999 });
  await assert.rejects(limited, /300 x 200 pixels \(60000\)/);
  await assert.rejects(decodePngRows(sourceOf(png.subarray(0, 200))), /damaged/);
});

Deno.test({
  name: "PNG rows: 150 megapixels there and back through a file (TESSERA_TEST=all)",
  ignore: !SLOW,
  async fn() {
    const header: PictureHeader = {
      width: 15_000,
      height: 10_000,
      channels: 3,
      depth: 8,
      metadata: {},
    };
    const path = await Deno.makeTempFile();
    const before = Deno.memoryUsage().rss;
    let most = 0;
    {
      using file = await Deno.open(path, { write: true });
      for await (const bytes of encodePngRows(header, gradient(header))) {
        for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      }
    }
    using file = await Deno.open(path);
    const expected = gradient(header);
    const { rows: bands, ...read } = (await decodePngRows(fileSource(file)))!;
    assert.deepEqual(read, header);
    let pending = new Uint8Array(0);
    for await (const rows of bands) {
      for (let at = 0; at < rows.length; at += header.width * 3) {
        if (pending.length === 0) pending = expected.next().value!;
        assert.equal(rows[at + 3], pending[3]);
        pending = pending.subarray(header.width * 3);
      }
      most = Math.max(most, Deno.memoryUsage().rss);
    }
    assert.ok(expected.next().done && pending.length === 0);
    await Deno.remove(path);
    assert.ok(most - before < 300e6, `memory grew by ${most - before} bytes`);
  },
});

/** Bands of 100 rows, each row of one level. */
function* gradient({ width, height }: PictureHeader): Generator<Uint8Array<ArrayBuffer>> {
  const band = new Uint8Array(width * 3 * 100);
  for (let y = 0; y < height; y += 100) {
    for (let row = 0; row < 100; row++) band.fill(y + row, row * width * 3, (row + 1) * width * 3);
    yield band;
  }
}

function fileSource(file: Deno.FsFile): ByteSource {
  return {
    length: file.statSync().size,
    async read(at, length) {
      const bytes = new Uint8Array(length);
      await file.seek(at, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < length) {
        const count = await file.read(bytes.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    },
  };
}
