/**
 * Real files: every picture of the shared test sets decodes.
 */

import assert from "node:assert/strict";
import {
  applyOrientation,
  decodePicture,
  encodePicture,
  type Orientation,
  type Picture,
  readOrientation,
} from "../../src/pictures/mod.ts";
import { hasSharedImages, SHARED_IMAGES } from "./fixtures.ts";

const ignore = !hasSharedImages();

/** Width, height, channels, depth and the metadata of some files, as other programs tell them. */
const SHAPES: Record<string, [number, number, number, number, string]> = {
  "formats/adobe-rgb.jpg": [640, 360, 3, 8, "icc"],
  "formats/cmyk.jpg": [320, 213, 3, 8, ""],
  "formats/display-p3.jpg": [640, 360, 3, 8, "icc"],
  "formats/flower_420_progr.jpg": [2268, 1512, 3, 8, ""],
  "formats/flower_gray.jpg": [2268, 1512, 1, 8, ""],
  "formats/palette.png": [320, 213, 3, 8, "icc"],
  "formats/photo.bmp": [320, 213, 3, 8, "density"],
  "formats/photo.tif": [320, 213, 3, 8, "icc"],
  "formats/photo.webp": [320, 213, 3, 8, ""],
  "formats/picasa.jpg": [100, 75, 3, 8, "density exif iptc xmp"],
  "formats/portrait-orientation-6.jpg": [840, 700, 1, 8, "exif iptc texts xmp"],
  "RealESRGAN_inputs/00017_gray.png": [500, 351, 1, 8, "density xmp"],
  "RealESRGAN_inputs/children-alpha.png": [566, 350, 4, 8, ""],
  "RealESRGAN_inputs/tree_alpha_16bit.png": [342, 256, 4, 16, "density icc xmp"],
  "RealESRGAN_inputs/wolf_gray.jpg": [236, 236, 1, 8, "density exif icc iptc xmp"],
};

async function decodeFile(path: string): Promise<Picture> {
  return await decodePicture(await Deno.readFile(new URL(path, SHARED_IMAGES)));
}

for (const folder of ["formats", "RealESRGAN_inputs", "RealSRSet", "Set5", "Set14", "Set14_LRx4"]) {
  Deno.test({
    name: `files: each of ${folder} decodes (../shared/images)`,
    ignore,
    async fn() {
      for await (const { name } of Deno.readDir(new URL(`${folder}/`, SHARED_IMAGES))) {
        const { width, height, channels, data } = await decodeFile(`${folder}/${name}`);
        assert.equal(data.length, width * height * channels, name);
      }
    },
  });
}

Deno.test({
  name: "files: sizes, channels, depths and metadata are right (../shared/images)",
  ignore,
  async fn() {
    for (const [path, shape] of Object.entries(SHAPES)) {
      const { width, height, channels, depth, metadata } = await decodeFile(path);
      const kept = Object.keys(metadata).sort().join(" ");
      assert.deepEqual([width, height, channels, depth, kept], shape, path);
    }
  },
});

Deno.test({
  name: "files: all orientations of the same stored pixels, turned back, agree (../shared/images)",
  ignore,
  async fn() {
    const inverses: [number, Orientation][] = [[3, 3], [4, 4], [5, 5], [6, 8], [7, 7], [8, 6]];
    const stored = applyOrientation(await decodeFile("formats/orientation-2.jpg"), 2);
    for (const [orientation, inverse] of inverses) {
      const picture = await decodeFile(`formats/orientation-${orientation}.jpg`);
      assert.equal(picture.width, orientation < 5 ? 320 : 213);
      assert.equal(readOrientation(picture.metadata.exif!), 1);
      assert.deepEqual(applyOrientation(picture, inverse).data, stored.data, `${orientation}`);
    }
  },
});

Deno.test({
  name: "files: profiles come out of each format as they went in (../shared/images)",
  ignore,
  async fn() {
    for (const path of ["formats/display-p3.jpg", "formats/palette.png"]) {
      const picture = await decodeFile(path);
      for (const format of ["png", "jpeg", "webp", "avif"] as const) {
        const again = await decodePicture(await encodePicture(picture, { format }));
        assert.deepEqual(again.metadata.icc, picture.metadata.icc, `${path} to ${format}`);
      }
    }
  },
});

Deno.test({
  name: "files: 16 bits with alpha come back exactly (../shared/images)",
  ignore,
  async fn() {
    const picture = await decodeFile("RealESRGAN_inputs/tree_alpha_16bit.png");
    assert.ok(new Set(picture.data).size > 256);
    assert.deepEqual(await decodePicture(await encodePicture(picture, { format: "png" })), picture);
  },
});
