import assert from "node:assert/strict";
import { InputError, UsageError } from "../../src/errors.ts";
import { latin1 } from "../../src/pictures/bytes.ts";
import {
  applyOrientation,
  convertDepth,
  decodePicture,
  type Depth,
  fillTransparent,
  flattenAlpha,
  formatOfName,
  FORMATS,
  fromGpuPixels,
  joinAlpha,
  lossesOf,
  type Orientation,
  type Picture,
  type PictureFormat,
  readOrientation,
  splitAlpha,
  stripMetadata,
  toGpuPixels,
  uprightExif,
  withSize,
  wordsPerPixel,
} from "../../src/pictures/mod.ts";
import { readExifDensity, withExifDensity } from "../../src/pictures/metadata/exif.ts";
import { sniff } from "../../src/pictures/kind.ts";
import { numbersOf, readTiffDirectory } from "../../src/pictures/tiff/tags.ts";
import { testExif, testPicture, testProfile } from "./fixtures.ts";

const CHANNELS = [1, 2, 3, 4] as const;
const DEPTHS = [8, 16, 32] as const;

Deno.test("kinds: every refusal names what the file seems to be", async () => {
  const cases: [bytes: string, name: RegExp][] = [
    ["", /empty file/],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", /HEIF/],
    ["\0\0\0\x18ftypisom", /video/],
    ["%PDF-1.7", /PDF/],
    ["  <!DOCTYPE html><html>", /HTML/],
    ["<?xml version='1.0'?><note/>", /XML/],
    ["PK\x03\x04", /zip/],
    ["RIFF\x10\0\0\0WAVEfmt ", /sound/],
    ["RIFF\x10\0\0\0AVI LIST", /video/],
    ["P6\n3 2\n255\n", /PNM/],
    ["\0\0\0\x18ftypavci\0\0\0\0mif1avci", /H\.264/],
    ["\x01\x02\xffabc", /unknown kind \(begins 01 02 ff 61 62 63\)/],
  ];
  for (const [bytes, name] of cases) {
    await assert.rejects(decodePicture(latin1(bytes)), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, name);
      assert.match(error.message, /reads JPEG, PNG, WebP/);
      return true;
    });
  }
});

