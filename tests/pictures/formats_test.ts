/**
 * WebP, AVIF and JPEG XL: pixels, alpha and metadata there and back.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { InputError, UsageError } from "../../src/errors.ts";
import { concatBytes, latin1, viewOf } from "../../src/pictures/bytes.ts";
import {
  convertDepth,
  decodePicture,
  decodePngRows,
  type EncodeOptions,
  encodePicture,
  isLinearPicture,
  type Metadata,
  type Picture,
  sourceOf,
  toSrgb,
  uprightExif,
} from "../../src/pictures/mod.ts";
import { numbersOf, readTiffDirectory } from "../../src/pictures/tiff/tags.ts";
import { colourProfile, P3_PRIMARIES, testExif, testPicture, testProfile } from "./fixtures.ts";

const FORMATS = ["webp", "avif", "jxl"] as const;

async function thereAndBack(picture: Picture, options: EncodeOptions): Promise<Picture> {
  return await decodePicture(await encodePicture(picture, options));
}

function meanDifference(a: Picture, b: Picture): number {
  assert.deepEqual([a.width, a.height, a.channels, a.depth], [
    b.width,
    b.height,
    b.channels,
    b.depth,
  ]);
  let sum = 0;
  a.data.forEach((value, i) => sum += Math.abs(value - b.data[i]));
  return sum / a.data.length;
}

for (const format of FORMATS) {
  Deno.test(`${format}: lossless comes back exactly, with the colours under transparency`, async () => {
    for (const channels of [3, 4] as const) {
      const picture = testPicture(61, 47, channels);
      if (channels === 4) {
        for (let i = 3; i < 2000; i += 4) {
          picture.data[i] = i % 3 === 0 ? 0 : 255;
        }
      }
      assert.deepEqual(await thereAndBack(picture, { format, lossless: true }), picture);
    }
  });

  Deno.test(`${format}: colour and alpha come back nearly as they were, by quality`, async () => {
    const picture = testPicture(64, 48, 4);
    const good = await encodePicture(picture, { format, quality: 95 });
    const poor = await encodePicture(picture, { format, quality: 20 });
    assert.ok(poor.length < good.length);
    const difference = meanDifference(await decodePicture(good), picture);
    assert.ok(difference < 5, `${difference}`);
    assert.ok(difference < meanDifference(await decodePicture(poor), picture));
  });

  Deno.test(`${format}: grey comes back as grey, or as equal colours`, async () => {
    const picture = testPicture(20, 10, 1);
    const again = await thereAndBack(picture, { format, lossless: true });
    const channels = format === "jxl" ? 1 : 3;
    assert.equal(again.channels, channels);
    assert.ok(again.data.every((value, i) => value === picture.data[Math.floor(i / channels)]));
  });

  Deno.test(`${format}: EXIF, XMP and density are kept`, async () => {
    const metadata: Metadata = {
      exif: uprightExif(testExif(1))!,
      xmp: latin1("<x:xmpmeta/>"),
      density: { x: 300 / 0.0254, y: 300 / 0.0254 },
    };
    const again = (await thereAndBack(testPicture(21, 10, 3, 8, metadata), { format })).metadata;
    assert.deepEqual(again.xmp, metadata.xmp);
    assert.ok(Math.abs(again.density!.x - metadata.density!.x) < 1);
    assert.deepEqual(numbersOf(readTiffDirectory(again.exif!, 64)!, 0xa002), [21]);
  });

  Deno.test(`${format}: one pixel, and what is not a whole file`, async () => {
    const file = await encodePicture(testPicture(1, 1, 3), { format });
    assert.equal((await decodePicture(file)).data.length, 3);
    for (const length of [14, 20, file.length >> 1, file.length - 4]) {
      await assert.rejects(decodePicture(file.subarray(0, length)), InputError, `${length}`);
    }
    await assert.rejects(decodePicture(file, { maxPixels: 0 }), /more than the limit of 0/);
  });

  Deno.test(`${format}: floats and wrong qualities are refused`, async () => {
    await assert.rejects(encodePicture(testPicture(2, 2, 3, 32), { format }), UsageError);
    await assert.rejects(encodePicture(testPicture(2, 2, 3), { format, quality: 0 }), UsageError);
  });
}

Deno.test("webp, avif: the profile comes back as it was", async () => {
  const icc = testProfile("RGB ", 3001);
  for (const format of ["webp", "avif"] as const) {
    const again = await thereAndBack(testPicture(21, 10, 4, 8, { icc }), { format });
    assert.deepEqual(again.metadata, { icc }, format);
  }
});

Deno.test("webp: a side too long is refused", async () => {
  const wide = testPicture(16384, 1, 3);
  await assert.rejects(encodePicture(wide, { format: "webp" }), /16383 pixels a side.*16384 x 1/);
});

Deno.test("webp: of an animation the first frame is read, and that is said", async () => {
  const frames = await Promise.all([10, 200].map(async (value) => {
    const picture: Picture = { ...testPicture(8, 8, 3), data: new Uint8Array(192).fill(value) };
    const file = await encodePicture(picture, { format: "webp", lossless: true });
    return chunk("ANMF", concatBytes([new Uint8Array(16), file.subarray(12)]));
  }));
  const head = Uint8Array.of(2, 0, 0, 0, 7, 0, 0, 7, 0, 0);
  const chunks = [chunk("VP8X", head), chunk("ANIM", new Uint8Array(6)), ...frames];
  const body = concatBytes([latin1("WEBP"), ...chunks]);
  const picture = await decodePicture(chunk("RIFF", body));
  assert.deepEqual([picture.width, picture.height, picture.data[0]], [8, 8, 10]);
  assert.match(picture.notes![0], /2 frames/);
});

Deno.test("avif: 16 bits become 10 and keep more than 256 levels of a gradient", async () => {
  const data = Uint16Array.from({ length: 512 * 8 * 3 }, (_, i) => Math.floor(i / 3) % 512 * 128);
  const gradient: Picture = { width: 512, height: 8, channels: 3, depth: 16, data, metadata: {} };
  const again = await thereAndBack(gradient, { format: "avif", lossless: true });
  assert.equal(again.depth, 16);
  assert.ok(new Set(again.data).size > 400);
  assert.ok(again.data.every((value, i) => Math.abs(value - data[i]) <= 64));
});

Deno.test("avif: turns and mirrors that the file asks for are applied", async () => {
  // A profile is the last property that is written: another takes its place.
  const picture = testPicture(12, 8, 3, 8, { icc: testProfile("RGB ", 200) });
  const file = await encodePicture(picture, { format: "avif", lossless: true });
  const text = String.fromCharCode(...file.subarray(0, 2000));
  const turned = file.slice();
  turned.set(latin1("irot\x01"), text.indexOf("colrprof"));
  const upright = await decodePicture(turned);
  assert.deepEqual([upright.width, upright.height], [8, 12]);
  assert.deepEqual(upright.data.subarray(0, 3), picture.data.subarray(11 * 3, 12 * 3));
  const mirrored = file.slice();
  mirrored.set(latin1("imir\x01"), text.indexOf("colrprof"));
  const { data } = await decodePicture(mirrored);
  assert.deepEqual(data.subarray(0, 3), picture.data.subarray(11 * 3, 12 * 3));
});

Deno.test("avif, jxl: EXIF does not turn what the format itself holds upright", async () => {
  for (const format of ["avif", "jxl"] as const) {
    const picture = testPicture(12, 8, 3, 8, { exif: testExif(6) });
    const again = await thereAndBack(picture, { format, lossless: true });
    assert.deepEqual(again.data, picture.data, format);
    assert.deepEqual(numbersOf(readTiffDirectory(again.metadata.exif!)!, 0x112), [1], format);
  }
});

Deno.test("jxl: 16 bits in every number of channels come back exactly", async () => {
  for (const channels of [1, 2, 3, 4] as const) {
    const picture = testPicture(33, 17, channels, 16);
    assert.deepEqual(await thereAndBack(picture, { format: "jxl", lossless: true }), picture);
  }
});

/** A chunk of a RIFF file. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const head = new Uint8Array(8);
  head.set(latin1(type));
  viewOf(head).setUint32(4, data.length, true);
  return concatBytes([head, data, new Uint8Array(data.length % 2)]);
}

Deno.test("a Buffer of Node gives plain arrays of their own, as any other array does", async () => {
  const exif = uprightExif(testExif(1))!;
  const metadata: Metadata = { icc: testProfile("RGB ", 300), exif, xmp: latin1("<x:xmpmeta/>") };
  for (const format of ["png", "jpeg", "webp", "avif"] as const) {
    const buffer = Buffer.from(await encodePicture(testPicture(9, 7, 3, 8, metadata), { format }));
    const expected = await decodePicture(new Uint8Array(buffer));
    const picture = await decodePicture(buffer);
    buffer.fill(0);
    assert.deepEqual(picture, expected, format);
    const { icc, exif, xmp } = picture.metadata;
    for (const bytes of [picture.data, icc, exif, xmp]) {
      assert.equal(bytes?.constructor, Uint8Array, format);
    }
  }
  const png = Buffer.from(
    await encodePicture(testPicture(9, 7, 3, 8, metadata), { format: "png" }),
  );
  const file = await decodePngRows(sourceOf(png));
  assert.equal(file!.metadata.icc!.constructor, Uint8Array);
  for await (const rows of file!.rows) assert.equal(rows.constructor, Uint8Array);
});

Deno.test("jxl: a lossy file with a profile that the codec does not know comes in 16 bits of light", async () => {
  const icc = colourProfile(P3_PRIMARIES, [1.9]);
  for (const channels of [3, 4] as const) {
    const data = Uint8Array.from({ length: 64 * 48 * channels }, (_, i) => {
      const pixel = Math.floor(i / channels);
      return [8 + pixel % 64, 12 + pixel % 48, 40, 200][i % channels];
    });
    const picture: Picture = { width: 64, height: 48, channels, depth: 8, data, metadata: { icc } };
    const again = await thereAndBack(picture, { format: "jxl", quality: 98 });
    assert.equal(again.depth, 16);
    assert.ok(isLinearPicture(again));
    assert.match(again.notes!.join(), /come as linear sRGB/);
    const [before, after] = [await toSrgb(picture), await toSrgb(again)];
    const difference = meanDifference({ ...convertDepth(after, 8) }, before);
    assert.ok(difference < 2, `${difference}`);
    // What is stored without loss stays as it is.
    assert.deepEqual(await thereAndBack(picture, { format: "jxl", lossless: true }), picture);
  }
});
