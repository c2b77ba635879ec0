/**
 * `tessera watch` from outside: pictures that are there, that come, that are written slowly and that are
 * replaced or renamed into place; what is no picture; a stop, a kill, and a new start that skips what is done.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { Arrivals } from "../../src/cli/batch/arrivals.ts";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, program, runProgram, writePicture } from "./program.ts";

const COMMAND = ["watch", "in", "-o", "out", "--settle", "0.4"];
const RESAMPLE = ["--model", "bicubic", "--scale", "2"];

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
  const late = new Arrivals(10);
  const full = new Map([["e", { size: 1, modified: 0 }]]);
  assert.deepEqual(late.take(full, 100), ["e"]);
  late.postpone("e", 500);
  assert.deepEqual([late.take(full, 499), late.take(full, 500)], [[], ["e"]], "tried again");
  assert.deepEqual(late.take(full, 900), [], "once");
  const empty = new Map([["d", { size: 0, modified: 0 }]]);
  assert.deepEqual(new Arrivals(10).take(empty, 5000), [], "nothing is in it yet");
});

/** A watcher, and the lines that it prints. */
class Watcher {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<Record<string, unknown>>;

  constructor(folder: string, how: readonly string[] = RESAMPLE) {
    this.#child = program([...COMMAND, ...how, "--json", "--quiet"], { cwd: folder }).spawn();
    this.#lines = linesOf(this.#child.stdout);
  }

  /** The next line. */
  async next(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    assert.ok(!done, "the watcher ended");
    return value;
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number> {
    this.#child.kill(signal);
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

Deno.test("watch takes what is renamed into place, and nothing of it before", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "in"));
    const watcher = new Watcher(folder);
    const bytes = await encodePicture(testPicture(21, 13, 3), { format: "png" });
    for (const name of [".new.png.Xy3", "new.png.part", ".hidden.png"]) {
      await Deno.writeFile(join(folder, "in", name), bytes);
    }
    // Longer than it takes for a file to count as whole, and for the next look.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await Deno.rename(join(folder, "in", "new.png.part"), join(folder, "in", "new.png"));
    const line = await watcher.next();
    assert.deepEqual([line.input, line.width], [join("in", "new.png"), 21]);
    assert.equal(await watcher.stop(), 0);
    assert.deepEqual(filesIn(join(folder, "out")), [".tessera", "new-x2.png"]);
  }));

Deno.test({
  name: "watch goes on where kill -9 ended it: what was done stays, what was not is done, once",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(join(folder, "in"));
      const names = ["a", "b", "c"];
      for (const name of names) {
        await writePicture(join(folder, "in", `${name}.png`), testPicture(80, 60, 3));
      }
      const network = ["--model", "fast-x4", "--denoise", "0"];
      const killed = new Watcher(folder, network);
      assert.equal((await killed.next()).output, join("out", "a-x4.png"));
      await killed.stop("SIGKILL");
      const first = await Deno.stat(join(folder, "out", "a-x4.png"));

      const again = new Watcher(folder, network);
      const lines = [];
      for (const _ of names) lines.push(await again.next());
      assert.equal(await again.stop(), 0);
      assert.deepEqual(
        lines.map(({ input }) => input),
        names.map((name) => join("in", `${name}.png`)),
      );
      assert.equal(lines[0].skipped, true, JSON.stringify(lines[0]));
      const after = await Deno.stat(join(folder, "out", "a-x4.png"));
      assert.deepEqual(after.mtime, first.mtime, "it was not written again");
      const results = names.map((name) => `${name}-x4.png`);
      assert.deepEqual(filesIn(join(folder, "out")), [".tessera", ...results]);
      for (const name of results) {
        const { width } = await decodePicture(await Deno.readFile(join(folder, "out", name)));
        assert.equal(width, 320);
      }
    }),
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