Deno.test("kinds: each that can be read is known by its first bytes", () => {
  const cases: [bytes: string, kind: string][] = [
    ["\xff\xd8\xff\xe0", "jpeg"],
    ["\x89PNG\r\n\x1a\n", "png"],
    ["RIFF\x10\0\0\0WEBPVP8 ", "webp"],
    ["GIF89a", "gif"],
    ["II*\0\x08\0\0\0", "tiff"],
    ["MM\0*\0\0\0\x08", "tiff"],
    ["BM\x36\0\0\0", "bmp"],
    ["II+\0\x08\0\0\0", "tiff"],
    ["\0\0\0\x18ftypheic", "heic"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heic"],
    ["<?xml version='1.0'?>\n<!-- x --><svg width='1'>", "svg"],
    ["FUJIFILMCCD-RAW 0201", "raw"],
    ["\0\0\0\x18ftypcrx ", "raw"],
    ["\0\0\0\x1cftypavif", "avif"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "avif"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1miaf\0\0\x01\0meta    infe    av01", "avif"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1miaf\0\0\x01\0meta    infe    hvc1", "heic"],
    ["\0\0\0\x18ftypmsf1\0\0\0\0msf1hevm", "heic"],
    ["\xff\x0a\xfa\x7f", "jxl"],
    ["\0\0\0\x0cJXL \r\n\x87\n", "jxl"],
  ];
  for (const [bytes, kind] of cases) assert.deepEqual(sniff(latin1(bytes)), { kind }, kind);
});

Deno.test("formats: a name's ending says what to write", () => {
  for (const name of ["a.jpg", "b.JPEG", "dir.png/c.jpe", "d.jfif"]) {
    assert.equal(formatOfName(name), "jpeg", name);
  }
  assert.equal(formatOfName("a.b.PNG"), "png");
  assert.deepEqual(["a.webp", "a.avif", "a.JXL"].map(formatOfName), ["webp", "avif", "jxl"]);
  assert.deepEqual(["a.tif", "a.TIFF"].map(formatOfName), ["tiff", "tiff"]);
  for (const name of ["png", "a.bmp", "a.png/b", ""]) assert.equal(formatOfName(name), undefined);
});

Deno.test("formats: what a file will lack is said, and nothing else", () => {
  const plain = { width: 9, height: 9, channels: 3, depth: 8, metadata: {} } as const;
  const rgb = { icc: testProfile("RGB ", 200) };
  const grey = { icc: testProfile("GRAY", 200) };
  for (const format of Object.keys(FORMATS) as PictureFormat[]) {
    assert.deepEqual(lossesOf(plain, format), [], format);
  }
  const cases: [Partial<Picture>, PictureFormat, RegExp[]][] = [
    [{ channels: 4, depth: 16, metadata: rgb }, "png", []],
    [{ channels: 4, depth: 16 }, "jpeg", [/transparency/, /8 bits per sample, not 16/]],
    [{ channels: 4, depth: 16, metadata: rgb }, "webp", [/8 bits/]],
    [{ channels: 4, depth: 16, metadata: rgb }, "avif", [/10 bits/]],
    [{ metadata: rgb, depth: 16 }, "jxl", []],
    [{ metadata: grey }, "png", [/left out/]],
    [{ channels: 1, metadata: grey }, "jpeg", []],
    [{ channels: 1, metadata: grey }, "webp", [/converted to sRGB/]],
    [{ metadata: { exif: new Uint8Array(70_000) } }, "jpeg", [/64 KB of EXIF, not 70000/]],
    [{ metadata: { exif: new Uint8Array(70_000) } }, "png", []],
  ];
  for (const [change, format, expected] of cases) {
    const losses = lossesOf({ ...plain, ...change }, format);
    assert.equal(losses.length, expected.length, `${format}: ${losses}`);
    expected.forEach((pattern, i) => assert.match(losses[i], pattern));
  }
});

Deno.test("orientation: each of the eight puts every pixel where EXIF says", () => {
  // For orientation o, the stored pixel that belongs at (x, y) of the upright picture.
  const stored: Record<Orientation, (x: number, y: number, w: number, h: number) => number[]> = {
    1: (x, y) => [x, y],
    2: (x, y, w) => [w - 1 - x, y],
    3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
    4: (x, y, _w, h) => [x, h - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y, _w, h) => [y, h - 1 - x],
    7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
    8: (x, y, w) => [w - 1 - y, x],
  };
  for (const depth of DEPTHS) {
    for (const channels of CHANNELS) {
      const picture = testPicture(5, 3, channels, depth);
      for (const [name, place] of Object.entries(stored)) {
        const turned = applyOrientation(picture, Number(name) as Orientation);
        assert.deepEqual([turned.width, turned.height], Number(name) < 5 ? [5, 3] : [3, 5]);
        turned.data.forEach((value, i) => {
          const pixel = Math.floor(i / channels);
          const [x, y] = place(pixel % turned.width, Math.floor(pixel / turned.width), 5, 3);
          assert.equal(value, picture.data[(y * 5 + x) * channels + i % channels]);
        });
      }
    }
  }
});

Deno.test("EXIF: orientation, sizes and thumbnail, in both byte orders", () => {
  for (const little of [true, false]) {
    const block = testExif(8, little);
    assert.equal(readOrientation(block), 8);
    const upright = uprightExif(block)!;
    assert.equal(readOrientation(upright), 1);
    assert.equal(upright.length, 136, "the thumbnail's 20 bytes are gone");
    assert.deepEqual([...upright.subarray(46, 50)], [0, 0, 0, 0], "no directory follows");
    assert.deepEqual(upright.subarray(50, 56), latin1("maker\0"));
    assert.equal(readOrientation(block), 8, "the block itself is untouched");

    const view = new DataView(withSize(block, 70_000, 1920).buffer);
    assert.deepEqual([view.getUint16(68, little), view.getUint32(74, little)], [4, 70_000]);
    assert.deepEqual([view.getUint16(80, little), view.getUint32(86, little)], [4, 1920]);
    const small = new DataView(withSize(block, 123, 45).buffer);
    assert.deepEqual([small.getUint16(68, little), small.getUint16(74, little)], [3, 123]);
  }
});

Deno.test("EXIF: a broken block is upright, dropped, and never throws", () => {
  const block = testExif(6);
  for (let length = 0; length < 50; length++) {
    const cut = block.subarray(0, length);
    assert.ok([1, 6].includes(readOrientation(cut)));
    uprightExif(cut);
    withSize(cut, 1, 1);
  }
  assert.equal(uprightExif(latin1("not a TIFF structure")), undefined);
  assert.equal(readOrientation(testExif(9)), 1);
  for (let at = 0; at < block.length; at++) {
    const flipped = block.slice();
    flipped[at] ^= 0xff;
    uprightExif(flipped);
    withSize(flipped, 1, 1);
  }
});

Deno.test("depth: black, white and round trips are exact", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const picture: Picture = { ...testPicture(256, 1, 1), data: all };
  for (const depth of [16, 32] as const) {
    assert.deepEqual(convertDepth(convertDepth(picture, depth), 8), picture);
  }
  assert.equal(convertDepth(picture, 8), picture);
  const floats: Picture = {
    ...testPicture(6, 1, 1, 32),
    data: Float32Array.of(-1, 0, 0.5, 1, 2, NaN),
  };
  assert.deepEqual([...convertDepth(floats, 8).data], [0, 0, 128, 255, 255, 0]);
  assert.deepEqual([...convertDepth(floats, 16).data], [0, 0, 32768, 65535, 65535, 0]);
});

