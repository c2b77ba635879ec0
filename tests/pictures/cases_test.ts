/**
 * Files that people met and other programs open, each with what has to come out. They are small, made up or
 * freely licensed.
 */

import assert from "node:assert/strict";
import { decodePicture, type Picture } from "../../src/pictures/mod.ts";
import { readTiffDirectory } from "../../src/pictures/tiff/tags.ts";
import { hasShared, shared } from "../reference/shared.ts";

async function read(name: string): Promise<Picture> {
  return await decodePicture(Deno.readFileSync(new URL(`cases/${name}`, import.meta.url)));
}

/** Width, height, channels, depth, and the first samples. */
function shapeOf({ width, height, channels, depth, data }: Picture, samples = 3): number[] {
  return [width, height, channels, depth, ...data.subarray(0, samples)];
}

/** The samples of the pixel at (x, y). */
function pixelOf({ width, channels, data }: Picture, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)];
}

Deno.test("cases: a TIFF's colour map of values below 256 means these, and not black", async () => {
  const picture = await read("tiff_8bit_colormap.tif");
  assert.deepEqual(shapeOf(picture), [256, 144, 3, 8, 45, 51, 84]);
  assert.deepEqual(pixelOf(picture, 230, 3), [25, 40, 86]);
});

Deno.test("cases: a fax, and the bits of each byte in either order", async () => {
  const fax = await read("tiff_ccitt_g4.tif");
  assert.deepEqual(shapeOf(fax, 0), [256, 144, 1, 8]);
  const share = (fax.data as Uint8Array).filter((value) => value > 0).length / fax.data.length;
  assert.ok(share > 0.1 && share < 0.9, `${share} is white`);
  const plain = await read("tiff_fillorder1.tif");
  const turned = await read("tiff_fillorder2.tif");
  assert.ok(turned.data.every((value, i) => value === plain.data[i]));
});

Deno.test("cases: CMYK in JPEG in TIFF", async () => {
  const picture = await read("tiff_cmyk_jpeg.tif");
  assert.deepEqual(shapeOf(picture, 0), [256, 144, 3, 8]);
  // By the plain formula from C 105, M 89, Y 0, K 170, and C 176, M 130, Y 0, K 172.
  assert.deepEqual(pixelOf(picture, 0, 0), [50, 55, 85]);
  assert.deepEqual(pixelOf(picture, 230, 3), [26, 41, 83]);
  assert.match(picture.notes![0], /CMYK colours have no profile/);
});

Deno.test("cases: AVIF with a clean aperture, without pixi, and of 12 bits", async () => {
  assert.deepEqual(shapeOf(await read("avif_clap.avif"), 0), [40, 40, 3, 8]);
  assert.deepEqual(shapeOf(await read("avif_missing_pixi.avif")), [128, 128, 3, 8, 20, 21, 69]);
  const deep = await read("avif_2mp_default_x4.avif");
  assert.deepEqual(shapeOf(deep, 0), [1700, 1275, 3, 16]);
  assert.equal(deep.data[0], Math.round(4056 / 4095 * 65535));
});

Deno.test("cases: a WebP whose first frame is smaller than the canvas", async () => {
  const picture = await read("webp_first_frame_smaller_than_canvas.webp");
  assert.deepEqual(shapeOf(picture, 0), [80, 80, 4, 8]);
  assert.deepEqual(pixelOf(picture, 5, 5)[3], 0);
  assert.match(picture.notes![0], /of the 9 frames only the first/);
});

Deno.test("cases: a GIF with more bits than colours need", async () => {
  const picture = await read("gif_lzw_11_bits.gif");
  assert.deepEqual(shapeOf(picture), [100, 100, 3, 8, 56, 56, 56]);
  assert.deepEqual(pixelOf(picture, 98, 9), [80, 72, 80]);
});

Deno.test("cases: EXIF and XMP that JPEG XL packs", async () => {
  const { metadata, ...picture } = await read("jxl_brob_exif.jxl");
  assert.deepEqual(shapeOf({ ...picture, metadata }, 0), [135, 240, 3, 8]);
  const exif = readTiffDirectory(metadata.exif!)!;
  assert.ok(exif.entries.has(0x013b), "the artist");
  assert.ok(exif.entries.has(0x8825), "the place");
  assert.match(new TextDecoder().decode(metadata.xmp), /title/);
});

Deno.test("cases: XMP no longer claims the gain map and the video that a phone appended", async () => {
  const { metadata, notes } = await read("jpeg_motion_photo_ultra_hdr.jpg");
  assert.match(
    notes!.join(),
    /gain map \(Ultra HDR\) is left out.*video \(motion photo\) is left out/,
  );
  const xmp = new TextDecoder().decode(metadata.xmp);
  const claims = /hdrgm:Version|MotionPhoto=|MicroVideo|Semantic|Directory|Item:Length/;
  assert.doesNotMatch(xmp, claims);
  assert.match(xmp, /<rdf:Description[^>]*>\s*<\/rdf:Description>|<rdf:Description[^>]*\/>/);
  assert.match(xmp, /<\/x:xmpmeta>/);
});

Deno.test("cases: a BMP whose alpha is 0 everywhere is opaque", async () => {
  const picture = await read("bmp_v5_alpha_all_zero.bmp");
  assert.deepEqual(shapeOf(picture), [96, 64, 3, 8, 116, 75, 63]);
  assert.deepEqual(pixelOf(picture, 90, 3), [127, 68, 51]);
});

Deno.test({
  name: "cases: a TIFF tile as wide as the picture is no strip (../shared/cases)",
  ignore: !hasShared("cases"),
  async fn() {
    const file = await Deno.readFile(shared("cases/tiff_tile_as_wide_as_picture.tif"));
    const picture = await decodePicture(file);
    assert.deepEqual(shapeOf(picture), [256, 300, 3, 8, 26, 37, 79]);
    assert.deepEqual(pixelOf(picture, 100, 50), [38, 61, 119]);
    assert.deepEqual(pixelOf(picture, 255, 299), [107, 95, 102]);
  },
});

Deno.test("cases: a JPEG of arithmetic coding", async () => {
  const picture = await read("jpeg_arithmetic.jpg");
  assert.deepEqual(shapeOf(picture), [24, 16, 3, 8, 254, 0, 2]);
  assert.deepEqual(pixelOf(picture, 23, 15), [0, 1, 252]);
});

Deno.test("cases: 10 bits of a JPEG XL reach from 0 to 65535", async () => {
  const picture = await read("jxl_10_bits.jxl");
  assert.deepEqual(shapeOf(picture, 0), [64, 16, 3, 16]);
  assert.deepEqual(pixelOf(picture, 0, 0), [0, 65535, 0]);
  assert.deepEqual(pixelOf(picture, 63, 15), [65535, 0, 65535]);
  const row = Array.from({ length: 64 }, (_, x) => pixelOf(picture, x, 7)[0]);
  row.forEach((value, x) => assert.ok(Math.abs(value - x / 63 * 65535) < 65, `${x}: ${value}`));
});
