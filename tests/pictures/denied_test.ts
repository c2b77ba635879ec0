/**
 * Codecs without their permissions. In a file of its own, as a module that failed to load once in a
 * process does not load again.
 */

import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { encodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "./fixtures.ts";

for (const format of ["jpeg", "webp", "avif", "jxl"] as const) {
  Deno.test({
    name: `permissions: without them ${format} says what it needs`,
    permissions: "none",
    async fn() {
      await assert.rejects(encodePicture(testPicture(4, 4, 3), { format }), (error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, /could not be loaded/);
        assert.doesNotMatch(error.message, /Run with|use PNG/);
        assert.deepEqual(error.remedies, ["permissions", "another format"]);
        return true;
      });
    },
  });
}
