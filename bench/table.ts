/**
 * The report for people: one table per part.
 */

import type { KernelFigures } from "./kernel_case.ts";
import type { NetworkFigures } from "./networks.ts";
import type { Peak } from "./peak.ts";
import type { QualityFigures, QualityReport, ShrinkCheck } from "./quality.ts";
import type { BenchReport } from "./run.ts";

/** Returns the report as text. */
export function formatReport(report: BenchReport): string {
  const { peak, kernels, networks, quality } = report;
  const parts = [formatHead(report)];
  if (peak) parts.push(formatPeak(peak));
  if (kernels) parts.push(formatKernels(kernels));
  if (networks) parts.push(formatNetworks(networks));
  if (quality) parts.push(formatQuality(quality));
  return parts.join("\n\n");
}

function formatHead({ adapter, date, deno, platform, size, seconds }: BenchReport): string {
  return `${adapter.description}\n` +
    `Deno ${deno} on ${platform}, ${date}; ${size.width} x ${size.height} pixels, ` +
    `medians over ${seconds} s`;
}

function formatPeak({ gflops, accumulators, gbps }: Peak): string {
  return `Peak: ${fixed(gflops, 1)} GFLOP/s multiply-add in f32 (${accumulators} accumulators), ` +
    `${fixed(gbps, 1)} GB/s copying`;
}

function formatKernels(kernels: KernelFigures[]): string {
  const rows = kernels.map((row) => [
    row.kernel,
    row.storage,
    fixed(row.ms, 2),
    fixed(row.minMs, 2),
    row.gflops === 0 ? "" : fixed(row.gflops, 1),
    row.gflops === 0 ? "" : percent(row.peakShare),
    fixed(row.gbps, 2),
  ]);
  return formatTable(["kernel", "storage", "ms", "least", "GFLOP/s", "of peak", "GB/s"], rows);
}

function formatNetworks(networks: NetworkFigures[]): string {
  const rows = networks.map((row) => [
    `${row.model} x${row.scale}`,
    row.storage,
    fixed(row.ms, 1),
    fixed(row.minMs, 1),
    fixed(row.firstMs, 1),
    fixed(row.msPerMegapixel, 0),
    row.gflops === 0 ? "" : fixed(row.gflops, 1),
    row.gflops === 0 ? "" : percent(row.peakShare),
    fixed(row.gpuBytes / 1e6, 1),
    fixed(row.timesBicubic, 1),
  ]);
  const head = ["network", "storage", "ms", "least", "first", "ms/MP", "GFLOP/s", "of peak"];
  return formatTable([...head, "GPU MB", "x bicubic"], rows);
}

function formatQuality({ images, models, shrinking }: QualityReport): string {
  const rows = models.map((row) => [
    row.model,
    `x${row.scale}`,
    fixed(row.psnrY, 2),
    fixed(row.ssimY, 4),
    String(row.pictures.length),
  ]);
  const table = formatTable([images, "scale", "PSNR-Y", "SSIM-Y", "pictures"], rows);
  return [table, ...shrinking.map(formatShrinking), ...formatTexture(models)].join("\n");
}

/** A table of its own; truths' values stand behind a stroke. */
function formatTexture(models: QualityFigures[]): string[] {
  const rows = models.flatMap(({ model, scale, texture }) => {
    if (texture === undefined) return [];
    const { flat, truthFlat } = texture;
    return [[
      model,
      `x${scale}`,
      fixed(texture.spectrum, 2),
      `${texture.balance < 0 ? "" : "+"}${fixed(texture.balance, 2)}`,
      fixed(texture.gradients, 2),
      `${fixed(texture.grid, 1)} / ${fixed(texture.truthGrid, 1)}`,
      flat === null || truthFlat === null ? "none" : `${fixed(flat, 2)} / ${fixed(truthFlat, 2)}`,
      fixed(texture.features, 3),
    ]];
  });
  if (rows.length === 0) return [];
  const head = ["texture", "scale", "spectrum dB", "more dB", "gradients"];
  return ["", formatTable([...head, "grid dB / truth", "flat / truth", "features"], rows)];
}

function formatShrinking({ folder, pictures, all, inside }: ShrinkCheck): string {
  return `Shrunk pictures against ${pictures} in ${folder}: ` +
    `${all.different} of ${all.pixels} pixels differ, by ${all.largest} levels at most; ` +
    `without the outermost two, ${inside.different} by ${inside.largest}`;
}

/** Aligns columns: the first to the left, the others to the right. */
function formatTable(head: string[], rows: string[][]): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i].length))
  );
  return [head, ...rows].map((row) => {
    const cells = row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
    return cells.join("  ").trimEnd();
  }).join("\n");
}

function fixed(value: number, digits: number): string {
  return value.toFixed(digits);
}

function percent(share: number): string {
  return `${fixed(share * 100, 0)} %`;
}
