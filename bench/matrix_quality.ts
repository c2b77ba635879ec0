/**
 * What matrix units change of a network's pictures, on the adapter that Dawn finds:
 *
 *   deno run -A --no-lock bench/matrix_quality.ts SMALL LARGE MODEL[:SIDE]...
 *
 * SMALL and LARGE are folders of the same pictures, in the same order. For each network and picture, or at
 * most SIDE x SIDE pixels of its middle, it prints the PSNR-Y of the result in f32 and of that on matrix
 * units against the large picture, a border of the factor left out, then the PSNR of the two results
 * against each other and their largest difference in levels.
 *
 * Software's units are used, too: they compute what others compute.
 */

import { join } from "node:path";
import { printResult } from "../src/cli/terminal/print.ts";
import { assumeMatrixUnits } from "../src/engine/matrix_units.ts";
import { GpuError, UsageError } from "../src/errors.ts";
import { Gpu } from "../src/gpu/device.ts";
import { matrixShapeOf } from "../src/kernels/matrix_shape.ts";
import { decodePicture } from "../src/pictures/mod.ts";
import type { Picture } from "../src/pictures/picture.ts";
import { loadDawn } from "../src/platform/mod.ts";
import { psnrRgb, psnrY } from "../src/quality/psnr.ts";
import type { Region } from "../src/raster/size.ts";
import { cropPicture } from "../src/targets/crop.ts";
import { Upscaler } from "../src/upscaler.ts";
import { compareLevels } from "./shrink.ts";

const [small, large, ...models] = Deno.args;
if (models.length === 0) throw new UsageError("Expected SMALL LARGE MODEL[:SIDE]...");

const gpu = await Gpu.open({ gpu: await loadDawn() });
const shape = matrixShapeOf(gpu.adapter, gpu.enabled);
if ("missing" in shape) throw new GpuError(`${gpu.adapter.description} lacks ${shape.missing}`);
assumeMatrixUnits(gpu, shape);
printResult(`${gpu.adapter.description}, products of ${shape.m}x${shape.n}x${shape.k}`);
printResult("network, picture: PSNR-Y in f32, on matrix units; one against the other, levels");
for (const argument of models) {
  const [, model, side = "Infinity"] = /^(.*?)(?::(\d+))?$/.exec(argument)!;
  await measure(model, Number(side));
}
// Dawn has threads that would keep the process alive.
Deno.exit(0);

async function measure(model: string, side: number): Promise<void> {
  const names = [small, large].map((folder) =>
    [...Deno.readDirSync(folder)].map((e) => e.name).sort()
  );
  for (const [i, name] of names[0].entries()) {
    const source = await read(join(small, name));
    const part = middleOf(source, side);
    const f32 = await upscale(model, cropPicture(source, part), "f32");
    const matrix = await upscale(model, cropPicture(source, part), "auto");
    const scale = f32.width / part.width;
    const [x, y, width, height] = [part.x, part.y, part.width, part.height].map((n) => n * scale);
    const truth = cropPicture(await read(join(large, names[1][i])), { x, y, width, height });
    const [before, after] = [f32, matrix].map((result) => psnrY(result, truth, scale));
    const { largest } = compareLevels(matrix, f32);
    printResult(
      `${model}, ${name} ${part.width}x${part.height}: ${before.toFixed(4)}, ${after.toFixed(4)} ` +
        `(${(after - before).toFixed(4)}); ${psnrRgb(matrix, f32).toFixed(1)} dB, ${largest}`,
    );
  }
}

async function read(path: string): Promise<Picture> {
  return await decodePicture(await Deno.readFile(path));
}

function middleOf({ width, height }: Picture, side: number): Region {
  const [w, h] = [Math.min(side, width), Math.min(side, height)];
  return { x: (width - w) >> 1, y: (height - h) >> 1, width: w, height: h };
}

async function upscale(
  model: string,
  picture: Picture,
  precision: "f32" | "auto",
): Promise<Picture> {
  const upscaler = await Upscaler.create({ device: gpu, model, precision });
  const labels = watchPipelines();
  const result = await upscaler.upscale(picture, { mode: "network" });
  upscaler.destroy();
  const onUnits = labels.some((label) => label.startsWith("matrix units"));
  if (onUnits !== (precision === "auto")) throw new GpuError(`${model} ran on other kernels`);
  return result;
}

/** Notes the shaders that run. */
function watchPipelines(): string[] {
  const labels: string[] = [];
  gpu.pipeline = (label, code) => {
    labels.push(label);
    return Gpu.prototype.pipeline.call(gpu, label, code);
  };
  return labels;
}
