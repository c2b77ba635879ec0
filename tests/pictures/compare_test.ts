/**
 * The same files read by another program, ImageMagick of Debian, which uses the formats' reference
 * libraries: at most 2 levels of 255 apart. Slow: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import {
  convertDepth,
  decodePicture,
  encodePicture,
  type Picture,
  toSrgb,
} from "../../src/pictures/mod.ts";
import { hasSharedImages, SHARED_IMAGES } from "./fixtures.ts";

const CONVERT = "/usr/bin/convert";
const TIFICC = "/usr/bin/tificc";
const PROFILES = "/usr/share/color/icc/ghostscript/";
const LEVELS = 2;

const ignore = Deno.env.get("TESSERA_TEST") !== "all" || !hasSharedImages() || !exists(CONVERT);

/** Options of the other program that make one file of each layout from a photograph. */
const VARIANTS: [name: string, options: string[], levels?: number][] = [
  ["none.tif", ["-compress", "None"]],
  ["lzw.tif", ["-compress", "LZW"]],
  ["lzw-differences.tif", ["-compress", "LZW", "-define", "tiff:predictor=2"]],
  ["deflate.tif", ["-compress", "Zip"]],
  ["packbits.tif", ["-compress", "RLE"]],
  ["jpeg.tif", ["-compress", "JPEG"]],
  ["16-bit.tif", ["-depth", "16", "-sigmoidal-contrast", "3", "-compress", "Zip"]],
  ["16-bit-big-endian.tif", [
    "-depth",
    "16",
    "-resize",
    "90%",
    "-endian",
    "MSB",
    "-compress",
    "LZW",
  ]],
  ["planes.tif", ["-interlace", "plane", "-compress", "Zip"]],
  ["tiles.tif", ["-define", "tiff:tile-geometry=64x64", "-compress", "Zip"]],
  ["grey.tif", ["-colorspace", "Gray"]],
  ["grey-4-bit.tif", ["-colorspace", "Gray", "-depth", "4", "-type", "Grayscale"]],
  ["black-white.tif", ["-monochrome"]],
  ["palette.tif", ["-colors", "60", "-type", "Palette"]],
  ["cmyk.tif", ["-colorspace", "CMYK"]],
  ["alpha.tif", ["-alpha", "set", "-channel", "A", "-fx", "i/w"]],
  ["premultiplied.tif", [
    "-alpha",
    "set",
    "-channel",
    "A",
    "-fx",
    "i/w",
    "-define",
    "tiff:alpha=associated",
  ]],
  ["turned.tif", ["-orient", "RightTop"]],
  ["group4.tif", ["-monochrome", "-compress", "Group4"]],
  ["group3.tif", ["-monochrome", "-compress", "Fax"]],
  ["low-bit-first.tif", ["-monochrome", "-compress", "Fax", "-define", "tiff:fill-order=lsb"]],
  ["white-is-zero.tif", ["-colorspace", "Gray", "-define", "quantum:polarity=min-is-white"]],
  ["float.tif", ["-depth", "32", "-define", "quantum:format=floating-point"]],
  ["half.tif", ["-depth", "16", "-define", "quantum:format=floating-point"]],
  ["16-bit-cmyk.tif", ["-colorspace", "CMYK", "-depth", "16", "-compress", "LZW"], 3],
  ["one-strip.tif", ["-define", "tiff:rows-per-strip=100000"]],
  ["BigTIFF/big.tif", ["-compress", "LZW"]],
  ["turned-3.tif", ["-orient", "BottomRight"]],
  ["turned-5.tif", ["-orient", "LeftTop"]],
  ["turned-8.tif", ["-orient", "LeftBottom"]],
  ["256.gif", []],
  ["4.gif", ["-colors", "4"]],
  ["interlaced.gif", ["-interlace", "GIF"]],
  ["transparent.gif", ["-fuzz", "20%", "-transparent", "white"]],
  ["8-bit-runs.bmp", ["-colors", "200", "-type", "Palette", "-compress", "RLE"]],
  ["4-bit.bmp", ["-colors", "16", "-type", "Palette"]],
  ["1-bit.bmp", ["-monochrome"]],
  ["32-bit.bmp", ["-alpha", "set", "-channel", "A", "-fx", "i/w"]],
  ["16-bit.bmp", ["-define", "bmp:subtype=RGB565"]],
  ["grey.bmp", ["-colorspace", "Gray"]],
  ["lossy.webp", ["-quality", "90"]],
  ["lossless.webp", [
    "-define",
    "webp:lossless=true",
    "-alpha",
    "set",
    "-channel",
    "A",
    "-fx",
    "i/w",
  ]],
  ["progressive.jpg", ["-interlace", "JPEG", "-sampling-factor", "4:1:1"]],
];

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function convert(...args: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const output = await new Deno.Command(CONVERT, { args, stdout: "piped", stderr: "piped" })
    .output();
  return output.stdout;
}

