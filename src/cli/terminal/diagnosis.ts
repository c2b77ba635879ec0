/**
 * What `tessera doctor` finds out: the adapter, what will be used of it, whether it computes, and
 * what is missing.
 */

import { adviseOn } from "./failure.ts";
import { type MatrixUnits, matrixUnits } from "../../engine/matrix_units.ts";
import { NoGpuError } from "../../errors.ts";
import { type AdapterSummary, Gpu, type GpuOptions } from "../../gpu/device.ts";
import { type ChosenStyles, chosenStyles } from "../../kernels/tuning.ts";
import type { Picture } from "../../pictures/mod.ts";
import { DEFAULT_MEMORY } from "../../upscale_options.ts";
import { DAWN, hasDawn } from "../../platform/mod.ts";
import type { Plan } from "../../upscale_plan.ts";
import { Upscaler } from "../../upscaler.ts";
import { defaultModel } from "../../weights/library.ts";
import { isGranted, PERMISSIONS } from "./permissions.ts";
import { gpuOf } from "../options/upscaler_options.ts";
import { VERSION } from "../version.ts";

/** What was found. */
export interface Diagnosis {
  tessera: string;
  deno: string;
  system: string;
  /** Vulkan drivers by the name of their manifest; null where that cannot be told. */
  vulkanDrivers: string[] | null;
  /** Null where there is none that can be used. */
  gpu: GpuDiagnosis | null;
  /** The other WebGPU that can be asked for, and whether it is on this machine. */
  dawn: { package: string; state: "loaded" | "present" | "absent" | "unknown" };
  permissions: { flag: string; purpose: string; granted: boolean }[];
  /** What to do about what is missing, in whole sentences. */
  advice: string[];
}

/** What was found on a device. */
export interface GpuDiagnosis {
  adapter: AdapterSummary;
  enabled: string[];
  /** Styles of the convolutions, and how they were chosen, for each way to store activations. */
  styles: ChosenStyles;
  /** Shape of the products on matrix units, or why those are not used. */
  matrixUnits: MatrixUnits;
  memory: number;
  model: string;
  /** How the sample would be upscaled. */
  plan: Plan;
  /** Seconds that the check took, which compiles every shader. */
  checkSeconds: number;
}

/** The picture that the plan is made for: the usual question is "to 4K". */
export const SAMPLE = { width: 960, height: 540, scale: 4 } as const;

const DRIVER_FOLDERS = [
  "/etc/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/usr/share/vulkan/icd.d",
];

/** Examines the machine. Never throws for lack of a GPU: that is a finding. */
export async function diagnose(backend?: "deno" | "dawn"): Promise<Diagnosis> {
  const advice: string[] = [];
  const vulkanDrivers = findVulkanDrivers();
  if (vulkanDrivers?.length === 0) {
    advice.push(
      "No Vulkan driver is installed. Install your graphics card's, or Mesa's: " +
        "apt-get install mesa-vulkan-drivers libvulkan1",
    );
  }
  const gpu = await diagnoseGpu(advice, await gpuOf(backend));
  const permissions = PERMISSIONS.map((permission) => {
    const { flag, purpose } = permission;
    return { flag, purpose, granted: isGranted(permission) };
  });
  const missing = permissions.filter(({ granted }) => !granted).map(({ flag }) => flag);
  if (missing.length > 0) {
    advice.push(`Upscaling needs, beyond what this run was given: ${missing.join(" ")}`);
  }
  return {
    tessera: VERSION,
    deno: Deno.version.deno,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    vulkanDrivers,
    gpu,
    dawn: { package: `npm:${DAWN}`, state: backend === "dawn" ? "loaded" : presenceOfDawn() },
    permissions,
    advice,
  };
}

function presenceOfDawn(): "present" | "absent" | "unknown" {
  const there = hasDawn();
  if (there === undefined) return "unknown";
  return there ? "present" : "absent";
}

function findVulkanDrivers(): string[] | null {
  if (Deno.build.os !== "linux" || !mayRead()) return null;
  return DRIVER_FOLDERS.flatMap((folder) => {
    try {
      return [...Deno.readDirSync(folder)].map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }).filter((name) => name.endsWith(".json")).sort();
}

async function diagnoseGpu(
  advice: string[],
  options: GpuOptions,
): Promise<GpuDiagnosis | null> {
  let gpu: Gpu;
  try {
    gpu = await Gpu.open(options);
  } catch (error) {
    if (!(error instanceof NoGpuError)) throw error;
    advice.push(adviseOn(error));
    return null;
  }
  try {
    if (gpu.adapter.software) {
      advice.push(
        "This adapter computes on the processor: correct, but slow. If there is a graphics card, " +
          "its Vulkan driver is missing.",
      );
    }
    return await examine(gpu);
  } catch (error) {
    advice.push(`The adapter does not compute: ${(error as Error).message}`);
    return null;
  } finally {
    gpu.destroy();
  }
}

async function examine(gpu: Gpu): Promise<GpuDiagnosis> {
  // Without permission to read, the kernels of resampling are all that can be tried.
  const model = mayRead() ? defaultModel().name : "bicubic";
  const upscaler = await Upscaler.create({ device: gpu, model });
  try {
    const start = performance.now();
    checkMean(await upscaler.upscale(greyPicture()));
    const checkSeconds = (performance.now() - start) / 1000;
    return {
      adapter: gpu.adapter,
      enabled: [...gpu.enabled],
      styles: await chosenStyles(gpu),
      matrixUnits: await matrixUnits(gpu),
      memory: DEFAULT_MEMORY,
      model,
      plan: await upscaler.plan(SAMPLE, { scale: SAMPLE.scale }),
      checkSeconds: Number(checkSeconds.toFixed(3)),
    };
  } finally {
    upscaler.destroy();
  }
}

const GREY = 128;

function greyPicture(): Picture {
  const data = new Uint8Array(16 * 16).fill(GREY);
  return { width: 16, height: 16, channels: 1, depth: 8, data, metadata: {} };
}

/** A grey picture stays grey, more or less, whatever the network. */
function checkMean({ data }: Picture): void {
  let sum = 0;
  for (const sample of data) sum += sample;
  const mean = sum / data.length;
  if (Math.abs(mean - GREY) > 32) {
    throw new Error(`a picture of grey ${GREY} came out as ${mean.toFixed(0)}; update the driver`);
  }
}

function mayRead(): boolean {
  return Deno.permissions.querySync({ name: "read" }).state === "granted";
}
