/**
 * TIFF: hand-made files of every layout that can be read. Real files of other programs are compared in
 * `compare_test.ts`.
 */

import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { InputError } from "../../src/errors.ts";
import { concatBytes, latin1, viewOf } from "../../src/pictures/bytes.ts";
import { encodeMozjpeg } from "../../src/pictures/jpeg/mozjpeg.ts";
import {
  decodePicture,
  encodePicture,
  encodeTiffPages,
  openTiffPages,
  openTiffRows,
  type Picture,
  type Samples,
  sourceOf,
  uprightExif,
} from "../../src/pictures/mod.ts";
import { rgbaOf } from "../../src/pictures/colour/rgba.ts";
import {
  entryOf,
  numbersOf,
  readTiffDirectory,
  TIFF_TYPE,
  type TiffEntry,
  tiffHeader,
  writeTiffDirectory,
} from "../../src/pictures/tiff/tags.ts";
import { testExif, testPicture, testProfile } from "./fixtures.ts";

/** What a hand-made TIFF consists of. */
interface RawTiff {
  width: number;
  height: number;
  bits: number;
  samples: number;
  colours: number;
  /** Strips or tiles, as stored. */
  pieces: Uint8Array[];
  compression?: number;
  little?: boolean;
  /** More entries by tag: whole numbers. */
  more?: Record<number, number[]>;
  /** Tags beside those of places that are stored in 4 bytes a number, and not in 2. */
  longs?: number[];
  entries?: TiffEntry[];
}

const RGB = 2;

/** Writes a TIFF file from its parts, without a look at whether they fit together. */
function rawTiff(tiff: RawTiff): Uint8Array {
  const { width, height, bits, samples, pieces, little = true } = tiff;
  const offsets: number[] = [];
  let at = 8;
  for (const piece of pieces) {
    offsets.push(at);
    at += piece.length + piece.length % 2;
  }
  const tiled = tiff.more?.[0x142] !== undefined;
  const numbers: Record<number, number[]> = {
    0x100: [width],
    0x101: [height],
    0x102: Array(samples).fill(bits),
    0x103: [tiff.compression ?? 1],
    0x106: [tiff.colours],
    0x115: [samples],
    [tiled ? 0x144 : 0x111]: offsets,
    [tiled ? 0x145 : 0x117]: pieces.map(({ length }) => length),
    ...(tiled ? {} : { 0x116: [Math.ceil(height / pieces.length)] }),
    ...tiff.more,
  };
  const entries = Object.entries(numbers).map(([tag, values]) => {
    const isLong = [0x111, 0x144, ...tiff.longs ?? []].includes(Number(tag));
    return entryOf(Number(tag), isLong ? TIFF_TYPE.long : TIFF_TYPE.short, values, little);
  });
  const padded = pieces.map((piece) => concatBytes([piece, new Uint8Array(piece.length % 2)]));
  const directory = writeTiffDirectory([...entries, ...tiff.entries ?? []], at, 0, little);
  return concatBytes([tiffHeader(at, little), ...padded, directory]);
}

/** The bytes of samples in the given order. */
function bytesOf(samples: Samples, little: boolean): Uint8Array {
  const bytes = new Uint8Array(samples.length * samples.BYTES_PER_ELEMENT);
  const view = viewOf(bytes);
  samples.forEach((value, i) => {
    if (samples instanceof Uint8Array) bytes[i] = value;
    else if (samples instanceof Uint16Array) view.setUint16(i * 2, value, little);
    else view.setFloat32(i * 4, value, little);
  });
  return bytes;
}

/** A plain file of a picture, in strips of `rows` rows. */
function plainTiff(picture: Picture, rows: number, change: Partial<RawTiff> = {}): Uint8Array {
  const { width, height, channels, depth, data } = picture;
  const stride = width * channels;
  const pieces = Array.from({ length: Math.ceil(height / rows) }, (_, i) => {
    return bytesOf(data.slice(i * rows * stride, (i + 1) * rows * stride), change.little ?? true);
  });
  const more = { 0x116: [rows], ...(channels % 2 === 0 ? { 0x152: [2] } : {}), ...change.more };
  const colours = channels <= 2 ? 1 : RGB;
  const raw = { width, height, bits: depth, samples: channels, colours, pieces };
  return rawTiff({ ...raw, ...change, more });
}

