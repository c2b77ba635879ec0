import assert from "node:assert/strict";
import { InputError, UsageError } from "../../src/errors.ts";
import { concatBytes, latin1 } from "../../src/pictures/bytes.ts";
import { jpegSegment } from "../../src/pictures/jpeg/segments.ts";
import {
  decodePicture,
  type EncodeOptions,
  encodePicture,
  gatherRows,
  type Metadata,
  openJpegRows,
  type Picture,
  uprightExif,
} from "../../src/pictures/mod.ts";
import { hasSharedImages, SHARED_IMAGES, testExif, testPicture, testProfile } from "./fixtures.ts";

async function jpegOf(picture: Picture, quality = 100): Promise<Uint8Array> {
  return await encodePicture(picture, { format: "jpeg", quality });
}

/** The mean difference between the samples of two pictures of the same shape. */
function difference(a: Picture, b: Picture): number {
  assert.deepEqual([a.width, a.height, a.channels], [b.width, b.height, b.channels]);
  let sum = 0;
  a.data.forEach((value, i) => sum += Math.abs(value - b.data[i]));
  return sum / a.data.length;
}

/** A smooth picture, which JPEG keeps nearly as it is. */
function smooth(width: number, height: number, channels: 1 | 3, metadata: Metadata = {}): Picture {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return [pixel % width * 2, Math.floor(pixel / width) * 3, 100][i % channels];
  });
  return { width, height, channels, depth: 8, data, metadata };
}

/** Puts a segment right after the start of a file. */
function withSegment(jpeg: Uint8Array, marker: number, data: Uint8Array): Uint8Array {
  return concatBytes([jpeg.subarray(0, 2), jpegSegment(marker, data), jpeg.subarray(2)]);
}

