/**
 * Batches from outside: what of a folder is done, skipped, done again or told as failed; that kills and
 * shards change no byte of the results; and what is printed. Pictures are small, `bicubic` is fast.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { decodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, program, runProgram, toOutcome, writePicture } from "./program.ts";

const FAST = ["--model", "bicubic", "--scale", "2"];

/** Pictures in two folders, a broken one and a text between them. */
const PICTURES = ["a.png", "b.jpg", "d.webp", "sub/a.png", "sub/deep/e.png"];

async function makeInputs(folder: string, pictures = PICTURES): Promise<void> {
  await Deno.mkdir(join(folder, "in", "sub", "deep"), { recursive: true });
  for (const [i, name] of pictures.entries()) {
    await writePicture(join(folder, "in", name), testPicture(20 + 3 * i, 15, 3));
  }
  await Deno.writeTextFile(join(folder, "in", "notes.txt"), "no picture");
}

/** Runs `tessera ... --json` and returns its lines; the last is the summary. */
async function batch(folder: string, args: string[], env = {}) {
  const { code, stdout, stderr } = await runProgram([...FAST, "--json", ...args], {
    cwd: folder,
    env,
  });
  const lines = stdout.trim().split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line)
  );
  const { summary } = lines.at(-1) ?? {};
  return { code, stderr, summary, lines: lines.slice(0, -1) };
}

/** What became of how many pictures. */
function counts({ summary }: Awaited<ReturnType<typeof batch>>): number[] {
  return [summary.done, summary.skipped, summary.failed];
}

/** The results in a folder, and their bytes. */
async function resultsIn(folder: string, below = ""): Promise<Map<string, string>> {
  const results = new Map<string, string>();
  for (const name of filesIn(join(folder, below))) {
    if (name === ".tessera") continue;
    const path = below === "" ? name : `${below}/${name}`;
    const { isDirectory } = await Deno.stat(join(folder, path));
    if (isDirectory) (await resultsIn(folder, path)).forEach((hash, at) => results.set(at, hash));
    else results.set(path, (await Deno.readFile(join(folder, path))).toHex());
  }
  return results;
}

const RESULTS = ["a-x2.png", "b-x2.jpg", "d-x2.webp", "sub/a-x2.png", "sub/deep/e-x2.png"];

Deno.test("a folder is done with its structure, then skipped; what changed is done again", async () => {
  await inFolder(async (folder) => {
    await makeInputs(folder);
    await Deno.writeTextFile(join(folder, "in", "c.png"), "not a picture");
    const args = ["in", "-o", "out"];
    const first = await batch(folder, args);
    assert.deepEqual([first.code, ...counts(first)], [1, 5, 0, 1], first.stderr);
    const whole = await resultsIn(join(folder, "out"));
    assert.deepEqual([...whole.keys()], RESULTS);
    assert.deepEqual(first.lines.map(({ input, error }) => [input, error?.kind]), [
      [join("in", "a.png"), undefined],
      [join("in", "b.jpg"), undefined],
      [join("in", "c.png"), "input"],
      [join("in", "d.webp"), undefined],
      [join("in", "sub", "a.png"), undefined],
      [join("in", "sub", "deep", "e.png"), undefined],
    ]);
    assert.equal(first.summary.failures[0].input, join("in", "c.png"));
    assert.match(first.stderr, /6 pictures: 5 done, 1 failed \(.*\)\n {2}failed: .*c\.png: This/);

    await Deno.remove(join(folder, "in", "c.png"));
    const again = await batch(folder, args);
    assert.deepEqual([again.code, ...counts(again)], [0, 0, 5, 0], again.stderr);
    assert.ok(again.lines.every(({ skipped }) => skipped));

    await writePicture(join(folder, "in", "b.jpg"), testPicture(9, 8, 3));
    await Deno.remove(join(folder, "out", "sub", "a-x2.png"));
    const changed = await batch(folder, args);
    assert.deepEqual([changed.code, ...counts(changed)], [0, 2, 3, 0], changed.stderr);
    const results = await resultsIn(join(folder, "out"));
    assert.deepEqual([...results.keys()], RESULTS);
    assert.equal(results.get("sub/a-x2.png"), whole.get("sub/a-x2.png"));
    const bytes = await Deno.readFile(join(folder, "out", "b-x2.jpg"));
    assert.equal((await decodePicture(bytes)).width, 18);

    const others = await batch(folder, [...args, "--quality", "50"]);
    assert.deepEqual([others.code, ...counts(others)], [0, 5, 0, 0], others.stderr);
  });
});