Deno.test("alpha: split and joined again exactly", () => {
  for (const depth of DEPTHS) {
    for (const channels of [2, 4] as const) {
      const picture = testPicture(7, 5, channels, depth);
      const { colour, alpha, constant } = splitAlpha(picture);
      assert.equal(constant, undefined);
      assert.deepEqual(joinAlpha(colour, alpha!), picture);
    }
  }
});

Deno.test("alpha: none, or the same everywhere, needs no picture of its own", () => {
  const opaque = testPicture(3, 2, 3);
  assert.deepEqual(splitAlpha(opaque), { colour: opaque, alpha: undefined, constant: undefined });
  const even = joinAlpha(opaque, 77);
  assert.deepEqual(splitAlpha(even), { colour: opaque, alpha: undefined, constant: 77 });
  assert.throws(() => joinAlpha(even, 77), UsageError);
  assert.throws(() => joinAlpha(opaque, testPicture(2, 3, 1)), UsageError);
});

Deno.test("alpha: transparent pixels take the colour of a visible pixel near them", () => {
  const data = Uint8Array.from([
    [1, 9, 50, 255, 2, 0, 3, 0, 60, 1],
    [4, 0, 5, 0, 6, 0, 7, 0, 8, 0],
    [9, 0, 10, 0, 11, 0, 12, 0, 13, 0],
  ].flat());
  const picture: Picture = { ...testPicture(5, 3, 2), data };
  const filled = fillTransparent(picture);
  const colours = Array.from({ length: 15 }, (_, i) => filled.data[i * 2]);
  assert.deepEqual(colours, [[1, 50, 50, 60, 60], [1, 50, 50, 60, 60], [1, 50, 50, 60, 60]].flat());
  assert.deepEqual(splitAlpha(filled).alpha, splitAlpha(picture).alpha);
});

Deno.test("alpha: filling reaches every pixel from any single visible one", () => {
  for (let seen = 0; seen < 35; seen++) {
    const data = Uint8Array.from({ length: 70 }, (_, i) => i === seen * 2 ? 200 : 3 * (i % 2));
    for (let i = 0; i < 35; i++) data[i * 2 + 1] = i === seen ? 255 : 0;
    const { data: filled } = fillTransparent({ ...testPicture(7, 5, 2), data });
    for (let i = 0; i < 35; i++) assert.equal(filled[i * 2], 200);
  }
  const hidden: Picture = { ...testPicture(2, 1, 2), data: Uint8Array.of(1, 0, 2, 0) };
  assert.deepEqual(fillTransparent(hidden), hidden);
});

Deno.test("GPU pixels: there and back exactly, in every depth and number of channels", () => {
  for (const depth of DEPTHS) {
    for (const channels of CHANNELS) {
      const picture = testPicture(13, 7, channels, depth);
      const words = toGpuPixels(picture);
      assert.equal(words.length, 13 * 7 * wordsPerPixel(depth));
      const back = fromGpuPixels(words, 13, 7, channels, depth);
      if (depth === 32) back.forEach((v, i) => assert.ok(Math.abs(v - picture.data[i]) < 1e-6));
      else assert.deepEqual(back, picture.data);
    }
  }
});

