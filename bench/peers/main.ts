/**
 * `deno task peers`: Tessera and its rivals, each as a process of its own from file to file, with the same
 * picture, and the same weights where both can. Linux only.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { explainError } from "../../src/cli/terminal/failure.ts";
import { printNote, printResult } from "../../src/cli/terminal/print.ts";
import { UsageError } from "../../src/errors.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import { cropToMultiple, shrink } from "../shrink.ts";
import { ENTRIES } from "./entries.ts";
import { type Course, race } from "./race.ts";
import { type Machine, machineLine, raceTable } from "./report.ts";

const HELP = `Races Tessera and other programs from file to file: a picture is shrunk to a
quarter of its sides, and all enlarge it again.

Usage: deno task peers [options]

Options:
  --picture FILE  8-bit RGB (default: examples/scene-960x540.png)
  --only TEXT     those whose program or weights contain it; may be given again
  --rounds N      how often each program runs (default: 3)
  --json          one JSON line
  --help          this text`;

const SCENE = fileURLToPath(new URL("../../examples/scene-960x540.png", import.meta.url));
const FACTOR = 4;

interface Options {
  picture: string;
  only: string[] | undefined;
  rounds: number;
  json: boolean;
  help: boolean;
}

async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) printResult(HELP);
    return options.help ? 0 : await holdRace(options);
  } catch (error) {
    const { message, exitCode } = explainError(error);
    printNote(`peers: ${message}`);
    return exitCode;
  }
}

async function holdRace({ picture, only, rounds, json }: Options): Promise<number> {
  const entries = ENTRIES.filter(({ program, weights }) =>
    only?.some((text) => `${program} ${weights}`.includes(text)) ?? true
  );
  if (entries.length === 0) throw new UsageError(`Nobody is called "${only?.join('", "')}"`);
  const folder = await Deno.makeTempDir({ prefix: "tessera-peers-" });
  try {
    const { course, machine } = await prepare(picture, folder);
    if (!json) printResult(machineLine(machine));
    const { places, absences } = await race(entries, course, rounds, (program, weights) => {
      printNote(`${program}, ${weights}`);
    });
    printResult(
      json ? JSON.stringify({ ...machine, places, absences }) : raceTable(places, absences),
    );
    return 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Shrinks the picture; the device is given back before anyone else wants it. */
async function prepare(
  path: string,
  folder: string,
): Promise<{ course: Course; machine: Machine }> {
  const [load] = Deno.loadavg();
  const original = cropToMultiple(await decodePicture(await Deno.readFile(path)), FACTOR);
  if (original.channels !== 3 || original.depth !== 8) {
    throw new UsageError(`${path} is not of 8-bit RGB, which all programs read alike`);
  }
  const gpu = await Gpu.open();
  const small = await shrink(gpu, { ...original, metadata: {} }, FACTOR);
  const adapter = gpu.adapter.description;
  gpu.destroy();
  const input = join(folder, "input.png");
  await Deno.writeFile(input, await encodePicture(small, { format: "png" }));
  const { width, height } = small;
  const processors = navigator.hardwareConcurrency;
  return {
    course: { input, original, folder },
    machine: { deno: Deno.version.deno, adapter, processors, load, width, height },
  };
}

function readOptions(args: string[]): Options {
  const { picture, only, rounds, json, help } = parse(args);
  return {
    picture: picture ?? SCENE,
    only,
    rounds: readCount(rounds ?? "3", "--rounds"),
    json: json ?? false,
    help: help ?? false,
  };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        picture: { type: "string" },
        only: { type: "string", multiple: true },
        rounds: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readCount(text: string, flag: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`Expected a whole number from 1 for ${flag} but received "${text}"`);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