Deno.test("TIFF: 8 and 16 bits in every number of channels and both byte orders", async () => {
  for (const channels of [1, 2, 3, 4] as const) {
    for (const depth of [8, 16] as const) {
      const picture = testPicture(7, 11, channels, depth);
      for (const little of [true, false]) {
        assert.deepEqual(await decodePicture(plainTiff(picture, 4, { little })), picture);
      }
    }
  }
});

Deno.test("TIFF: floats become 16 bits", async () => {
  const picture = testPicture(5, 4, 3, 32);
  const again = await decodePicture(plainTiff(picture, 4, { more: { 0x153: [3, 3, 3] } }));
  assert.equal(again.depth, 16);
  again.data.forEach((value, i) => assert.ok(Math.abs(value - picture.data[i] * 65535) <= 0.51));
});

Deno.test("TIFF: fewer than 8 bits, white as zero, and a palette", async () => {
  const raw = { width: 3, height: 2, samples: 1 };
  const bits1 = { ...raw, bits: 1, colours: 1, pieces: [Uint8Array.of(0b10100000, 0b01000000)] };
  assert.deepEqual([...(await decodePicture(rawTiff(bits1))).data], [255, 0, 255, 0, 255, 0]);
  const inverse = { ...bits1, colours: 0 };
  assert.deepEqual([...(await decodePicture(rawTiff(inverse))).data], [0, 255, 0, 255, 0, 255]);
  const bits4 = { ...raw, bits: 4, colours: 1, pieces: [Uint8Array.of(0x01, 0xf0, 0x23, 0x40)] };
  assert.deepEqual([...(await decodePicture(rawTiff(bits4))).data], [0, 17, 255, 34, 51, 68]);
  const colours = Array.from({ length: 48 }, (_, i) => i * 256);
  const palette = { ...bits4, colours: 3, more: { 0x140: colours } };
  const { channels, data } = await decodePicture(rawTiff(palette));
  assert.deepEqual([channels, ...data.subarray(3, 9)], [3, 1, 17, 33, 15, 31, 47]);
});

Deno.test("TIFF: PackBits, LZW and deflate, with and without differences", async () => {
  const picture = testPicture(9, 8, 3);
  const stored = bytesOf(picture.data, true);
  const pack: [number, (bytes: Uint8Array) => Uint8Array][] = [
    [32773, packBits],
    [5, packLzw],
    [8, deflateSync],
    [32946, deflateSync],
  ];
  for (const [compression, packer] of pack) {
    const halves = [stored.subarray(0, 108), stored.subarray(108)];
    const file = plainTiff(picture, 4, { compression, pieces: halves.map(packer) });
    assert.deepEqual(await decodePicture(file), picture, `${compression}`);
    if (compression === 32773) continue;
    const differences = halves.map((half) => packer(differencesOf(half, 27, 3)));
    const more = { 0x13d: [2] };
    const predicted = plainTiff(picture, 4, { compression, pieces: differences, more });
    assert.deepEqual(await decodePicture(predicted), picture, `${compression}, differences`);
  }
});

Deno.test("TIFF: planes and tiles", async () => {
  const picture = testPicture(20, 18, 3);
  const plane = (c: number) => Uint8Array.from({ length: 360 }, (_, i) => picture.data[i * 3 + c]);
  const planes = [plane(0), plane(1), plane(2)];
  const apart = plainTiff(picture, 18, { pieces: planes, more: { 0x11c: [2] } });
  assert.deepEqual(await decodePicture(apart), picture);
  for (const depth of [8, 16] as const) {
    const grey = testPicture(20, 18, 2, depth);
    const band = (c: number) => bytesOf(grey.data.filter((_, i) => i % 2 === c), true);
    const more = { 0x11c: [2] };
    const file = plainTiff(grey, 18, { pieces: [band(0), band(1)], more });
    assert.deepEqual(await decodePicture(file), grey);
    const negative = plainTiff(grey, 18, { pieces: [band(0), band(1)], more, colours: 0 });
    await assert.rejects(decodePicture(negative), /alpha in a plane of its own/);
  }
  const tiles = [[0, 0], [16, 0], [0, 16], [16, 16]].map(([x, y]) => {
    const tile = new Uint8Array(16 * 16 * 3);
    for (let row = 0; row < Math.min(16, 18 - y); row++) {
      const at = ((y + row) * 20 + x) * 3;
      tile.set((picture.data as Uint8Array).subarray(at, at + Math.min(16, 20 - x) * 3), row * 48);
    }
    return tile;
  });
  const tiled = plainTiff(picture, 18, { pieces: tiles, more: { 0x142: [16], 0x143: [16] } });
  assert.deepEqual(await decodePicture(tiled), picture);
});