Deno.test("a result that is not as it was written is replaced with --overwrite only", async () => {
  await inFolder(async (folder) => {
    await makeInputs(folder, ["a.png", "b.png"]);
    const args = ["in", "-o", "out"];
    await Deno.mkdir(join(folder, "out"));
    await Deno.writeTextFile(join(folder, "out", "a-x2.png"), "of somebody else");
    const refused = await batch(folder, args);
    assert.deepEqual([refused.code, ...counts(refused)], [1, 1, 0, 1], refused.stderr);
    assert.match(refused.summary.failures[0].message, /exists: --overwrite replaces it/);
    const replaced = await batch(folder, [...args, "--overwrite"]);
    assert.deepEqual([replaced.code, ...counts(replaced)], [0, 2, 0, 0], replaced.stderr);
    await Deno.truncate(join(folder, "out", "b-x2.png"), 10);
    const cut = await batch(folder, args);
    assert.deepEqual([cut.code, ...counts(cut)], [1, 0, 1, 1], cut.stderr);
    await Deno.remove(join(folder, "out", "b-x2.png"));
    assert.deepEqual(counts(await batch(folder, args)), [1, 1, 0]);
  });
});

Deno.test("a batch equals single runs byte for byte, in every format", async () => {
  await inFolder(async (folder) => {
    await makeInputs(folder);
    const { code, stderr } = await batch(folder, ["in", "-o", "out"]);
    assert.equal(code, 0, stderr);
    for (const [input, result] of [["b.jpg", "b-x2.jpg"], ["sub/a.png", "sub/a-x2.png"]]) {
      const args = [...FAST, join("in", input), "-o", `alone-${result.replace("/", "-")}`];
      assert.equal((await runProgram(args, { cwd: folder })).code, 0);
      const alone = await Deno.readFile(join(folder, args.at(-1)!));
      assert.deepEqual(alone, await Deno.readFile(join(folder, "out", result)));
    }
  });
});

Deno.test("globs, names by a pattern, and results among the inputs", async () => {
  await inFolder(async (folder) => {
    await makeInputs(folder);
    const args = ["in/**/*.{png,webp}", "-o", "in", "--name", "{parent}-{name}-{width}.png"];
    for (const expected of [[4, 0, 0], [0, 4, 0]]) {
      const run = await batch(folder, args);
      assert.deepEqual([run.code, ...counts(run)], [0, ...expected], run.stderr);
    }
    assert.deepEqual(
      [...(await resultsIn(join(folder, "in"))).keys()],
      [
        "a.png",
        "b.jpg",
        "d.webp",
        "in-a-40.png",
        "in-d-52.png",
        "notes.txt",
        "sub/a.png",
        "sub/deep/deep-e-64.png",
        "sub/deep/e.png",
        "sub/sub-a-58.png",
      ],
    );
  });
});

