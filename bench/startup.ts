/**
 * How long a small JPEG and a small PNG take from file to file, which is nearly all start-up, here and at an
 * earlier commit, in turn: `deno run --allow-all bench/startup.ts [commit] [runs]`. Reports medians.
 *
 * The earlier state is checked out in a temporary folder, which is removed afterwards.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodePicture, type Picture } from "../src/pictures/mod.ts";
import { median } from "./timing.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The last commit before libvips read any picture. */
const BEFORE = "ffab513";

/** A gradient of 32 x 32. */
function smallPicture(): Picture {
  const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 7) & 255);
  return { width: 32, height: 32, channels: 3, depth: 8, data, metadata: {} };
}

async function call(program: string, args: string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, cwd }).output();
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Milliseconds of one run of the program in `root`. */
async function timeOnce(root: string, folder: string, name: string): Promise<number> {
  const options = ["--model", "bicubic", "--scale", "2", "--overwrite", "--quiet"];
  const args = ["run", "--allow-all", join(root, "cli.ts"), name, "-o", `out-${name}`, ...options];
  const start = performance.now();
  await call(Deno.execPath(), args, folder);
  return performance.now() - start;
}

const [commit = BEFORE, count = "7"] = Deno.args;
const folder = await Deno.makeTempDir();
const earlier = join(folder, "earlier");
await call("git", ["worktree", "add", "--detach", earlier, commit], ROOT);
try {
  for (const format of ["jpeg", "png"] as const) {
    const name = `small.${format}`;
    await Deno.writeFile(join(folder, name), await encodePicture(smallPicture(), { format }));
    const times: [earlier: number[], here: number[]] = [[], []];
    for (let run = -1; run < Number(count); run++) {
      for (const [i, root] of [earlier, ROOT].entries()) {
        const time = await timeOnce(root, folder, name);
        // The first run of each fetches and compiles.
        if (run >= 0) times[i].push(time);
      }
    }
    const [before, after] = times.map((list) => `${Math.round(median(list))} ms`);
    // deno-lint-ignore no-console
    console.log(`${format}: ${before} at ${commit}, ${after} here`);
  }
} finally {
  await call("git", ["worktree", "remove", "--force", earlier], ROOT);
  await Deno.remove(folder, { recursive: true });
}