async function rejects(bytes: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(decodePicture(bytes), (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("JPEG: colour comes back nearly as it was", async () => {
  for (const [width, height] of [[1, 1], [8, 8], [67, 45]]) {
    const picture = smooth(width, height, 3);
    assert.ok(difference(await decodePicture(await jpegOf(picture)), picture) < 1);
  }
});

Deno.test("JPEG: grey is written with one component and comes back as one channel", async () => {
  for (const [width, height] of [[1, 1], [9, 17], [67, 45]]) {
    const grey = testPicture(width, height, 1);
    const again = await decodePicture(await jpegOf(grey));
    assert.equal(again.channels, 1);
    again.data.forEach((value, i) => assert.ok(Math.abs(value - grey.data[i]) <= 2));
  }
});

Deno.test("JPEG: a higher quality is nearer to the picture and larger", async () => {
  const picture = testPicture(64, 64, 3);
  const [low, high] = [await jpegOf(picture, 20), await jpegOf(picture, 95)];
  assert.ok(low.length < high.length);
  const lowError = difference(await decodePicture(low), picture);
  assert.ok(lowError > difference(await decodePicture(high), picture));
});

Deno.test("JPEG: 16 bits are rounded to 8", async () => {
  const picture = smooth(16, 16, 1);
  const wide = Uint16Array.from(picture.data, (value) => value * 257 + 100);
  assert.deepEqual(await jpegOf({ ...picture, depth: 16, data: wide }), await jpegOf(picture));
});

Deno.test("JPEG: profile (in several segments), EXIF, XMP and density are kept", async () => {
  const metadata: Metadata = {
    icc: testProfile("RGB ", 200_000),
    exif: uprightExif(testExif(1))!,
    xmp: latin1("<x:xmpmeta/>"),
    density: { x: 300 / 0.0254, y: 72 / 0.0254 },
  };
  const { metadata: kept } = await decodePicture(await jpegOf(smooth(640, 480, 3, metadata)));
  assert.deepEqual(kept, metadata);
  const grey = { icc: testProfile("GRAY", 500) };
  const greyKept = await decodePicture(await jpegOf(smooth(8, 8, 1, grey)));
  assert.deepEqual(greyKept.metadata, grey);
});

Deno.test("JPEG: a profile whose parts are out of order is joined, one that lacks a part dropped", async () => {
  const jpeg = await jpegOf(smooth(8, 8, 3));
  const profile = testProfile("RGB ", 200);
  const part = (number: number, data: Uint8Array) =>
    concatBytes([latin1("ICC_PROFILE\0"), Uint8Array.of(number, 2), data]);
  const first = withSegment(jpeg, 0xe2, part(1, profile.subarray(0, 90)));
  const { metadata, notes } = await decodePicture(first);
  assert.equal(metadata.icc, undefined);
  assert.match(notes!.join(), /profile is damaged and left out/);
  const reversed = withSegment(first, 0xe2, part(2, profile.subarray(90)));
  assert.deepEqual((await decodePicture(reversed)).metadata.icc, profile);
});

Deno.test("JPEG: a profile that is there twice, or is numbered from 0, is read", async () => {
  const jpeg = await jpegOf(smooth(8, 8, 3));
  const profile = testProfile("RGB ", 200);
  const whole = (number: number) =>
    concatBytes([latin1("ICC_PROFILE\0"), Uint8Array.of(number, 1), profile]);
  for (const numbers of [[1, 1], [0], [1, 1, 1]]) {
    const file = numbers.reduce((file, n) => withSegment(file, 0xe2, whole(n)), jpeg);
    const { metadata, notes } = await decodePicture(file);
    assert.deepEqual([metadata.icc, notes], [profile, undefined], `${numbers}`);
  }
});

Deno.test("JPEG: an unknown number in an Adobe segment is no damage", async () => {
  const jpeg = await jpegOf(smooth(8, 8, 3));
  const file = withSegment(jpeg, 0xee, latin1("Adobe\0d\0\0\0\0\x02"));
  const { notes } = await decodePicture(file, { strict: true });
  assert.equal(notes, undefined);
});

Deno.test("JPEG: kinds that are not read are named, and not called damaged", async () => {
  const jpeg = await jpegOf(smooth(8, 8, 3));
  const at = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  const changed = (offset: number, value: number) => {
    const copy = jpeg.slice();
    copy[at + offset] = value;
    return copy;
  };
  await rejects(changed(1, 0xf7), /is of the kind JPEG-LS, which Tessera cannot read/);
  await rejects(changed(1, 0xc3), /is lossless, which/);
  await rejects(changed(4, 12), /has 12 bits per sample, which/);
  await rejects(changed(6, 0), /claims 8 x 0 pixels, as it says its height behind them/);
});

Deno.test("JPEG: orientation is applied and then 1, in EXIF and in XMP", async () => {
  const xmp = latin1(`<rdf:Description tiff:Orientation="6"/>`);
  const picture = smooth(24, 16, 3, { xmp });
  const turned = withSegment(
    await jpegOf(picture),
    0xe1,
    concatBytes([latin1("Exif\0\0"), testExif(6, false)]),
  );
  const upright = await decodePicture(turned);
  assert.deepEqual([upright.width, upright.height], [16, 24]);
  const corner = [...upright.data.subarray(15 * 3, 16 * 3)];
  assert.ok(corner.every((value, c) => Math.abs(value - [0, 0, 100][c]) < 4), `${corner}`);
  assert.equal(upright.metadata.exif?.[31], 1);
  assert.match(new TextDecoder().decode(upright.metadata.xmp), /tiff:Orientation="1"/);
});

Deno.test("JPEG: bytes after the picture are ignored, one cut before its picture is refused", async () => {
  const jpeg = await jpegOf(testPicture(40, 40, 3));
  await decodePicture(concatBytes([jpeg, new Uint8Array(1000).fill(0xff)]));
  for (const left of [3, 30, 200]) {
    await rejects(jpeg.subarray(0, left), /damaged/);
  }
  const table = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc4);
  await rejects(jpeg.slice().fill(0xee, table + 5, table + 20), /cannot be decoded to the end/);
});

Deno.test("JPEG: claims are checked before anything is decoded", async () => {
  const jpeg = await jpegOf(smooth(16, 8, 3));
  const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  const changed = (offset: number, ...bytes: number[]) => {
    const copy = jpeg.slice();
    copy.set(bytes, frame + offset);
    return copy;
  };
  await rejects(changed(5, 0xff, 0xff, 0xff, 0xff), /more than the limit/);
  await rejects(changed(5, 0x10, 0, 0x10, 0), /cannot come from/);
  await rejects(changed(5, 0, 0), /16 x 0/);
  await rejects(changed(4, 12), /12 bits/);
  await rejects(changed(9, 2), /2 components/);
  await rejects(changed(1, 0xcb), /lossless and uses arithmetic/);
  await rejects(changed(1, 0xc3), /lossless/);
  await assert.rejects(decodePicture(jpeg, { maxPixels: 127 }), /16 x 8 pixels \(128\).*127/);
});

Deno.test("JPEG: what it cannot hold is refused", async () => {
  await assert.rejects(jpegOf(testPicture(2, 2, 4)), /transparency.*Choose PNG/);
  await assert.rejects(jpegOf(testPicture(2, 2, 2)), InputError);
  await assert.rejects(jpegOf(testPicture(65536, 1, 1)), /65535.*65536 x 1/);
  await assert.rejects(jpegOf(testPicture(2, 2, 3, 32)), UsageError);
  for (const quality of [0, 101, 50.5, NaN]) {
    await assert.rejects(jpegOf(testPicture(2, 2, 3), quality), UsageError);
  }
});

Deno.test("JPEG: colour has half the resolution below quality 90, unless asked otherwise", async () => {
  const picture = testPicture(32, 16, 3);
  const sampling = async (options: Omit<EncodeOptions, "format">) => {
    const jpeg = await encodePicture(picture, { format: "jpeg", ...options });
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && (jpeg[i + 1] & 0xfd) === 0xc0);
    return [jpeg[frame + 1], jpeg[frame + 11]];
  };
  const [baseline, progressive, full, half] = [0xc0, 0xc2, 0x11, 0x22];
  assert.deepEqual(await sampling({}), [baseline, full]);
  assert.deepEqual(await sampling({ quality: 90 }), [baseline, full]);
  assert.deepEqual(await sampling({ quality: 89 }), [baseline, half]);
  assert.deepEqual(await sampling({ quality: 95, chroma: "4:2:0" }), [baseline, half]);
  assert.deepEqual(await sampling({ quality: 50, chroma: "4:4:4" }), [baseline, full]);
  assert.deepEqual(await sampling({ progressive: true }), [progressive, full]);
});

Deno.test("JPEG: damage that can be passed over gives a picture and a note", async () => {
  const jpeg = await jpegOf(testPicture(64, 64, 3));
  const scan = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xda);
  const short = concatBytes([jpeg.subarray(0, scan + 600), Uint8Array.of(0xff, 0xd9)]);
  const { width, notes } = await decodePicture(short);
  assert.equal(width, 64);
  assert.match(notes![0], /damaged/);
  assert.equal((await decodePicture(jpeg)).notes, undefined);
});

