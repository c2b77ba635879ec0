/** HEIC and raw files of cameras: small ones, made here or by ImageMagick. */

import assert from "node:assert/strict";
import { latin1 } from "../../src/pictures/bytes.ts";
import { decodePicture } from "../../src/pictures/mod.ts";
import { numbersOf, readTiffDirectory } from "../../src/pictures/tiff/tags.ts";
import { testDng } from "./fixtures.ts";

const CONVERT = "/usr/bin/convert";

function hasConvert(): boolean {
  try {
    return Deno.statSync(CONVERT).isFile;
  } catch {
    return false;
  }
}

Deno.test("a DNG is developed: white balance, 16 bits, orientation, EXIF", async () => {
  const picture = await decodePicture(testDng(6));
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
  await assert.rejects(decodePicture(testDng(1).subarray(0, 4000)), { name: "InputError" });
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