/** L*a*b* of some colours of sRGB, in the light of D50 (by Little CMS) and of D65, and the colours. */
const LAB: [d50: number[], d65: number[], rgb: number[]][] = [
  [[100, 0, 0], [100, 0, 0], [255, 255, 255]],
  [[53.585, 0, 0], [53.585, 0, 0], [128, 128, 128]],
  [[54.29, 80.81, 69.89], [53.24, 80.09, 67.2], [255, 0, 0]],
  [[29.57, 68.3, -112.03], [32.3, 79.19, -107.86], [0, 0, 255]],
];

Deno.test("TIFF: L*a*b* of either kind, in 8 and 16 bits, becomes sRGB", async () => {
  for (const depth of [8, 16] as const) {
    const unit = 2 ** (depth - 8);
    for (const [kind, top, zero] of [[8, 2 ** depth - 1, 0], [9, 255 * unit, 128 * unit]]) {
      for (const white of ["d50", "d65"]) {
        const colours = LAB.map(([d50, d65]) => white === "d50" ? d50 : d65);
        const numbers = colours.flatMap(([l, a, b]) => [
          Math.round(l / 100 * top),
          ...[a, b].map((value) => Math.round(value * unit + zero) & (2 ** depth - 1)),
        ]);
        const data = depth === 8 ? Uint8Array.from(numbers) : Uint16Array.from(numbers);
        const picture = { width: 2, height: 2, channels: 3, depth, data, metadata: {} } as const;
        const d65 = entryOf(0x13e, TIFF_TYPE.rational, [0.3127, 0.329], true);
        const entries = white === "d65" ? [d65] : [];
        const again = await decodePicture(plainTiff(picture, 2, { colours: kind, entries }));
        assert.deepEqual([again.channels, again.depth], [3, depth]);
        LAB.flatMap(([, , rgb]) => rgb).forEach((value, i) => {
          const difference = Math.abs(again.data[i] / (depth === 8 ? 1 : 257) - value);
          assert.ok(difference < (depth === 8 ? 6 : 2), `${kind} ${depth} ${white} ${i}`);
        });
      }
    }
  }
});

Deno.test("TIFF: YCbCr that is not in JPEG becomes RGB, and colours of several pixels are refused", async () => {
  const rgb = [255, 0, 0, 12, 200, 80, 128, 128, 128, 0, 0, 255];
  const ycbcr = rgb.flatMap((_, i) => {
    if (i % 3 > 0) return [];
    const [r, g, b] = rgb.slice(i, i + 3);
    const y = 0.299 * r + 0.587 * g + 0.114 * b;
    return [y, 128 + (b - y) / 1.772, 128 + (r - y) / 1.402].map((value) =>
      Math.min(255, Math.round(value))
    );
  });
  const data = Uint8Array.from(ycbcr);
  const picture = { width: 2, height: 2, channels: 3, depth: 8, data, metadata: {} } as const;
  const more = { 0x212: [1, 1] };
  for (const [little, long] of [[true, false], [false, false], [true, true], [false, true]]) {
    const tiff = { colours: 6, more, little, ...long && { longs: [0x106] } };
    const again = await decodePicture(plainTiff(picture, 2, tiff));
    again.data.forEach((value, i) => assert.ok(Math.abs(value - rgb[i]) <= 2, `${again.data}`));
  }
  await assert.rejects(
    decodePicture(plainTiff(picture, 2, { colours: 6 })),
    /has YCbCr of 8 bits, one colour for 2 x 2 pixels, .* which Tessera cannot read/,
  );
});