Deno.test("JPEG: rows are those of the whole picture; what is damaged or turned has none", async () => {
  const path = await Deno.makeTempFile({ suffix: ".jpg" });
  const rowsOf = async (file: Uint8Array) => {
    await Deno.writeFile(path, file);
    return await openJpegRows(path, file, 2 ** 20);
  };
  const xmp = latin1("<x:xmpmeta/>");
  for (const channels of [1, 3] as const) {
    for (const options of [{}, { chroma: "4:2:0" }, { progressive: true }] as const) {
      const picture = smooth(333, 221, channels, { xmp });
      const file = await encodePicture(picture, { format: "jpeg", quality: 80, ...options });
      const opened = (await rowsOf(file))!;
      assert.deepEqual(await gatherRows(opened), await decodePicture(file));
    }
  }
  const jpeg = await jpegOf(testPicture(64, 64, 3));
  const scan = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xda);
  const start = jpeg.subarray(0, scan + 600);
  const turned = jpegSegment(0xe1, concatBytes([latin1("Exif\0\0"), testExif(6)]));
  for (
    const file of [
      start,
      concatBytes([start, Uint8Array.of(0xff, 0xd9)]),
      concatBytes([jpeg.subarray(0, 2), turned, jpeg.subarray(2)]),
    ]
  ) assert.equal(await rowsOf(file), undefined);
  await Deno.remove(path);
});

Deno.test("JPEG: CMYK, and the conversion without a profile is said", {
  ignore: !hasSharedImages(),
}, async () => {
  const picture = await decodePicture(
    await Deno.readFile(new URL("formats/cmyk.jpg", SHARED_IMAGES)),
  );
  assert.equal(picture.channels, 3);
  assert.match(picture.notes![0], /CMYK/);
});
