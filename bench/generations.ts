/**
 * Seconds for a picture of 960x540 to 4K with `photo-x4` and `fast-x4` as they are, and as they were in
 * their first generation, in turn: `deno run --allow-all bench/generations.ts [runs] [picture]`. Reports
 * medians of the network's own time and of all from file to file.
 *
 * The earlier weights come out of the repository's history; the program is the same for both.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./timing.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The last commit with the networks of the first generation. */
const FIRST = "497a16e^";

const NETWORKS = ["photo-x4", "fast-x4"];

/** Seconds of one run. */
interface Times {
  upscale: number;
  total: number;
}

/** Returns what a command prints. */
async function call(program: string, args: string[]): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd: ROOT }).output();
  if (success) return stdout;
  throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function timeOnce(model: string, picture: string, folder: string): Promise<Times> {
  const options = ["--model", model, "--scale", "4", "--mode", "network", "--overwrite"];
  const args = ["run", "--allow-all", join(ROOT, "cli.ts"), picture, "-o", join(folder, "out.jpg")];
  const printed = await call(Deno.execPath(), [...args, ...options, "--quiet", "--json"]);
  return JSON.parse(new TextDecoder().decode(printed).trim().split("\n")[0]).seconds;
}

if (import.meta.main) {
  const [runs = "3", picture = join(ROOT, "examples", "scene-960x540.png")] = Deno.args;
  const folder = await Deno.makeTempDir({ prefix: "tessera-generations-" });
  try {
    const rows: Record<string, Record<string, string>> = {};
    for (const name of NETWORKS) {
      const earlier = join(folder, `${name}.safetensors`);
      await Deno.writeFile(
        earlier,
        await call("git", ["show", `${FIRST}:models/${name}.safetensors`]),
      );
      const models = { [`${name}, first`]: earlier, [`${name}, now`]: name };
      const times = new Map(Object.keys(models).map((label) => [label, [] as Times[]]));
      for (let run = 0; run < Number(runs); run++) {
        for (const [label, model] of Object.entries(models)) {
          times.get(label)!.push(await timeOnce(model, picture, folder));
        }
      }
      for (const [label, all] of times) {
        rows[label] = {
          "network, seconds": median(all.map(({ upscale }) => upscale)).toFixed(1),
          "file to file, seconds": median(all.map(({ total }) => total)).toFixed(1),
        };
      }
    }
    // deno-lint-ignore no-console
    console.table(rows);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
