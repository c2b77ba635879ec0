/**
 * `tessera work`: jobs on stdin, answers on stdout. With `TESSERA_TEST=all` and a redis-server, four
 * workers share a list, and two of them are killed.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { PERMISSIONS } from "../../src/cli/terminal/permissions.ts";
import { testPicture } from "../pictures/fixtures.ts";
import {
  filesIn,
  inFolder,
  program,
  ROOT,
  runProgram,
  toOutcome,
  writePicture,
} from "./program.ts";

const ARGS = ["--model", "bicubic", "--quiet"];

/** Writes lines to the program's stdin, ends it, and returns its answers. */
async function answersTo(cwd: string, lines: string[]): Promise<Record<string, unknown>[]> {
  const child = program(["work", ...ARGS], { cwd, stdin: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.join("\n")));
  await writer.close();
  const { code, stdout, stderr } = toOutcome(await child.output());
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

Deno.test("work does jobs one after the other, and a bad one is an answer", () =>
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    const answers = await answersTo(folder, [
      JSON.stringify({ id: 7, input: "a.png", output: "b.png", scale: 2, strip: true }),
      JSON.stringify({ input: "a.png", output: "b.png" }),
      "no JSON",
      JSON.stringify({ id: "x", input: "a.png", output: "c.png", sclae: 2 }),
      JSON.stringify({ input: "none.png", output: "c.png" }),
      JSON.stringify({ input: "a.png", output: "c.png", scale: 3 }),
    ]);
    assert.deepEqual([answers[0].id, answers[0].output, answers[0].outputWidth], [7, "b.png", 24]);
    assert.deepEqual(answers[1], { input: "a.png", output: "b.png", skipped: true });
    const kinds = answers.map(({ error }) => (error as { kind: string } | undefined)?.kind);
    assert.deepEqual(kinds, [undefined, undefined, "usage", "usage", "input", undefined]);
    assert.equal(answers[3].id, "x");
    assert.deepEqual(filesIn(folder), ["a.png", "b.png", "c.png"]);
    const args = ["a.png", "-o", "single.png", "--scale", "2", "--strip", ...ARGS];
    await runProgram(args, { cwd: folder });
    const [made, single] = ["b.png", "single.png"].map((name) =>
      Deno.readFileSync(join(folder, name))
    );
    assert.deepEqual(made, single);
  }));

Deno.test("work finishes the job in hand on SIGTERM, and begins no other", () =>
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), testPicture(200, 150, 3));
    const child = program(["work", ...ARGS], { cwd: folder, stdin: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    const jobs = ["b.png", "c.png"].map((output) =>
      JSON.stringify({ input: "a.png", output, scale: 12 }) + "\n"
    );
    await writer.write(new TextEncoder().encode(jobs.join("")));
    await until(() => Promise.resolve(filesIn(folder).length > 1), 60);
    child.kill("SIGTERM");
    const { code, stdout, stderr } = toOutcome(await child.output());
    await writer.close().catch(() => {});
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).output, "b.png");
    assert.match(stderr, /Finishing the job in hand/);
    assert.deepEqual(filesIn(folder), ["a.png", "b.png"]);
  }));

/** Whether a program can be run. */
function has(name: string): boolean {
  try {
    return new Deno.Command(name, { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

const REDIS = Deno.env.get("TESSERA_TEST") === "all" && has("redis-server") && has("setsid");
const PICTURES = 12;
const PORT = 16379;

async function redis(...args: string[]): Promise<string> {
  const command = new Deno.Command("redis-cli", { args: ["-p", String(PORT), ...args] });
  return new TextDecoder().decode((await command.output()).stdout).trim();
}

async function until(holds: () => Promise<boolean>, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!await holds()) {
    assert.ok(performance.now() < end, `not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test({
  name:
    "four workers on a Redis list, two of them killed: every picture, with a single run's bytes",
  ignore: !REDIS,
  fn: () =>
    inFolder(async (folder) => {
      const flags = ["--port", String(PORT), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
      const server = new Deno.Command("redis-server", { args: flags, stdout: "null" }).spawn();
      const workers: Deno.ChildProcess[] = [];
      try {
        await until(async () => await redis("PING") === "PONG", 10);
        const names = Array.from({ length: PICTURES }, (_, i) => `${i}.png`);
        for (const name of names) {
          await writePicture(join(folder, `in-${name}`));
          const job = { input: `in-${name}`, output: `out-${name}`, scale: 9 };
          await redis("RPUSH", "tessera:jobs", JSON.stringify(job));
        }
        const run = ["run", ...PERMISSIONS.map(({ flag }) => flag), `${ROOT}cli.ts`];
        const env = {
          TESSERA: [Deno.execPath(), ...run].join(" "),
          REDIS: `redis-cli -p ${PORT}`,
          TESSERA_DEAD: "4",
        };
        for (let i = 0; i < 4; i++) {
          // Of a group of its own, so that a worker is killed with all that it has started.
          const args = [`${ROOT}docs/redis-worker.sh`, `w${i}`, ...ARGS];
          const options = { args, env, cwd: folder, stdout: "null", stderr: "null" } as const;
          workers.push(new Deno.Command("setsid", options).spawn());
        }
        for (const i of [0, 1]) {
          await until(async () => await redis("LLEN", `tessera:doing:w${i}`) === "1", 60);
          new Deno.Command("kill", { args: ["-9", "--", `-${workers[i].pid}`] }).outputSync();
        }
        await until(async () => await redis("LLEN", "tessera:answers") === String(PICTURES), 120);
        for (const worker of workers.slice(2)) assert.equal((await worker.status).code, 0);
        const lines = (await redis("LRANGE", "tessera:answers", "0", "-1")).split("\n");
        const answers = lines.map((line) => JSON.parse(line));
        assert.ok(answers.every(({ error }) => error === undefined), lines.join("\n"));
        assert.deepEqual(
          answers.map(({ input }) => input).sort(),
          names.map((n) => `in-${n}`).sort(),
        );
        const args = ["in-0.png", "-o", "single.png", "--scale", "9", ...ARGS];
        await runProgram(args, { cwd: folder });
        const single = Deno.readFileSync(join(folder, "single.png"));
        for (const name of names) {
          assert.deepEqual(Deno.readFileSync(join(folder, `out-${name}`)), single, name);
        }
      } finally {
        for (const { pid } of workers) {
          new Deno.Command("kill", { args: ["-9", "--", `-${pid}`], stderr: "null" }).outputSync();
        }
        await Promise.all(workers.map(({ status }) => status));
        server.kill("SIGTERM");
        await server.status;
      }
    }),
});
