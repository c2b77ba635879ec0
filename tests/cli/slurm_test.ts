/**
 * A batch on a real SLURM: an array of four tasks, of which one is killed and requeued
 * (`TESSERA_TEST=all`). `slurm.sh` installs and starts it; where it cannot, the test is skipped by name.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isInShard } from "../../src/cli/batch/shard.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, programArgs, runProgram, writePicture } from "./program.ts";

const SLURM = fileURLToPath(new URL("./slurm.sh", import.meta.url));
const TASKS = 4;
const NAMES = Array.from({ length: 24 }, (_, i) => `${i}.png`);
const ARGS = ["--model", "bicubic", "--scale", "6", "--json", "--quiet"];

/** What the job does: a line for each start of a task, then the program, its answers into a file. */
const JOB = `#!/bin/sh
echo "$$" >>started-$SLURM_ARRAY_TASK_ID
"$@" >>answers-$SLURM_ARRAY_TASK_ID
`;

/**
 * What is done with it: four tasks, the program of one of them killed once it has answered for a
 * picture, and that task queued again when SLURM has seen that it failed.
 */
const SUBMIT = `set -eu
victim=$1
shift
array=$(sbatch --parsable --array=0-${TASKS - 1} --output=log-%a --open-mode=append job.sh "$@")
for _ in $(seq 600); do
  [ -s "answers-$victim" ] && break
  sleep 0.1
done
kill -9 $(cat /proc/$(cat "started-$victim")/task/*/children)
until [ "$(squeue --noheader --states=FAILED --format=%T --job "\${array}_$victim")" = FAILED ]; do
  sleep 0.2
done
scontrol requeue "\${array}_$victim"
while [ -n "$(squeue --noheader --job "$array")" ]; do
  sleep 0.5
done
`;

/** Why SLURM cannot be had, or `undefined`. */
async function whyNot(): Promise<string | undefined> {
  if (Deno.env.get("TESSERA_TEST") !== "all") return "TESSERA_TEST=all";
  let reason: string | undefined;
  await inFolder(async (folder) => {
    const command = new Deno.Command(SLURM, { args: [folder, "true"] });
    const { code, stdout, stderr } = await command.output();
    const text = new TextDecoder().decode(code === 3 ? stdout : stderr).trim();
    if (code !== 0) reason = text || `slurm.sh ended with ${code}`;
  });
  return reason;
}

const missing = await whyNot();

Deno.test({
  name: "a SLURM array of four, one task killed and queued again: every picture, once" +
    (missing === undefined ? "" : ` (${missing})`),
  ignore: missing !== undefined,
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(join(folder, "in"));
      for (const name of NAMES) {
        await writePicture(join(folder, "in", name), testPicture(240, 180, 3));
      }
      await Deno.writeTextFile(join(folder, "job.sh"), JOB);
      await Deno.mkdir(join(folder, "slurm"));
      const victim = busiestTask();
      const command = new Deno.Command(SLURM, {
        args: [join(folder, "slurm"), "sh", "-c", SUBMIT, "submit", String(victim)]
          .concat(Deno.execPath(), programArgs(["in", "-o", "out", ...ARGS])),
        cwd: folder,
        env: { NO_COLOR: "1" },
      });
      const { code, stderr } = await command.output();
      const logs = filesIn(folder).filter((name) => name.startsWith("log-"))
        .map((name) => Deno.readTextFileSync(join(folder, name))).join("");
      assert.equal(code, 0, new TextDecoder().decode(stderr) + logs);

      const starts = Array.from({ length: TASKS }, (_, task) => linesOf(folder, "started", task));
      assert.deepEqual(
        starts.map(({ length }) => length),
        starts.map((_, task) => task === victim ? 2 : 1),
        "tasks started",
      );
      const answers = starts.flatMap((_, task) =>
        linesOf(folder, "answers", task).map((line) => JSON.parse(line))
      );
      assert.deepEqual(answers.filter(({ error }) => error !== undefined), []);
      assert.equal(answers.filter(({ skipped }) => skipped).length > 0, true, "none was skipped");
      const done = answers.filter(({ outputWidth }) => outputWidth !== undefined)
        .map(({ input }) => input);
      assert.equal(new Set(done).size, done.length, `done twice: ${done}`);
      assert.deepEqual(
        filesIn(join(folder, "out")).filter((name) => name !== ".tessera"),
        NAMES.map((name) => name.replace(".", "-x6.")).sort(),
      );

      const single = await runProgram(["in/0.png", "-o", "single.png", ...ARGS], { cwd: folder });
      assert.equal(single.code, 0, single.stderr);
      const bytes = await Deno.readFile(join(folder, "single.png"));
      for (const name of NAMES) {
        const made = await Deno.readFile(join(folder, "out", name.replace(".", "-x6.")));
        assert.deepEqual(made, bytes, name);
      }
    }),
});

/** The task that most of the pictures fall to. */
function busiestTask(): number {
  const counts = Array.from(
    { length: TASKS },
    (_, index) =>
      NAMES.filter((name) => isInShard(name, { index, count: TASKS, source: "" })).length,
  );
  return counts.indexOf(Math.max(...counts));
}

function linesOf(folder: string, what: string, task: number): string[] {
  return Deno.readTextFileSync(join(folder, `${what}-${task}`)).trim().split("\n");
}
