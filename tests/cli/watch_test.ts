/**
 * `tessera watch` from outside: pictures that are there, that come, that are written slowly and that are
 * replaced; what is no picture; a stop, and a new start that skips what is done.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { Arrivals } from "../../src/cli/batch/arrivals.ts";
import { encodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, program, runProgram, writePicture } from "./program.ts";

const ARGS = ["watch", "in", "-o", "out", "--model", "bicubic", "--scale", "2", "--settle", "0.4"];

Deno.test("Arrivals hands a file out once it has not changed for a while, and again if it changes", () => {
  const arrivals = new Arrivals(1000);
  const take = (size: number, modified: number | undefined, now: number) =>
    arrivals.take(new Map([["a", { size, modified }]]), now);
  assert.deepEqual(take(10, 5000, 5100), []);
  assert.deepEqual(take(20, 5600, 5700), [], "it grows");
  assert.deepEqual(take(20, 5600, 6500), []);
  assert.deepEqual(take(20, 5600, 6600), ["a"]);
  assert.deepEqual(take(20, 5600, 9000), [], "once");
  assert.deepEqual(take(21, 9500, 9600), []);
  assert.deepEqual(take(21, 9500, 11000), ["a"], "replaced");
  assert.deepEqual(new Arrivals(1000).take(new Map([["b", { size: 1, modified: 10 }]]), 5000), [
    "b",
  ]);
  const future = new Arrivals(1000);
  const ahead = new Map([["c", { size: 1, modified: 1e12 }]]);
  assert.deepEqual(future.take(ahead, 1000), []);
  assert.deepEqual(future.take(ahead, 2000), ["c"], "a clock that is ahead");
  const empty = new Map([["d", { size: 0, modified: 0 }]]);
  assert.deepEqual(new Arrivals(10).take(empty, 5000), [], "nothing is in it yet");
});

/** A watcher, and the lines that it prints. */
class Watcher {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<Record<string, unknown>>;

  constructor(folder: string) {
    this.#child = program([...ARGS, "--json", "--quiet"], { cwd: folder }).spawn();
    this.#lines = linesOf(this.#child.stdout);
  }

  /** The next line. */
  async next(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    assert.ok(!done, "the watcher ended");
    return value;
  }

  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    await this.#lines.return(undefined);
    await this.#child.stderr.cancel();
    return (await this.#child.status).code;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>) {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream() as never)) {
    text += part;
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as Record<string, unknown>;
  }
}

Deno.test("watch takes what comes when it is whole, tells what is none, and skips what is done", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "in", "sub"), { recursive: true });
    await writePicture(join(folder, "in", "a.png"));
    const watcher = new Watcher(folder);
    assert.equal((await watcher.next()).output, join("out", "a-x2.png"));

    const bytes = await encodePicture(testPicture(40, 30, 3), { format: "png" });
    const slow = await Deno.create(join(folder, "in", "sub", "slow.png"));
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 4)) {
      await slow.write(bytes.subarray(at, at + Math.ceil(bytes.length / 4)));
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    slow.close();
    const second = await watcher.next();
    assert.deepEqual([second.output, second.width], [join("out", "sub", "slow-x2.png"), 40]);

    await Deno.writeTextFile(join(folder, "in", "bad.png"), "not a picture");
    assert.equal((await watcher.next()).input, join("in", "bad.png"));
    await writePicture(join(folder, "in", "bad.png"), testPicture(9, 8, 3));
    assert.equal((await watcher.next()).outputWidth, 18);
    await writePicture(join(folder, "in", "a.png"), testPicture(14, 9, 3));
    assert.equal((await watcher.next()).outputWidth, 28, "a replaced picture is done again");
    assert.equal(await watcher.stop(), 0);

    const again = new Watcher(folder);
    const skipped = [await again.next(), await again.next(), await again.next()];
    assert.ok(skipped.every((line) => line.skipped), JSON.stringify(skipped));
    assert.equal(await again.stop(), 0);
    const names = filesIn(join(folder, "out"));
    assert.deepEqual(names, [".tessera", "a-x2.png", "bad-x2.png", "sub"]);
  });
});

Deno.test("watch refuses what is no folder, and an output that is missing", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    await Deno.mkdir(join(folder, "in"));
    for (
      const [args, message] of [
        [["a.png", "-o", "out"], /Expected one folder but received "a\.png"/],
        [["in"], /Expected a folder for the results/],
        [["-o", "out"], /received none/],
        [["in", "-o", "a.png"], /a\.png/],
      ] as const
    ) {
      const { code, stderr } = await runProgram(["watch", ...args], { cwd: folder });
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });
});