Deno.test("a list comes on stdin, and failures do not stop it", async () => {
  await inFolder(async (folder) => {
    await makeInputs(folder, ["a.png", "sub/b c.png"]);
    const args = [...FAST, "--files-from", "-", "-o", "out", "--json", "--quiet"];
    const child = program(args, { cwd: folder, stdin: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("in/a.png\0in/none.png\0in/sub/b c.png\0"));
    await writer.close();
    const { code, stdout, stderr } = toOutcome(await child.output());
    assert.equal(code, 1);
    assert.equal(stderr, "tessera: in/none.png: There is no such file\n");
    const { summary } = JSON.parse(stdout.trim().split("\n").at(-1)!);
    assert.deepEqual([summary.pictures, summary.done, summary.failed], [3, 2, 1]);
    assert.deepEqual([...(await resultsIn(join(folder, "out"))).keys()], [
      "in/a-x2.png",
      "in/sub/b c-x2.png",
    ]);
  });
});

Deno.test("--dry-run estimates time, memory and disk, and writes nothing", async () => {
  await inFolder(async (folder) => {
    await makeInputs(folder);
    await Deno.writeTextFile(join(folder, "in", "c.png"), "not a picture");
    const { code, stdout, stderr } = await runProgram(
      [...FAST, "in", "-o", "out", "--dry-run", "--json"],
      { cwd: folder },
    );
    assert.equal(code, 1, stderr);
    assert.match(stderr, /6 pictures: 5 to do, 1 that would fail\n/);
    assert.match(stderr, /Nothing was written\.\n$/);
    assert.deepEqual(filesIn(folder), ["in"]);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const { estimate } = lines.pop();
    assert.deepEqual(lines.map(({ error, outputWidth }) => error?.kind ?? outputWidth), [
      40,
      46,
      "input",
      52,
      58,
      64,
    ]);
    assert.ok(estimate.seconds > 0 && estimate.gpuBytes > 0);
    assert.ok(estimate.fileBytes > 5 * 30 * 40 * 3 && estimate.freeBytes > 0);
  });
});

Deno.test("four shards side by side make what one run makes", async () => {
  await inFolder(async (folder) => {
    const names = Array.from({ length: 8 }, (_, i) => `${i % 2 === 0 ? "" : "sub/"}p${i}.png`);
    await makeInputs(folder, names);
    assert.equal((await batch(folder, ["in", "-o", "one"])).code, 0);
    const settings = [1, 2, 3, 4].map((part) => ({ args: ["--shard", `${part}/4`], env: {} }));
    const runs = await Promise.all(
      settings.map(({ args, env }) => batch(folder, ["in", "-o", "four", ...args], env)),
    );
    assert.ok(runs.every(({ code }) => code === 0), runs.map(({ stderr }) => stderr).join(""));
    const shares = runs.map(({ summary }) => [summary.done, summary.otherShards]);
    assert.ok(shares.every(([done, others]) => done + others === names.length), String(shares));
    assert.equal(shares.reduce((sum, [done]) => sum + done, 0), names.length);
    assert.deepEqual(
      await resultsIn(join(folder, "four")),
      await resultsIn(join(folder, "one")),
    );
    const after = await batch(folder, ["in", "-o", "four"]);
    assert.deepEqual(counts(after), [0, names.length, 0], "every run sees what all shards did");
  });
});

Deno.test("a scheduler's variables choose the shard of a batch, not of one picture", async () => {
  await inFolder(async (folder) => {
    await makeInputs(folder);
    const pod = { JOB_COMPLETION_INDEX: "1", TESSERA_SHARDS: "2" };
    const ofPod = await batch(folder, ["in", "-o", "pods"], pod);
    const byHand = await batch(folder, ["in", "-o", "hand", "--shard", "2/2"]);
    assert.match(ofPod.stderr, /^Shard 2 of 2 \(Kubernetes\): \d of 5 pictures\n/);
    assert.deepEqual(
      await resultsIn(join(folder, "pods")),
      await resultsIn(join(folder, "hand")),
    );
    assert.deepEqual(counts(ofPod), counts(byHand));
    const uncounted = { JOB_COMPLETION_INDEX: "1" };
    const refused = await runProgram([...FAST, "in", "-o", "out"], { cwd: folder, env: uncounted });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /set TESSERA_SHARDS to the job's completions/);
    const one = await runProgram([...FAST, "in/a.png", "-o", "a.png"], {
      cwd: folder,
      env: uncounted,
    });
    assert.equal(one.code, 0, one.stderr);
  });
});

const KILLS = Deno.env.get("TESSERA_TEST") === "all" ? 12 : 3;

Deno.test({
  name: `killed ${KILLS} times and resumed: the same bytes, nothing twice, nothing left over`,
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const names = Array.from({ length: 6 }, (_, i) => `p${i}.${i % 2 === 0 ? "png" : "jpg"}`);
      await Deno.mkdir(join(folder, "in"));
      for (const [i, name] of names.entries()) {
        await writePicture(join(folder, "in", name), testPicture(150 + i, 100, 3));
      }
      assert.equal((await batch(folder, ["in", "-o", "whole"])).code, 0);
      for (let kill = 0; kill < KILLS; kill++) {
        const before = doneIn(folder);
        const child = program([...FAST, "in", "-o", "out"], { cwd: folder }).spawn();
        const output = child.output();
        await until(() => doneIn(folder) > before || doneIn(folder) === names.length);
        await delay(Math.random() * 30);
        killHard(child);
        await output;
        assert.ok(doneIn(folder) >= before, "what was done stays");
      }
      const done = doneIn(folder);
      const last = await batch(folder, ["in", "-o", "out"]);
      assert.deepEqual([last.code, ...counts(last)], [0, names.length - done, done, 0]);
      assert.deepEqual(
        await resultsIn(join(folder, "out")),
        await resultsIn(join(folder, "whole")),
      );
    }),
});

Deno.test({
  name: "Ctrl-C stops a batch with exit code 130; the same command goes on",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const names = Array.from({ length: 5 }, (_, i) => `p${i}.png`);
      await Deno.mkdir(join(folder, "in"));
      for (const name of names) {
        await writePicture(join(folder, "in", name), testPicture(300, 200, 3));
      }
      const args = [...FAST, "--scale", "6", "in", "-o", "out", "--json"];
      const child = program(args, { cwd: folder }).spawn();
      const output = child.output();
      await until(() => doneIn(folder) > 0);
      child.kill("SIGINT");
      const { code, stdout, stderr } = toOutcome(await output);
      assert.equal(code, 130, stderr);
      const { summary } = JSON.parse(stdout.trim().split("\n").at(-1)!);
      assert.deepEqual([summary.done, summary.failed], [doneIn(folder), 0]);
      assert.equal(summary.stopped, summary.done < names.length);
      assert.ok(filesIn(join(folder, "out")).every((name) => !name.endsWith(".partial")));
      const again = await batch(folder, ["--scale", "6", "in", "-o", "out"]);
      assert.deepEqual(counts(again), [names.length - summary.done, summary.done, 0]);
    }),
});

/** How many results have their names. */
function doneIn(folder: string): number {
  try {
    return filesIn(join(folder, "out")).filter((name) => !name.startsWith(".")).length;
  } catch {
    return 0;
  }
}

function killHard(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It was at its end already.
    assert.ok(error instanceof TypeError || error instanceof Deno.errors.NotFound, String(error));
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
