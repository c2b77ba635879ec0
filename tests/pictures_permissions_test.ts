/**
 * The permissions that the codecs need, and no more. Each half of the JPEG codec is imported for the
 * first time in this process by the test that names its permissions.
 */

import assert from "node:assert/strict";
import { decodePicture, encodePicture } from "../src/pictures/mod.ts";
import { testPicture } from "./pictures_fixtures.ts";

const picture = testPicture(20, 10, 3);
let jpeg: Uint8Array;

Deno.test({
  name: "permissions: PNG needs none",
  permissions: "none",
  async fn() {
    const png = await encodePicture(picture, { format: "png" });
    assert.deepEqual(await decodePicture(png), picture);
  },
});

Deno.test({
  name: "permissions: JPEG needs read and ffi to write",
  permissions: { read: true, ffi: true },
  async fn() {
    jpeg = await encodePicture(picture, { format: "jpeg" });
  },
});

Deno.test({
  name: "permissions: JPEG needs read and one variable to read",
  permissions: { read: true, env: ["IMAGESCRIPT_WASM_SIMD"] },
  async fn() {
    assert.equal((await decodePicture(jpeg)).width, 20);
  },
});
