/** `tessera doctor`: what the GPU offers, what will be used and why, and how to fix what is missing. */

import { UsageError } from "../../errors.ts";
import { STYLES } from "../../kernels/styles.ts";
import type { StyleChoice } from "../../kernels/tuning.ts";
import { alignRows, describeOptions, parseOptions, switchOption } from "../options/arguments.ts";
import { diagnose, type Diagnosis, type GpuDiagnosis, SAMPLE } from "../terminal/diagnosis.ts";
import {
  adapterOf,
  BACKEND_OPTIONS,
  gpuOf,
  UPSCALER_OPTIONS,
} from "../options/upscaler_options.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { printResult } from "../terminal/print.ts";
import { formatDuration } from "../terminal/progress.ts";

const OPTIONS = {
  gpu: UPSCALER_OPTIONS.gpu,
  ...BACKEND_OPTIONS,
  json: switchOption("one JSON line"),
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
  const { gpu, backend } = values;
  const diagnosis = await diagnose({ ...adapterOf(gpu), ...await gpuOf(backend) }, backend);
  printResult(values.json ? JSON.stringify(diagnosis) : describe(diagnosis));
  return diagnosis.gpu === null ? EXIT.noGpu : EXIT.done;
}

function help(): string {
  return `Shows what the GPU offers, what will be used and why, and how to fix what is
missing.

Usage: tessera doctor [options]

${describeOptions(OPTIONS)}

Deno has no list of adapters: it shows the fastest, the thriftiest and the one
that computes on the processor. On Linux the Vulkan loader shows one driver
alone, and with it its adapter:

  VK_DRIVER_FILES=/usr/share/vulkan/icd.d/NAME.json tessera ...

The exit code is 4 when there is no usable GPU.`;
}

type Row = [name: string, value: string];

function describe({ tessera, deno, system, ...found }: Diagnosis): string {
  const rows: Row[] = [["Program", `Tessera ${tessera}, Deno ${deno}, ${system}`]];
  if (found.vulkanDrivers !== null) {
    rows.push(["Vulkan drivers", found.vulkanDrivers.join(", ") || "none"]);
  }
  if (found.adapters.length > 1) {
    rows.push(["Adapters", `${found.adapters.join("; ")}: --gpu chooses by a part of the name`]);
  } else if (found.adapters.length === 1) {
    rows.push(["Adapters", `${found.adapters[0]}, and no other that Deno shows`]);
  }
  rows.push(...found.gpu === null ? [NO_ADAPTER] : gpuRows(found.gpu));
  rows.push(["Dawn", describeDawn(found)]);
  const granted = found.permissions.filter(({ granted }) => granted);
  rows.push(["Permissions", granted.map(({ flag }) => flag).join(" ") || "none"]);
  const advice = found.advice.map((sentence) => `- ${sentence}`);
  return [alignRows(rows), advice.join("\n")].filter((part) => part !== "").join("\n\n");
}

/** Whether the other WebGPU is there, and what it would bring. */
function describeDawn(
  { dawn: { package: name, state }, gpu }: Pick<Diagnosis, "dawn" | "gpu">,
): string {
  if (state === "loaded") return `${name}, in use`;
  const there = {
    present: "there",
    absent: "not fetched yet (51 MB, 132 MB unpacked)",
    unknown: "may be there",
  };
  const brings = gpu?.adapter.software
    ? "nothing that a software adapter needs"
    : "the matrix units of graphics cards that have them";
  return `${name}, ${there[state]}; --backend dawn would bring ${brings}; it takes --allow-ffi`;
}

const NO_ADAPTER: Row = ["Adapter", "none that can be used"];

function gpuRows(gpu: GpuDiagnosis): Row[] {
  const { adapter, enabled, model, plan } = gpu;
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const buffer = megabytes(maxBufferSize);
  const binding = megabytes(maxStorageBufferBindingSize);
  return [
    ["Adapter", `${adapter.description}${adapter.software ? " (software)" : ""}`],
    ["Features used", enabled.join(", ") || "none"],
    ["Features offered", adapter.features.join(", ")],
    ["Limits", `a buffer holds ${buffer}, a shader sees ${binding} of it`],
    ["Kernels", describeStyle(gpu.styles.f32)],
    ["Kernels in f16", describeStyle(gpu.styles.f16)],
    ["Matrix units", describeUnits(gpu)],
    ["Precision", describePrecision(gpu)],
    ["Memory", `${megabytes(gpu.memory)} at most; --memory changes that`],
    ["Check", `passed in ${formatDuration(gpu.checkSeconds)}`],
    ["For example", `${model}, ${describePlan(plan)}`],
  ];
}

function describeStyle({ style, source }: StyleChoice): string {
  return `${style}: ${STYLES[style].summary} (${source})`;
}

function describeUnits({ matrixUnits: units, styles }: GpuDiagnosis): string {
  if (units.shape === undefined) return `not used: ${units.missing}`;
  const { m, n, k, staged } = units.shape;
  return `used, in products of ${m}x${n}x${k} with ${staged} staged (${styles.matrix.source}), for ` +
    "networks of convolutions alone";
}

function describePrecision({ matrixUnits: { shape } }: GpuDiagnosis): string {
  const ordinary = "f32; f16 where only that lets a whole picture through at once";
  return shape === undefined ? ordinary : `f16 with sums of f32 on matrix units; else ${ordinary}`;
}

function describePlan({ outputWidth, outputHeight, passes }: GpuDiagnosis["plan"]): string {
  const tiles = passes.reduce((sum, pass) => sum + pass.tiles, 0);
  const bytes = Math.max(...passes.map(({ gpuBytes }) => gpuBytes));
  return [
    `${SAMPLE.width} x ${SAMPLE.height} to ${outputWidth} x ${outputHeight}: ${
      passes[0].precision
    }`,
    tiles === 1 ? "1 tile" : `${tiles} tiles`,
    megabytes(bytes),
    passes.every((pass) => pass.exact) ? "no trace of tiles" : "inexact at the edges of tiles",
  ].join(", ");
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
