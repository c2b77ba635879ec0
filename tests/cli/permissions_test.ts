/**
 * What the program asks of Deno: the documented flags suffice, none is too many, and every other way
 * to start it says what is missing. The processes here have no terminal, so that Deno refuses instead
 * of asking.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { PERMISSIONS } from "../../src/cli/terminal/permissions.ts";
import { hasShared, shared } from "../reference/shared.ts";
import { filesIn, inFolder, ON_DAWN, ROOT, runProgram, writePicture } from "./program.ts";

const FLAGS = PERMISSIONS.map(({ flag }) => flag);
const [READ, WRITE] = FLAGS;

/** A native library has more to ask for: what holds without one is skipped by name. */
const WITHOUT = ON_DAWN ? " (not on Dawn, which needs --allow-ffi)" : "";

Deno.test("the launcher and `deno task upscale` ask for the documented flags only", async () => {
  const launcher = await Deno.readTextFile(join(ROOT, "tessera"));
  for (const command of [launcher, config.tasks.upscale.command]) {
    const run = command.slice(command.lastIndexOf("deno"));
    assert.deepEqual(run.match(/--allow-\S+/g), FLAGS);
  }
});

/** The flags that formats need; what is left of the documented ones makes for speed only. */
const SUFFICIENT: [input: string, output: string, flags: string[]][] = [
  ["a.png", "b.png", [READ, WRITE]],
  ["a.jpg", "b.jpg", [READ, WRITE]],
  ["a.webp", "b.avif", [READ, WRITE]],
  ["cmyk.jpg", "b.png", [READ, WRITE]],
];
const CMYK = "images/formats/cmyk.jpg";

for (const [input, output, flags] of SUFFICIENT) {
  Deno.test({
    name: `${input} to ${output} needs exactly ${flags.join(" ")}${WITHOUT}`,
    ignore: ON_DAWN || input === "cmyk.jpg" && !hasShared(CMYK),
    fn: () => inFolder((folder) => checkExactly(flags, folder, input, output)),
  });
}

async function checkExactly(flags: string[], folder: string, input: string, output: string) {
  if (input === "cmyk.jpg") await Deno.copyFile(shared(CMYK), join(folder, input));
  else await writePicture(join(folder, input));
  const args = [input, "-o", output, "--model", "bicubic"];
  for (const missing of flags) {
    const others = flags.filter((flag) => flag !== missing);
    const outcome = await runProgram(args, { cwd: folder, flags: others });
    assert.equal(outcome.code, 2, outcome.stderr);
    assert.match(outcome.stderr, new RegExp(`Requires ${kindOf(missing)} access`));
    assert.ok(outcome.stderr.includes(`deno run ${FLAGS.join(" ")} cli.ts`), outcome.stderr);
    assert.deepEqual(filesIn(folder), [input]);
  }
  const outcome = await runProgram(args, { cwd: folder, flags });
  assert.equal(outcome.code, 0, outcome.stderr);
}

Deno.test({
  name: `reading and writing can be narrowed to folders${WITHOUT}`,
  ignore: ON_DAWN,
  fn: async () => {
    await inFolder(async (folder) => {
      await writePicture(join(folder, "a.png"));
      const flags = [`${READ}=${folder},${join(ROOT, "models")}`, `${WRITE}=${folder}`];
      const outcome = await runProgram(["a.png", "--model", "fast-x4"], { cwd: folder, flags });
      assert.equal(outcome.code, 0, outcome.stderr);
    });
  },
});

Deno.test({
  name: `doctor, models and --help need no permission${WITHOUT}`,
  ignore: ON_DAWN,
  fn: async () => {
    for (const args of [["doctor"], ["models"], ["--help"]]) {
      const { code, stderr } = await runProgram(args, { flags: [] });
      assert.deepEqual([code, stderr], [0, ""]);
    }
    const { stdout } = await runProgram(["doctor"], { flags: [] });
    assert.ok(
      stdout.includes(`Upscaling needs, beyond what this run was given: ${FLAGS.join(" ")}`),
    );
  },
});

Deno.test("a model given by URL needs its host, and says so", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    await using server = serveFile(join(ROOT, "models", "fast-x4.safetensors"));
    const args = ["a.png", "--model", `http://${server.host}/fast-x4.safetensors`];
    const without = await runProgram(args, { cwd: folder });
    assert.equal(without.code, 2, without.stderr);
    assert.match(without.stderr, /Requires net access to "127\.0\.0\.1:/);
    const flags = [...FLAGS, `--allow-net=${server.host}`];
    const granted = await runProgram(args, { cwd: folder, flags });
    assert.equal(granted.code, 0, granted.stderr);
    assert.deepEqual(filesIn(folder), ["a-x4.png", "a.png"]);
  });
});

/** `--allow-env=NAME` asks for `env`. */
function kindOf(flag: string): string {
  return flag.replace("--allow-", "").replace(/=.*/, "");
}

function serveFile(path: string): { host: string } & AsyncDisposable {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async () => new Response(await Deno.readFile(path)),
  );
  return {
    host: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
