/** `tessera tune`: finds the fastest kernels for this adapter and keeps the choice. */

import { tune, type TuneReport } from "../../../bench/tune.ts";
import { UsageError } from "../../errors.ts";
import { Gpu } from "../../gpu/device.ts";
import { forgetStyles } from "../../kernels/tuning.ts";
import {
  alignRows,
  describeOptions,
  numberOption,
  parseOptions,
  switchOption,
} from "../options/arguments.ts";
import {
  adapterOf,
  BACKEND_OPTIONS,
  gpuOf,
  UPSCALER_OPTIONS,
} from "../options/upscaler_options.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { InterruptListener } from "../terminal/interrupt.ts";
import { printNote, printResult } from "../terminal/print.ts";

const DEFAULT_SECONDS = 0.1;

const OPTIONS = {
  gpu: UPSCALER_OPTIONS.gpu,
  ...BACKEND_OPTIONS,
  seconds: numberOption({
    value: "N",
    min: 0,
    max: 60,
    help: `of timing for each figure (default: ${DEFAULT_SECONDS})`,
  }),
  reset: switchOption("forget what was measured on this adapter"),
  quiet: switchOption("only the result", "q"),
  json: switchOption("one JSON document on stdout"),
  help: switchOption("this text", "h"),
};

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (inputs.length > 0) throw new UsageError(`Unexpected argument "${inputs[0]}"`);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  using interrupt = new InterruptListener();
  const gpu = await Gpu.open({ ...adapterOf(values.gpu), ...await gpuOf(values.backend) });
  try {
    if (values.reset) {
      await forgetStyles(gpu);
      printNote(`Forgot what was measured on ${gpu.adapter.description}`);
      return EXIT.done;
    }
    const budget = { seconds: values.seconds ?? DEFAULT_SECONDS, signal: interrupt.signal };
    const report = await tune(gpu, budget, (kernel) => {
      if (!values.quiet) printNote(`Measuring ${kernel}`);
    });
    printResult(values.json ? JSON.stringify(report) : describe(report));
    return EXIT.done;
  } finally {
    gpu.destroy();
  }
}

const STORAGES = ["f32", "f16"] as const;

function describe(report: TuneReport): string {
  const { adapter, size, styles, matrix, chosen, untuned, kept } = report;
  const rows = styles.map(({ style, gflops, refused }) => {
    if (refused !== undefined) return [style, `refused: ${refused}`] as const;
    const figures = STORAGES.filter((storage) => gflops[storage] !== undefined).map((storage) => {
      const mark = style === chosen[storage] ? " (chosen)" : "";
      return `${gflops[storage]!.toFixed(1)} GFLOP/s in ${storage}${mark}`;
    });
    return [style, figures.join(", ")] as const;
  });
  const onUnits = matrix.map(({ staged, gflops, refused }) => {
    const name = `matrix units, ${staged} staged`;
    if (refused !== undefined) return [name, `refused: ${refused}`] as const;
    const mark = staged === chosen.matrix ? " (chosen)" : "";
    return [name, `${gflops!.toFixed(1)} GFLOP/s${mark}`] as const;
  });
  const unused = chosen.matrix === "unused" ? ["Matrix units are not used: they are slower."] : [];
  const where = kept ? "Kept for later runs on this adapter" : "There is no place to keep it";
  return [
    `${adapter}, convolutions of ${size.width} x ${size.height} pixels`,
    alignRows([...rows, ...onUnits]),
    ...unused,
    `${where}; without it, "${untuned}" is used.`,
  ].join("\n");
}

function help(): string {
  return `Finds the fastest kernels for this adapter and keeps the choice for later runs.

Usage: tessera tune [options]

Every candidate is checked before it is timed; a wrong one is never chosen.
Matrix units are among them with --backend dawn, where the adapter has them.

${describeOptions(OPTIONS)}`;
}
