/**
 * Files made to attack the reader of weights: each is refused with its reason, soon, in little memory,
 * and nothing in it runs. A few of each kind; `TESSERA_TEST=all` makes 500, and measures memory.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError } from "../../src/errors.ts";
import { loadModel } from "../../src/weights/library.ts";
import { readWeights } from "../../src/weights/read_weights.ts";
import { type Attack, attacks, KINDS } from "./hostile_weights.ts";
import { inFolder } from "../cli/program.ts";
import { withRandom } from "../reference/random.ts";
import { hasShared, shared } from "../reference/shared.ts";

const ALL = Deno.env.get("TESSERA_TEST") === "all";

/** The longest that a refusal may take, in milliseconds. */
const MOST_MS = 5000;

async function assertRefused({ what, file, reason }: Attack): Promise<void> {
  const start = performance.now();
  await assert.rejects(readWeights(file), (error) => {
    assert.ok(error instanceof ModelError, `${what}: ${(error as Error).stack}`);
    assert.match(error.message, reason, `${what}: ${error.message}`);
    return true;
  }, what);
  const took = performance.now() - start;
  assert.ok(took < MOST_MS, `${what}: took ${took.toFixed(0)} ms`);
}

Deno.test("readWeights() refuses some hostile files of each kind, with the reason", async () => {
  await inFolder(async (folder) => {
    const marker = join(folder, "it-ran");
    await withRandom(async (random) => {
      for (const attack of attacks(random, marker, 3)) await assertRefused(attack);
    });
    assert.deepEqual([...Deno.readDirSync(folder)], [], "something in a file was executed");
  });
});

Deno.test({
  name: "readWeights() refuses 500 hostile files (TESSERA_TEST=all)",
  ignore: !ALL,
  fn: () =>
    inFolder(async (folder) => {
      let count = 0;
      await withRandom(async (random) => {
        for (const attack of attacks(random, join(folder, "it-ran"))) {
          await assertRefused(attack);
          count++;
        }
      });
      assert.equal(count, KINDS.reduce((sum, { share }) => sum + share, 0));
      assert.ok(count >= 500, `${count}`);
      assert.deepEqual([...Deno.readDirSync(folder)], [], "something in a file was executed");
    }),
});

Deno.test({
  name: "loadModel() refuses every file of ../shared/hostile",
  ignore: !hasShared("hostile"),
  async fn() {
    const names = [...Deno.readDirSync(shared("hostile"))].map(({ name }) => name);
    assert.ok(names.length > 40, `${names.length}`);
    for (const name of names) {
      const start = performance.now();
      await assert.rejects(loadModel(shared(`hostile/${name}`)), (error) => {
        assert.ok(error instanceof ModelError, `${name}: ${(error as Error).stack}`);
        const isProgram = /^malicious(?!1.*(zip|7z)$|6)|sploit|bypass|broken/.test(name);
        if (isProgram) {
          assert.match(error.message, /Pickle asks for "[\w.]+", which is no part/, name);
        }
        return true;
      });
      assert.ok(performance.now() - start < MOST_MS, name);
    }
  },
});
