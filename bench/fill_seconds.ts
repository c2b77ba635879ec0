// deno-lint-ignore-file no-console -- a program of its own prints its figures
/**
 * Seconds that an extension to a 4K screen takes, of painted scenes of 2880 x 2160 pixels: a quarter of the
 * result is new. The first one warms up and is not counted.
 *
 * deno run --allow-read --allow-ffi bench/fill_seconds.ts
 */

import { extend } from "../src/fill/extend.ts";
import { Gpu } from "../src/gpu/device.ts";
import type { Picture } from "../src/pictures/mod.ts";
import { paintScenes } from "./fill_scenes.ts";

const SIZE = { width: 2880, height: 2160 } as const;
const CANVAS = { x: 480, y: 0, width: 3840, height: 2160 } as const;

/** Scenes that are extended, the first of them twice. */
const COUNT = 3;

const gpu = await Gpu.open();
console.log(gpu.adapter.description);
const scenes = paintScenes().slice(0, COUNT);
for (const [i, { name, picture }] of [scenes[0], ...scenes].entries()) {
  const large = enlarged(picture);
  const start = performance.now();
  await extend(gpu, large, CANVAS);
  if (i > 0) console.log(`${name}  ${((performance.now() - start) / 1000).toFixed(2)} s`);
}
gpu.destroy();

/** The scene at the large size, by repeating pixels. */
function enlarged({ width, height, channels, data, ...rest }: Picture): Picture {
  const large = new Uint8Array(SIZE.width * SIZE.height * channels);
  for (let y = 0, to = 0; y < SIZE.height; y++) {
    const row = Math.floor(y * height / SIZE.height) * width;
    for (let x = 0; x < SIZE.width; x++) {
      const from = (row + Math.floor(x * width / SIZE.width)) * channels;
      for (let c = 0; c < channels; c++) large[to++] = data[from + c];
    }
  }
  return { ...rest, ...SIZE, channels, data: large };
}