/** Reads a file with the other program, in the shape of `picture`. */
async function readElsewhere(
  path: string,
  picture: Picture,
  ...args: string[]
): Promise<Picture["data"]> {
  const { channels, depth } = picture;
  const kind = ["gray", "graya", "rgb", "rgba"][channels - 1];
  const bytes = await convert(
    `${path}[0]`,
    "-auto-orient",
    ...args,
    ...[
      "-colorspace",
      channels <= 2 ? "Gray" : "sRGB",
      "-alpha",
      channels % 2 === 0 ? "on" : "off",
    ],
    ...["-depth", `${depth}`, "-endian", "LSB", `${kind}:-`],
  );
  return depth === 8 ? bytes : new Uint16Array(bytes.buffer, 0, bytes.length >> 1);
}

/** Asserts that no sample differs by more than `levels` of 255. */
function assertNear(picture: Picture, other: Picture["data"], levels: number, name: string): void {
  assert.equal(picture.data.length, other.length, name);
  let most = 0;
  const { data } = picture;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i] - other[i]));
  const limit = picture.depth === 8 ? levels : levels * 257;
  assert.ok(most <= limit, `${name}: ${most} of ${limit}`);
}

async function decodeFile(path: string): Promise<Picture> {
  return await decodePicture(await Deno.readFile(path));
}

for (const folder of ["formats", "RealESRGAN_inputs"]) {
  Deno.test({
    name: `compare: each of ${folder} with ImageMagick (../shared/images, TESSERA_TEST=all)`,
    ignore,
    async fn() {
      const url = new URL(`${folder}/`, SHARED_IMAGES);
      for await (const { name } of Deno.readDir(url)) {
        const path = new URL(name, url).pathname;
        const picture = await decodeFile(path);
        assertNear(picture, await readElsewhere(path, picture), LEVELS, name);
      }
    },
  });
}