Deno.test("TIFF: kinds of samples and colours that are not read are named, and not called damaged", async () => {
  const picture = testPicture(4, 4, 3);
  const changes: [Partial<RawTiff>, RegExp][] = [
    [{ bits: 64, more: { 0x153: [3, 3, 3] } }, /has 64 bits per float, and 3 per pixel/],
    [{ bits: 64, more: { 0x153: [3, 3, 3], 0x13d: [3] } }, /has 64 bits per float/],
    [{ bits: 64 }, /has 64 bits per sample/],
    [{ bits: 24, more: { 0x153: [3, 3, 3] } }, /has 24 bits per float/],
    [{ bits: 12 }, /has 12 bits per sample/],
    [{ bits: 1 }, /has 1 bit per sample, and 3 per pixel/],
    [{ more: { 0x102: [5, 6, 5] } }, /has samples of different bits \(5, 6, 5\)/],
    [{ more: { 0x153: [2, 2, 2] } }, /has samples with a sign \(from -128 on\)/],
    [{ bits: 32, more: { 0x153: [6, 6, 6] } }, /has complex numbers/],
    [{ colours: 5, more: { 0x14c: [2] } }, /has 3 inks other than those of CMYK/],
    [{ colours: 10 }, /fax machines/],
    [{ colours: 32803 }, /camera's sensor/],
    [{ colours: 32845 }, /logarithms/],
    [{ colours: 99 }, /kind that is not known \(99\)/],
  ];
  for (const [change, message] of changes) {
    await assert.rejects(decodePicture(plainTiff(picture, 4, change)), (error) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, message);
      assert.match(error.message, /which Tessera cannot read/);
      return true;
    });
  }
});

Deno.test("TIFF: JPEG inside", async () => {
  const picture = testPicture(24, 16, 3);
  const options = { quality: 100, grey: false, fullColour: true, progressive: false };
  const jpeg = await encodeMozjpeg(rgbaOf(picture) as Uint8Array, 24, 16, options);
  const file = plainTiff(picture, 16, { compression: 7, colours: 6, pieces: [jpeg] });
  const again = await decodePicture(file);
  again.data.forEach((value, i) => assert.ok(Math.abs(value - picture.data[i]) <= 3));
});

Deno.test("TIFF: premultiplied alpha becomes straight, CMYK becomes RGB and says so", async () => {
  const premultiplied: Picture = {
    width: 2,
    height: 1,
    channels: 4,
    depth: 8,
    data: Uint8Array.of(50, 100, 20, 128, 0, 0, 0, 0),
    metadata: {},
  };
  const straight = await decodePicture(plainTiff(premultiplied, 1, { more: { 0x152: [1] } }));
  // libvips cuts what is between two levels.
  assert.deepEqual([...straight.data], [99, 199, 39, 128, 0, 0, 0, 0]);
  const inks = Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 255);
  const raw = { width: 2, height: 1, bits: 8, samples: 4, colours: 5, pieces: [inks] };
  const { channels, data, notes } = await decodePicture(rawTiff(raw));
  assert.deepEqual([channels, ...data], [3, 0, 255, 255, 0, 0, 0]);
  assert.match(notes![0], /CMYK/);
});

Deno.test("TIFF: CMYK of floats becomes RGB of 16 bits, with the colours of whole levels", async () => {
  const inks = [1, 0, 0.5, 0, 0.25, 0.75, 0, 0.5];
  const raw = { width: 2, height: 1, samples: 4, colours: 5 };
  const floats = bytesOf(Float32Array.from(inks), true);
  const more = { 0x153: [3, 3, 3, 3] };
  const { depth, data } = await decodePicture(
    rawTiff({ ...raw, bits: 32, pieces: [floats], more }),
  );
  const whole = bytesOf(Uint16Array.from(inks, (ink) => Math.round(ink * 65535)), true);
  const expected = await decodePicture(rawTiff({ ...raw, bits: 16, pieces: [whole] }));
  assert.equal(depth, 16);
  assert.deepEqual(data, expected.data);
});

