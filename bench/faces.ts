// deno-lint-ignore-file no-console -- a program of its own prints its table
/**
 * Whether a person stays the same person: photographs with a face are shrunk four times, enlarged again
 * by each network, and the face is compared with what it was.
 *
 * deno run --no-lock --allow-read --allow-ffi --allow-env bench/faces.ts FOLDER MODEL...
 */

import { join } from "node:path";
import { Gpu } from "../src/gpu/device.ts";
import { FaceDetector, findFaces } from "../src/inspect/mod.ts";
import { convertDepth, decodePicture, type Picture } from "../src/pictures/mod.ts";
import { Upscaler } from "../src/upscaler.ts";
import { descriptorDistance, FaceDescriber, SAME_PERSON } from "./face_descriptor.ts";
import { cropToMultiple, shrink } from "./shrink.ts";

const SCALE = 4;

const [folder, ...models] = Deno.args;
const gpu = await Gpu.open();
const [detector, describer] = [await FaceDetector.load(), await FaceDescriber.load()];
const upscalers: Upscaler[] = [];
for (const model of ["bicubic", ...models]) {
  upscalers.push(await Upscaler.create({ model, device: gpu }));
}

const distances: number[][] = upscalers.map(() => []);
const truths: Float32Array[] = [];
const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
for (const name of names) {
  const truth = cropToMultiple(await readColours(join(folder, name)), SCALE);
  const [face] = await findFaces(truth, detector);
  if (face === undefined) {
    console.log(`${name}: no face found`);
    continue;
  }
  const wanted = await describer.describe(truth, face);
  truths.push(wanted);
  const small = await shrink(gpu, truth, SCALE);
  for (const [i, upscaler] of upscalers.entries()) {
    const found = await upscaler.upscale(small, { scale: SCALE });
    distances[i].push(descriptorDistance(await describer.describe(found, face), wanted));
  }
  console.log(
    `${name}: ${face.height / SCALE} pixels high,`,
    distances.map((each) => each.at(-1)!.toFixed(3)).join(" "),
  );
}

console.log(`\n${truths.length} faces; mean, largest, how many pass for another person:`);
for (const [i, { label }] of upscalers.entries()) {
  const others = distances[i].filter((distance) => distance >= SAME_PERSON).length;
  console.log(label, mean(distances[i]).toFixed(3), Math.max(...distances[i]).toFixed(3), others);
}
console.log("two people:", mean(pairDistances(truths)).toFixed(3));

async function readColours(path: string): Promise<Picture> {
  const picture = convertDepth(await decodePicture(await Deno.readFile(path)), 8);
  if (picture.channels !== 3) throw new Error(`${path} is not in colour`);
  return picture;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The distances of all pairs. */
function pairDistances(faces: Float32Array[]): number[] {
  return faces.flatMap((a, i) => faces.slice(i + 1).map((b) => descriptorDistance(a, b)));
}
