/**
 * What a picture costs beside the arithmetic: the program from file to file, with a network that has
 * next to none, as processes of their own. `deno task overhead [runs] [picture]`.
 *
 * The clock counts everything, a busy machine too. What stays ours on a faster device is the clock
 * without waiting for the device and its compiler, and, on a machine that does other things, the
 * processor time of the threads.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compactShapes } from "../src/networks/srvgg_net_compact/srvgg_net_compact.ts";
import { type FloatTensor, writeSafetensors } from "../src/weights/safetensors.ts";
import type { RunCost } from "./overhead_run.ts";
import { median } from "./timing.ts";

/** Pictures of a batch. */
const BATCH = 20;

const SIZES = { features: 4, convolutions: 1, scale: 4, activation: "prelu" } as const;

/** The smallest network: all its weights are 0, so that the enlarged pixels come out. */
function smallestNetwork(): Uint8Array {
  const tensors = new Map<string, FloatTensor>();
  for (const [name, shape] of compactShapes(SIZES)) {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    tensors.set(name, { dtype: "F32", shape: [...shape], data });
  }
  return writeSafetensors(tensors);
}

/** Runs the program once. */
async function runOnce(folder: string, args: string[]): Promise<RunCost> {
  const report = join(folder, "cost.json");
  const script = fileURLToPath(new URL("./overhead_run.ts", import.meta.url));
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--allow-all", script, report, ...args, "--overwrite", "--quiet"],
  }).output();
  const cost: RunCost | undefined = code === 0
    ? JSON.parse(await Deno.readTextFile(report))
    : undefined;
  if (cost?.exitCode === 0) return cost;
  throw new Error(`The program failed: ${new TextDecoder().decode(stderr)}`);
}

/** The median of each figure, for one picture. */
async function measure(
  folder: string,
  args: string[],
  runs: number,
  pictures: number,
): Promise<Record<string, string>> {
  const costs: RunCost[] = [];
  for (let run = 0; run < runs; run++) costs.push(await runOnce(folder, args));
  const of = (figure: (cost: RunCost) => number) =>
    (median(costs.map(figure)) / pictures).toFixed(3);
  return {
    "by the clock": of(({ wall }) => wall),
    "without device and compiler": of((c) => c.wall - c.waiting - c.compiling),
    "waiting for the device": of(({ waiting }) => waiting),
    "compiling shaders": of(({ compiling }) => compiling),
    "opening the device": of(({ opening }) => opening),
    "processor: main thread": of(({ mainThread }) => mainThread),
    "of it, until the program begins": of(({ starting }) => starting),
    "codecs and runtime": of(({ otherThreads }) => otherThreads),
    "driver": of(({ driverThreads }) => driverThreads),
  };
}

if (import.meta.main) {
  const runs = Number(Deno.args[0] ?? 5);
  const scene = fileURLToPath(new URL("../examples/scene-960x540.png", import.meta.url));
  const picture = Deno.args[1] ?? scene;
  const folder = await Deno.makeTempDir({ prefix: "tessera-overhead-" });
  try {
    const model = join(folder, "smallest.safetensors");
    await Deno.writeFile(model, smallestNetwork());
    const inputs = join(folder, "in");
    await Deno.mkdir(inputs);
    const ending = picture.slice(picture.lastIndexOf("."));
    for (let i = 0; i < BATCH; i++) await Deno.copyFile(picture, join(inputs, `${i}${ending}`));
    const rows: Record<string, Record<string, string>> = {};
    for (const format of ["jpeg", "png"]) {
      const args = ["--model", model, "--format", format];
      rows[`one ${format}`] = await measure(folder, [picture, "-o", folder, ...args], runs, 1);
      const batch = [inputs, "-o", join(folder, "out"), ...args];
      rows[`${BATCH} ${format}, each`] = await measure(folder, batch, 1, BATCH);
    }
    // deno-lint-ignore no-console
    console.table(rows);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
