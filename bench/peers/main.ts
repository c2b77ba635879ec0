/**
 * `deno task peers`: the same networks in Tessera and in other programs, on the same machine.
 */

import { parseArgs } from "node:util";
import { explainError } from "../../src/cli/terminal/failure.ts";
import { printNote, printResult } from "../../src/cli/terminal/print.ts";
import { UsageError } from "../../src/errors.ts";
import { Gpu } from "../../src/gpu/device.ts";
import type { Size } from "../../src/raster/size.ts";
import { loadModel } from "../../src/weights/library.ts";
import { holdContest } from "./contest.ts";
import { onnxRuntimePeers } from "./onnxruntime_peers.ts";
import { contestTable, type Machine, machineLine } from "./report.ts";
import { tesseraPeer } from "./tessera_peer.ts";

const HELP = `Times the same networks in Tessera and in onnxruntime-web, in turns.

Usage: deno task peers [options]

Options:
  --model NAME|FILE  a network; may be given again (default: photo-x4 and fast-x4)
  --size WxH         size of the picture in pixels; may be given again (default: 128x128)
  --rounds N         how often each program is timed (default: 5)
  --json             one JSON line per network and size
  --help             this text`;

interface Options {
  models: string[];
  sizes: Size[];
  rounds: number;
  json: boolean;
  help: boolean;
}

async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) printResult(HELP);
    return options.help ? 0 : await holdContests(options);
  } catch (error) {
    const { message, exitCode } = explainError(error);
    printNote(`peers: ${message}`);
    return exitCode;
  }
}

/** Returns the exit code: 1 if a program could not take part. */
async function holdContests({ models, sizes, rounds, json }: Options): Promise<number> {
  const gpu = await Gpu.open();
  const machine: Machine = {
    deno: Deno.version.deno,
    adapter: gpu.adapter.description,
    processors: navigator.hardwareConcurrency,
  };
  if (!json) printResult(machineLine(machine));
  const peers = [tesseraPeer(gpu), ...onnxRuntimePeers(gpu, machine.processors)];
  let refusals = 0;
  for (const source of models) {
    const { network } = await loadModel(source);
    for (const size of sizes) {
      const contest = await holdContest(
        peers,
        { source, network },
        size,
        rounds,
        Deno.loadavg()[0],
      );
      printResult(json ? JSON.stringify({ ...machine, ...contest }) : contestTable(contest));
      refusals += contest.refusals.length;
    }
  }
  gpu.destroy();
  return refusals === 0 ? 0 : 1;
}

function readOptions(args: string[]): Options {
  const { model, size, rounds, json, help } = parse(args);
  return {
    models: model ?? ["photo-x4", "fast-x4"],
    sizes: (size ?? ["128x128"]).map(readSize),
    rounds: readCount(rounds ?? "5", "--rounds"),
    json: json ?? false,
    help: help ?? false,
  };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        model: { type: "string", multiple: true },
        size: { type: "string", multiple: true },
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

function readSize(text: string): Size {
  const [width, height, ...rest] = text.split("x");
  if (height === undefined || rest.length > 0) {
    throw new UsageError(`Expected WIDTHxHEIGHT for --size but received "${text}"`);
  }
  return { width: readCount(width, "--size"), height: readCount(height, "--size") };
}

function readCount(text: string, flag: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`Expected whole numbers from 1 for ${flag} but received "${text}"`);
}

// Threads of the WASM runtime stay behind and would keep the program alive.
Deno.exit(await main(Deno.args));
