/** HEIC and raw files of cameras: small ones, made here or by ImageMagick. */

import assert from "node:assert/strict";
import { concatBytes, latin1, viewOf } from "../../src/pictures/bytes.ts";
import { decodePicture } from "../../src/pictures/mod.ts";
import {
  entryOf,
  numbersOf,
  readTiffDirectory,
  TIFF_TYPE,
  type TiffEntry,
  tiffHeader,
  writeTiffDirectory,
} from "../../src/pictures/tiff/tags.ts";

const CONVERT = "/usr/bin/convert";

function hasConvert(): boolean {
  try {
    return Deno.statSync(CONVERT).isFile;
  } catch {
    return false;
  }
}

Deno.test("a DNG is developed: white balance, 16 bits, orientation, EXIF", async () => {
  const picture = await decodePicture(dng(6));
  assert.deepEqual([picture.width, picture.height, picture.depth], [48, 64, 16]);
  assert.equal(picture.channels, 3);
  // A grey surface under a light that the sensor sees as 0.5, 1, 0.7 is grey again.
  const middle = (24 * 1 + 32 * 48) * 3;
  const [red, green, blue] = picture.data.subarray(middle, middle + 3);
  assert.ok(green > 5000, `${green}`);
  for (const value of [red, blue]) {
    assert.ok(Math.abs(value - green) < 0.03 * green, `${red}, ${green}, ${blue}`);
  }
  const exif = readTiffDirectory(picture.metadata.exif!)!;
  assert.deepEqual(exif.entries.get(0x010f)!.value, latin1("Maker\0"));
  assert.deepEqual(numbersOf(exif, 0x0112), [1]);
});

Deno.test("a damaged DNG is refused in one sentence", async () => {
  await assert.rejects(decodePicture(dng(1).subarray(0, 4000)), { name: "InputError" });
});

Deno.test({
  name: "a HEIC is read as ImageMagick reads it (convert)",
  ignore: !hasConvert(),
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/a.heic`;
    const scene = ["-size", "64x48", "gradient:red-blue", "-quality", "90"];
    await new Deno.Command(CONVERT, { args: [...scene, path] }).output();
    const { stdout } = await new Deno.Command(CONVERT, { args: [path, "-depth", "8", "rgb:-"] })
      .output();
    const picture = await decodePicture(await Deno.readFile(path));
    assert.deepEqual([picture.width, picture.height, picture.channels], [64, 48, 3]);
    const most = stdout.reduce((most, value, i) => {
      return Math.max(most, Math.abs(value - picture.data[i]));
    }, 0);
    assert.ok(most <= 4, `${most} levels`);
    await assert.rejects(decodePicture((await Deno.readFile(path)).subarray(0, 300)), {
      name: "InputError",
    });
    await Deno.remove(folder, { recursive: true });
  },
});

/** A DNG of 64 x 48 pixels in a Bayer pattern, a grey surface under coloured light. */
function dng(orientation: number): Uint8Array {
  const [width, height] = [64, 48];
  const seen = [0.5, 1, 0.7];
  const mosaic = new Uint8Array(width * height * 2);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const colour = y % 2 === 0 ? (x % 2 === 0 ? 0 : 1) : (x % 2 === 0 ? 1 : 2);
    viewOf(mosaic).setUint16(2 * i, 8000 * seen[colour], true);
  }
  const { short, long, rational } = TIFF_TYPE;
  const bytes = (tag: number, type: number, value: Uint8Array, count = value.length): TiffEntry => {
    return { tag, type, count, value };
  };
  const matrix = [3.2404542, -1.5371385, -0.4985314, -0.969266, 1.8760108, 0.041556];
  const signed = new Uint8Array(72);
  [...matrix, 0.0556434, -0.2040259, 1.0572252].forEach((value, i) => {
    viewOf(signed).setInt32(8 * i, Math.round(value * 10_000), true);
    viewOf(signed).setInt32(8 * i + 4, 10_000, true);
  });
  const at = 8 + mosaic.length;
  const entries: TiffEntry[] = [
    entryOf(0x00fe, long, [0], true),
    entryOf(0x0100, long, [width], true),
    entryOf(0x0101, long, [height], true),
    entryOf(0x0102, short, [16], true),
    entryOf(0x0103, short, [1], true),
    entryOf(0x0106, short, [32803], true),
    bytes(0x010f, 2, latin1("Maker\0")),
    bytes(0x0110, 2, latin1("Model\0")),
    entryOf(0x0111, long, [8], true),
    entryOf(0x0112, short, [orientation], true),
    entryOf(0x0115, short, [1], true),
    entryOf(0x0116, long, [height], true),
    entryOf(0x0117, long, [mosaic.length], true),
    entryOf(0x011c, short, [1], true),
    entryOf(0x828d, short, [2, 2], true),
    bytes(0x828e, 1, Uint8Array.of(0, 1, 1, 2)),
    bytes(0xc612, 1, Uint8Array.of(1, 4, 0, 0)),
    bytes(0xc614, 2, latin1("Maker Model\0")),
    entryOf(0xc61d, long, [16383], true),
    bytes(0xc621, 10, signed, 9),
    entryOf(0xc628, rational, seen, true),
    entryOf(0xc65a, short, [21], true),
  ];
  return concatBytes([tiffHeader(at, true), mosaic, writeTiffDirectory(entries, at, 0, true)]);
}
