/**
 * JPEG without its permissions. In a file of its own, as a module that failed to load once in a
 * process does not load again.
 */

import assert from "node:assert/strict";
import { UsageError } from "../src/errors.ts";
import { encodePicture } from "../src/pictures/mod.ts";
import { testPicture } from "./pictures_fixtures.ts";

Deno.test({
  name: "permissions: without them JPEG says what it needs",
  permissions: { read: true },
  async fn() {
    await assert.rejects(encodePicture(testPicture(4, 4, 3), { format: "jpeg" }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /--allow-read --allow-env=IMAGESCRIPT_WASM_SIMD --allow-ffi/);
      return true;
    });
  },
});
