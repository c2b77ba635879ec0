/**
 * The program: `deno run cli.ts photo.jpg --scale 4`. See `--help`, or docs for the options.
 */

import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
