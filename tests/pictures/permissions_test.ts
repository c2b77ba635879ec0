/**
 * The permissions that the codecs need, and no more. Each codec is imported for the first time in this
 * process by the test that names its permissions.
 */

import assert from "node:assert/strict";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "./fixtures.ts";

const picture = testPicture(20, 10, 3);

Deno.test({
  name: "permissions: PNG needs none",
  permissions: "none",
  async fn() {
    const png = await encodePicture(picture, { format: "png" });
    assert.deepEqual(await decodePicture(png), picture);
  },
});

for (const format of ["webp", "avif", "jxl", "jpeg"] as const) {
  Deno.test({
    name: `permissions: ${format} needs read, to write and to read`,
    permissions: { read: true },
    async fn() {
      const file = await encodePicture(picture, { format });
      assert.equal((await decodePicture(file)).width, 20);
    },
  });
}