Deno.test({
  name:
    "compare: files that ImageMagick writes, of every layout (../shared/images, TESSERA_TEST=all)",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const photo = new URL("formats/photo.bmp", SHARED_IMAGES).pathname;
    for (const [name, options, levels = LEVELS] of VARIANTS) {
      const [coder, file] = name.includes("/") ? ["TIFF64:", name.slice(8)] : ["", name];
      const path = `${folder}/${file}`;
      await convert(photo, ...options, `${coder}${path}`);
      const picture = await decodeFile(path);
      assertNear(picture, await readElsewhere(path, picture), levels, name);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "compare: ImageMagick reads what we write (../shared/images, TESSERA_TEST=all)",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const photo = await decodeFile(new URL("formats/display-p3.jpg", SHARED_IMAGES).pathname);
    for (const format of ["png", "jpeg", "webp", "avif"] as const) {
      const path = `${folder}/photo.${format}`;
      await Deno.writeFile(path, await encodePicture(photo, { format, lossless: true }));
      const again = await decodeFile(path);
      // Debian's AVIF library rounds colours otherwise than libavif.
      const levels = format === "avif" ? 3 : LEVELS;
      assertNear(again, await readElsewhere(path, again), levels, format);
      // ImageMagick 6 does not look at an AVIF file's profile.
      if (format === "avif") continue;
      await convert(path, `${path}.icc`);
      assert.deepEqual(await Deno.readFile(`${path}.icc`), photo.metadata.icc, format);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

/** Converts a file to sRGB with Little CMS alone, without tables made beforehand, which err in 16 bits. */
async function convertByLcms(from: string, icc: string, bits: number, to: string): Promise<void> {
  const options = ["-t1", "-b", bits === 8 ? "-c1" : "-c0", `-w${bits}`];
  const args = [...options, `-i${icc}`, "-o*sRGB", from, to];
  const { success } = await new Deno.Command(TIFICC, { args, stdout: "null", stderr: "null" })
    .output();
  assert.ok(success, `tificc ${args.join(" ")}`);
}

async function assertConvertedAlike(folder: string, file: string, icc: string): Promise<void> {
  const picture = await decodeFile(`${folder}/${file}`);
  assert.notEqual(picture.metadata.icc, undefined);
  const converted = await toSrgb(picture);
  assert.equal(converted.metadata.icc, undefined);
  const path = `${folder}/srgb.tif`;
  await convert(`${folder}/${file}`, "-compress", "None", `${folder}/stored.tif`);
  await convertByLcms(`${folder}/stored.tif`, icc, picture.depth, path);
  const { data, depth } = await decodeFile(path);
  assert.equal(depth, picture.depth);
  // One level of the file's own bits: of 65535 in 16.
  assertNear(converted, data, depth === 8 ? 1 : 1 / 257, `${file} by ${icc}`);
}

Deno.test({
  name:
    "compare: sRGB from Display P3, Adobe RGB and ProPhoto with Little CMS (../shared/images, TESSERA_TEST=all)",
  ignore: ignore || !exists(`${PROFILES}rommrgb.icc`) || !exists(TIFICC),
  async fn() {
    const folder = await Deno.makeTempDir();
    for (const name of ["display-p3", "adobe-rgb"]) {
      const jpeg = new URL(`formats/${name}.jpg`, SHARED_IMAGES).pathname;
      await convert(jpeg, `${folder}/${name}.icc`);
      await Deno.copyFile(jpeg, `${folder}/${name}.jpg`);
      await assertConvertedAlike(folder, `${name}.jpg`, `${folder}/${name}.icc`);
    }
    // ROMM RGB is the standard's name for ProPhoto.
    await Deno.copyFile(`${PROFILES}rommrgb.icc`, `${folder}/prophoto.icc`);
    const photo = new URL("formats/photo.bmp", SHARED_IMAGES).pathname;
    for (const name of ["display-p3", "adobe-rgb", "prophoto"]) {
      const icc = `${folder}/${name}.icc`;
      // The photograph's numbers, as numbers of the profile: many colours are then beyond sRGB.
      await convert(photo, "-profile", icc, "-compress", "Zip", `${folder}/8.tif`);
      await assertConvertedAlike(folder, "8.tif", icc);
      await convert(
        photo,
        ...["-depth", "16", "-resize", "90%", "-profile", icc, `${folder}/16.png`],
      );
      await assertConvertedAlike(folder, "16.png", icc);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "compare: CMYK with a profile, in JPEG and TIFF (../shared/images, TESSERA_TEST=all)",
  ignore: ignore || !exists(`${PROFILES}default_cmyk.icc`),
  async fn() {
    const folder = await Deno.makeTempDir();
    const photo = new URL("formats/photo.bmp", SHARED_IMAGES).pathname;
    const [srgb, cmyk] = [`${PROFILES}srgb.icc`, `${PROFILES}default_cmyk.icc`];
    for (const name of ["cmyk.jpg", "cmyk.tif"]) {
      const path = `${folder}/${name}`;
      await convert(photo, "-profile", srgb, "-profile", cmyk, "-quality", "95", path);
      const picture = await decodeFile(path);
      const options = ["-intent", "relative", "-black-point-compensation", "-profile", srgb];
      assert.equal(picture.notes, undefined);
      // The inks of the JPEG file may differ by a level, and the profile steepens that for a few.
      const most = name === "cmyk.jpg" ? 4 : 2;
      assertNear(picture, await readElsewhere(path, picture, ...options), most, name);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "compare: 16 bits stay 16 bits, and dithered to 8 show no steps (TESSERA_TEST=all)",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/gradient.tif`;
    await convert("-size", "64x4096", "gradient:", "-depth", "16", path);
    const gradient = await decodeFile(path);
    assert.equal(gradient.depth, 16);
    assert.ok(new Set(gradient.data).size > 4000);
    const png = await decodePicture(await encodePicture(gradient, { format: "png" }));
    assert.deepEqual(png.data, gradient.data);
    const dithered = convertDepth(gradient, 8, { dither: true });
    const rowMeans = Array.from({ length: 4096 }, (_, y) => {
      return Array.from(dithered.data.subarray(y * 64, y * 64 + 64)).reduce((a, b) => a + b) / 64;
    });
    const error = rowMeans.map((mean, y) => mean - gradient.data[y * 64] / 257);
    assert.ok(Math.max(...error.map(Math.abs)) < 0.5);
    await Deno.remove(folder, { recursive: true });
  },
});