Deno.test("TIFF: orientation, density, profile, XMP and copyright reach other formats", async () => {
  const icc = testProfile("RGB ", 333);
  const xmp = latin1("<x:xmpmeta/>");
  const copyright = latin1("A. Person\0");
  const entries: TiffEntry[] = [
    { tag: 0x8773, type: 7, count: icc.length, value: icc },
    { tag: 0x02bc, type: 1, count: xmp.length, value: xmp },
    { tag: 0x8298, type: 2, count: copyright.length, value: copyright },
    entryOf(0x11a, TIFF_TYPE.rational, [300], true),
    entryOf(0x11b, TIFF_TYPE.rational, [300], true),
  ];
  const picture = testPicture(6, 4, 3);
  const read = await decodePicture(plainTiff(picture, 4, { entries, more: { 0x112: [6] } }));
  assert.deepEqual([read.width, read.height], [4, 6]);
  const density = 300 / 0.0254;
  for (const format of ["png", "jpeg", "webp", "avif"] as const) {
    const { metadata } = await decodePicture(await encodePicture(read, { format }));
    assert.deepEqual([metadata.icc, metadata.xmp], [icc, xmp], format);
    assert.ok(Math.abs(metadata.density!.x - density) < 1, format);
    const exif = readTiffDirectory(metadata.exif!)!;
    assert.deepEqual(exif.entries.get(0x8298)!.value, copyright, format);
    assert.deepEqual(numbersOf(exif, 0x112), [1], format);
    assert.equal(exif.entries.has(0x8825), false);
  }
});

Deno.test("TIFF: 8 and 16 bits are written and read again without loss, with all metadata", async () => {
  for (const channels of [1, 2, 3, 4] as const) {
    for (const depth of [8, 16] as const) {
      const icc = testProfile(channels <= 2 ? "GRAY" : "RGB ", 333);
      const picture = testPicture(37, 23, channels, depth, { icc });
      assert.deepEqual(
        await decodePicture(await encodePicture(picture, { format: "tiff" })),
        picture,
      );
    }
  }
  const xmp = latin1("<x:xmpmeta/>");
  const iptc = concatBytes([
    latin1("8BIM\x04\x04\0\0\0\0\0\x08"),
    Uint8Array.of(28, 2, 5, 0, 3, 1, 2, 3),
  ]);
  const density = { x: 300 / 0.0254, y: 300 / 0.0254 };
  for (const little of [true, false]) {
    const exif = uprightExif(testExif(1, little))!;
    const picture = testPicture(9, 7, 3, 8, { xmp, iptc, density, exif });
    const { metadata } = await decodePicture(await encodePicture(picture, { format: "tiff" }));
    assert.deepEqual([metadata.xmp, metadata.iptc], [xmp, iptc]);
    assert.ok(Math.abs(metadata.density!.x - density.x) < 1);
    const main = readTiffDirectory(metadata.exif!)!;
    assert.deepEqual(main.entries.get(0x010f)!.value, latin1("maker\0"));
    const detail = readTiffDirectory(metadata.exif!, numbersOf(main, 0x8769)[0])!;
    assert.deepEqual([numbersOf(detail, 0xa002), numbersOf(detail, 0xa003)], [[9], [7]]);
  }
});

Deno.test("TIFF: pages keep their sizes, depths, profiles and densities", async () => {
  const icc = testProfile("RGB ", 333);
  const density = { x: 300 / 0.0254, y: 300 / 0.0254 };
  const pictures = [
    testPicture(9, 7, 3, 8, { icc }),
    testPicture(31, 5, 1, 16, { density, exif: uprightExif(testExif(1, true))! }),
    testPicture(4, 19, 4, 8, { xmp: latin1("<x:xmpmeta/>") }),
  ];
  const file = concatBytes(await Array.fromAsync(encodeTiffPages(pictures, 3)));
  const opened = (await openTiffPages(file))!;
  assert.equal(opened.count, 3);
  const pages = await Array.fromAsync(opened.pages());
  for (const [i, { metadata, ...page }] of pages.entries()) {
    const { metadata: wanted, ...picture } = pictures[i];
    assert.deepEqual(page, picture, `page ${i}`);
    assert.deepEqual([metadata.icc, metadata.xmp], [wanted.icc, wanted.xmp]);
  }
  assert.ok(Math.abs(pages[1].metadata.density!.x - density.x) < 1);
  const main = readTiffDirectory(pages[1].metadata.exif!)!;
  const detail = readTiffDirectory(pages[1].metadata.exif!, numbersOf(main, 0x8769)[0])!;
  assert.deepEqual(numbersOf(detail, 0xa002), [31]);
  const { notes, data } = await decodePicture(file);
  assert.deepEqual(notes, ["of the 3 pages only the first is read"]);
  assert.deepEqual(data, pictures[0].data);
  assert.equal(
    await openTiffPages(await encodePicture(pictures[0], { format: "tiff" })),
    undefined,
  );
});

