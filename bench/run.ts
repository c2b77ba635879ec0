/**
 * The bench: what the adapter can do, what the kernels and networks make of it, and what the result is
 * worth.
 */

import { UsageError } from "../src/errors.ts";
import { type AdapterSummary, Gpu } from "../src/gpu/device.ts";
import { type KernelFigures } from "./kernel_case.ts";
import { benchKernels } from "./kernels.ts";
import { benchNetworks, type NetworkFigures } from "./networks.ts";
import { measurePeak, type Peak } from "./peak.ts";
import { benchQuality, type QualityOptions, type QualityReport } from "./quality.ts";
import type { Size } from "./test_tensor.ts";

/** The parts of the bench, in their order. */
export const SECTIONS = ["peak", "kernels", "networks", "quality", "texture"] as const;

/** What is measured unless something is asked for: texture needs a package that is large. */
export const DEFAULT_SECTIONS: readonly Section[] = SECTIONS.filter((part) => part !== "texture");

/** One part of the bench. */
export type Section = typeof SECTIONS[number];

/** What is measured, and how long. */
export interface BenchOptions {
  /** The implementation of WebGPU. Default: the runtime's own. */
  gpu?: GPU;
  sections: readonly Section[];
  /** Networks: names, paths or URLs. */
  models: string[];
  /** A folder of pictures; without it there is no figure of quality. */
  images?: string | undefined;
  /** How quality is measured. */
  quality?: Omit<QualityOptions, "signal" | "texture">;
  /** Size of what kernels and networks work on. Default: by the kind of adapter. */
  size?: Size | undefined;
  /** Seconds of timing for each figure. */
  seconds: number;
  signal?: AbortSignal | undefined;
  /** Told what is measured next. */
  onStart?: ((label: string) => void) | undefined;
}

/** Everything that was measured, and on what. */
export interface BenchReport {
  /** ISO 8601, UTC. */
  date: string;
  deno: string;
  /** Operating system and processor architecture. */
  platform: string;
  adapter: Pick<
    AdapterSummary,
    "description" | "vendor" | "device" | "architecture" | "software" | "subgroupSizes"
  >;
  /** Optional features that were in use. */
  features: string[];
  size: Size;
  seconds: number;
  peak?: Peak;
  kernels?: KernelFigures[];
  networks?: NetworkFigures[];
  quality?: QualityReport;
}

const DEFAULT_SIZE = {
  software: { width: 256, height: 256 },
  hardware: { width: 640, height: 480 },
} as const;

/**
 * Measures what is asked for. The peak is part of it wherever shares of it are.
 *
 * @throws {UsageError} If only what is measured on pictures is asked for, without pictures.
 * @throws {NoGpuError} If there is no adapter.
 * @throws {GpuError} If the device fails, or a kernel is wrong on it.
 */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  checkOptions(options);
  const gpu = await Gpu.open(options.gpu && { gpu: options.gpu });
  try {
    return await measure(gpu, options);
  } finally {
    gpu.destroy();
  }
}

async function measure(gpu: Gpu, options: BenchOptions): Promise<BenchReport> {
  const { models, images, seconds, signal, onStart = () => {} } = options;
  const asked = new Set(options.sections);
  const report = describe(gpu, options);
  const { size } = report;
  const budget = { seconds, signal };
  if (asked.has("peak") || asked.has("kernels") || asked.has("networks")) {
    onStart("peak");
    report.peak = await measurePeak(gpu, budget);
  }
  const peakGflops = report.peak?.gflops ?? NaN;
  if (asked.has("kernels")) {
    report.kernels = await benchKernels(gpu, size, peakGflops, budget, onStart);
  }
  if (asked.has("networks")) {
    report.networks = await benchNetworks(gpu, models, size, peakGflops, budget, onStart);
  }
  if ((asked.has("quality") || asked.has("texture")) && images !== undefined) {
    report.quality = await benchQuality(
      gpu,
      models,
      images,
      { ...options.quality, texture: asked.has("texture"), signal },
      onStart,
    );
  }
  return report;
}

function describe(gpu: Gpu, { size, seconds }: BenchOptions): BenchReport {
  const { description, vendor, device, architecture, software, subgroupSizes } = gpu.adapter;
  return {
    date: new Date().toISOString(),
    deno: Deno.version.deno,
    platform: `${Deno.build.os} ${Deno.build.arch}`,
    adapter: { description, vendor, device, architecture, software, subgroupSizes },
    features: [...gpu.enabled].sort(),
    size: size ?? DEFAULT_SIZE[software ? "software" : "hardware"],
    seconds,
  };
}

function checkOptions({ sections, images }: BenchOptions): void {
  const onPictures = sections.every((part) => part === "quality" || part === "texture");
  if (images === undefined && onPictures) {
    throw new UsageError(`Expected --images FOLDER: ${sections[0]} is measured on pictures`);
  }
}