Deno.test("GPU pixels: words are as the table says", () => {
  const one = (
    depth: Depth,
    data: Picture["data"],
    channels: Picture["channels"],
  ) => [...toGpuPixels({ width: 1, height: 1, channels, depth, data, metadata: {} })];
  assert.deepEqual(one(8, Uint8Array.of(1, 2, 3, 4), 4), [0x04030201]);
  assert.deepEqual(one(8, Uint8Array.of(5), 1), [0xff050505]);
  assert.deepEqual(one(16, Uint16Array.of(1, 2, 3), 3), [0x00020001, 0xffff0003]);
  assert.deepEqual(
    one(32, Float32Array.of(0.5, 0), 2),
    [0x3f000000, 0x3f000000, 0x3f000000, 0],
  );
  assert.deepEqual([...fromGpuPixels(Uint32Array.of(0x80030201), 1, 1, 2, 8)], [2, 0x80]);
  assert.deepEqual([...fromGpuPixels(Uint32Array.of(0x00040300), 1, 1, 1, 8)], [2], "7 / 3");
});

Deno.test("GPU pixels: too few words are refused", () => {
  assert.throws(() => fromGpuPixels(new Uint32Array(5), 3, 2, 3, 8), UsageError);
  assert.equal(fromGpuPixels(new Uint32Array(13), 3, 2, 3, 16).length, 18);
});

Deno.test("EXIF: a density is read, and written without a change to anything else", () => {
  const density = { x: 300 / 0.0254, y: 150 / 0.0254 };
  const blocks = [undefined, ...[true, false].map((little) => uprightExif(testExif(6, little)))];
  for (const block of blocks) {
    const dense = withExifDensity(block, density);
    const { x, y } = readExifDensity(dense)!;
    assert.ok(Math.abs(x - density.x) < 0.1 && Math.abs(y - density.y) < 0.1, `${x} ${y}`);
    assert.equal(withExifDensity(dense, density), dense);
    if (block === undefined) continue;
    assert.equal(readExifDensity(block), undefined);
    const sized = withSize(dense, 1234, 777);
    const detail = readTiffDirectory(sized, 64)!;
    assert.deepEqual(numbersOf(detail, 0xa002), [1234]);
    const maker = readTiffDirectory(sized)!.entries.get(0x010f)!;
    assert.deepEqual(maker.value, latin1("maker\0"));
  }
});

Deno.test("metadata: stripping leaves the profile only", () => {
  const icc = testProfile("RGB ", 200);
  const metadata = { icc, exif: testExif(1), xmp: latin1("<x/>"), density: { x: 1, y: 1 } };
  assert.deepEqual(stripMetadata(testPicture(2, 2, 3, 8, metadata)).metadata, { icc });
  assert.deepEqual(stripMetadata(testPicture(2, 2, 3)).metadata, {});
});

Deno.test("alpha: flattened on a colour", () => {
  const rgba: Picture = {
    width: 3,
    height: 1,
    channels: 4,
    depth: 8,
    data: Uint8Array.of(10, 20, 30, 255, 10, 20, 30, 0, 100, 100, 100, 51),
    metadata: {},
  };
  const flat = flattenAlpha(rgba, [0, 128, 255]);
  assert.deepEqual([flat.channels, ...flat.data], [3, 10, 20, 30, 0, 128, 255, 20, 122, 224]);
  const grey = testPicture(4, 4, 2, 16);
  assert.equal(flattenAlpha(grey, [9, 9, 9]).channels, 1);
  assert.equal(flattenAlpha(grey, [9, 9, 8]).channels, 3);
  const opaque = testPicture(4, 4, 3);
  assert.equal(flattenAlpha(opaque, [0, 0, 0]), opaque);
});

Deno.test("depth: dithering keeps the mean of what rounding would make steps", () => {
  for (const level of [0, 100.25, 100.5, 200.9, 255]) {
    const data = new Uint16Array(10_000).fill(Math.round(level * 257));
    const picture: Picture = {
      width: 100,
      height: 100,
      channels: 1,
      depth: 16,
      data,
      metadata: {},
    };
    const dithered = convertDepth(picture, 8, { dither: true });
    const values = new Set(dithered.data);
    const mean = Array.from(dithered.data).reduce((sum, value) => sum + value) / data.length;
    assert.ok(Math.abs(mean - level) < 0.03, `${level}: ${mean}`);
    assert.ok(values.size <= (level % 255 === 0 ? 1 : 4), `${[...values]}`);
    assert.deepEqual(convertDepth(picture, 8, { dither: true }).data, dithered.data);
  }
});