Deno.test("TIFF: smaller copies of a page and masks are no pages, and a damaged page is named", async () => {
  const pictures = [testPicture(9, 7, 3), testPicture(4, 3, 3), testPicture(5, 6, 3)];
  const file = concatBytes(await Array.fromAsync(encodeTiffPages(pictures, 3)));
  const second = viewOf(file).getUint32(8 + 2 + 12 * viewOf(file).getUint16(8, true), true);
  assert.equal(viewOf(file).getUint16(second + 2, true), 0xfe);
  for (const kind of [1, 4]) {
    viewOf(file).setUint32(second + 10, kind, true);
    const opened = (await openTiffPages(file))!;
    const sizes = (await Array.fromAsync(opened.pages())).map(({ width }) => width);
    assert.deepEqual(sizes, [9, 5]);
  }
  const loop = file.slice();
  viewOf(loop).setUint32(second + 2 + 12 * viewOf(file).getUint16(second, true), second, true);
  assert.equal(await openTiffPages(loop), undefined);
  const cut = (await openTiffPages(file.subarray(0, file.length - 20)))!;
  await assert.rejects(
    Array.fromAsync(cut.pages()),
    (error) => error instanceof InputError && /^Page 2: .*damaged/.test(error.message),
  );
});

Deno.test("TIFF: a picture of several bands comes whole, at once and in rows, in strips and in tiles", async () => {
  const picture = testPicture(1811, 1203, 3);
  const stored = bytesOf(picture.data, true);
  const strips = plainTiff(picture, 12);
  const tiles: Uint8Array[] = [];
  for (let y = 0; y < 1203; y += 128) {
    for (let x = 0; x < 1811; x += 128) {
      const tile = new Uint8Array(128 * 128 * 3);
      for (let row = 0; row < Math.min(128, 1203 - y); row++) {
        const at = ((y + row) * 1811 + x) * 3;
        tile.set(stored.subarray(at, at + Math.min(128, 1811 - x) * 3), row * 128 * 3);
      }
      tiles.push(tile);
    }
  }
  const tiled = plainTiff(picture, 1203, { pieces: tiles, more: { 0x142: [128], 0x143: [128] } });
  const packed = await encodePicture(picture, { format: "tiff" });
  const path = await Deno.makeTempFile({ suffix: ".tif" });
  for (const file of [strips, tiled, packed]) {
    const { data } = await decodePicture(file);
    assert.ok(data.every((value, i) => value === picture.data[i]));
    await Deno.writeFile(path, file);
    const opened = (await openTiffRows(path, sourceOf(file), 2 ** 24))!;
    for (let walk = 0; walk < 2; walk++) {
      let at = 0;
      for await (const rows of opened.rows) {
        assert.ok(rows.every((value, i) => value === picture.data[at + i]));
        at += rows.length;
      }
      assert.equal(at, picture.data.length);
    }
  }
  await Deno.remove(path);
});

Deno.test("TIFF: IPTC stands among Photoshop's resources, or as records alone", async () => {
  const records = Uint8Array.of(0x1c, 2, 120, 0, 3, 97, 98, 99);
  const resource = concatBytes([latin1("8BIM\x04\x04\0\0\0\0\0\x08"), records]);
  const among: TiffEntry = { tag: 0x8649, type: 1, count: resource.length, value: resource };
  const alone: TiffEntry = { tag: 0x83bb, type: 4, count: 2, value: records };
  const thumbnail = latin1("8BIM\x04\x0c\0\0\0\0\0\0");
  const other: TiffEntry = { tag: 0x8649, type: 1, count: 12, value: thumbnail };
  for (const entries of [[among], [alone], [among, alone], [other, alone]]) {
    const { metadata } = await decodePicture(plainTiff(testPicture(6, 4, 3), 4, { entries }));
    assert.deepEqual(metadata.iptc, resource);
  }
});

Deno.test("TIFF: a damaged strip or tile is refused, and does not become black", async () => {
  const picture = testPicture(64, 96, 3);
  const halves = [0, 1].map((i) => picture.data.slice(i * 64 * 48 * 3, (i + 1) * 64 * 48 * 3));
  const sound = halves.map((half) => new Uint8Array(deflateSync(half)));
  const broken = [sound[0], sound[1].map((byte, i) => i < 40 ? 255 : byte)];
  for (const more of [{ 0x116: [48] }, { 0x142: [64], 0x143: [48] }]) {
    const fileOf = (pieces: Uint8Array[]) =>
      rawTiff({
        width: 64,
        height: 96,
        bits: 8,
        samples: 3,
        colours: RGB,
        pieces,
        compression: 8,
        more,
      });
    assert.deepEqual((await decodePicture(fileOf(sound))).data, picture.data);
    await assert.rejects(decodePicture(fileOf(broken)), /damaged.*Decoding error/);
  }
});

Deno.test("TIFF: a compression that libvips lacks is named, in strips and in tiles", async () => {
  for (const [compression, name] of [[6, "old style"], [50000, "Zstandard"], [50001, "WebP"]]) {
    for (const more of [{}, { 0x142: [16], 0x143: [16] }]) {
      const change = { compression: Number(compression), more };
      await assert.rejects(
        decodePicture(plainTiff(testPicture(16, 16, 3), 16, change)),
        new RegExp(`is compressed by .*${name}, which Tessera cannot read`),
      );
    }
  }
});

Deno.test("TIFF: a smaller copy before the picture is passed over", async () => {
  const [small, picture] = [testPicture(3, 2, 3), testPicture(6, 4, 3)];
  const file = concatBytes(await Array.fromAsync(encodeTiffPages([small, picture], 2)));
  assert.equal(viewOf(file).getUint16(8 + 2, true), 0xfe);
  viewOf(file).setUint32(8 + 10, 1, true);
  const { notes, ...read } = await decodePicture(file);
  assert.deepEqual([read.data, notes], [picture.data, undefined]);
});

Deno.test("TIFF: what cannot be read is refused with the reason", async () => {
  const picture = testPicture(6, 4, 3);
  const cases: [Partial<RawTiff>, RegExp][] = [
    [{ compression: 4 }, /cannot be decoded to the end \(Bits\/sample must be 1/],
    [{ compression: 7, pieces: [new Uint8Array(72)] }, /cannot be decoded/],
    [{ width: 0 }, /cannot be decoded/],
    [{ width: 60_000, height: 60_000 }, /more than the limit/],
    [{ width: 600, height: 400 }, /cannot be decoded/],
    [{ pieces: [] }, /cannot be decoded/],
    [{ more: { 0xfe: [1] } }, /LibRaw does not know/],
  ];
  for (const [change, message] of cases) {
    await assert.rejects(decodePicture(plainTiff(picture, 4, change)), (error) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
  for (const bytes of ["II*\0\x08\0\0\0", "MM\0*\0\0\xff\xff", "II*\0"]) {
    await assert.rejects(decodePicture(latin1(bytes)), InputError);
  }
});

/** PackBits with runs and literals. */
function packBits(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    let run = 1;
    while (run < 128 && bytes[at + run] === bytes[at]) run++;
    if (run > 1) parts.push(Uint8Array.of(257 - run, bytes[at]));
    else parts.push(Uint8Array.of(0, bytes[at]));
    at += run;
  }
  return concatBytes(parts);
}

/** LZW of literals only, with a new table before codes would grow. */
function packLzw(bytes: Uint8Array): Uint8Array {
  const codes = [...bytes].flatMap((byte, i) => i % 200 === 0 ? [256, byte] : [byte]);
  const bits = [...codes, 257].map((code) => code.toString(2).padStart(9, "0")).join("");
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) => {
    return parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2);
  });
}

/** Each sample less the one `step` before it in its row. */
function differencesOf(bytes: Uint8Array, stride: number, step: number): Uint8Array {
  return bytes.map((value, i) => i % stride < step ? value : value - bytes[i - step]);
}
