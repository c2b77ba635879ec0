/**
 * A device that is lost while it works: it is opened again and the picture goes on behind its last
 * finished band, so that the bytes are those of an undisturbed run; lost too often, it is one GpuError.
 *
 * Fifty losses instead of a few with `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import { DeviceLostError, Gpu } from "../src/gpu/device.ts";
import { Readback } from "../src/gpu/readback.ts";
import type { Retry } from "../src/passes/pass.ts";
import type { Picture } from "../src/pictures/picture.ts";
import type { UpscaleOptions, UpscalerOptions } from "../src/upscale_options.ts";
import type { Report } from "../src/upscale_plan.ts";
import { Upscaler } from "../src/upscaler.ts";
import { type Random, withRandom } from "./reference/random.ts";
import { tinyRrdbNetFile } from "./networks/tiny_networks.ts";

const LOSSES = Deno.env.get("TESSERA_TEST") === "all" ? 50 : 6;

function noise(random: Random, channels: 3 | 4): Picture {
  const [width, height] = [90, 110];
  const data = Uint8Array.from(
    { length: width * height * channels },
    () => random.integer(0, 255),
  );
  return { width, height, channels, depth: 8, data, metadata: {} };
}

/** Runs with an upscaler that has a device of its own, and fails if it keeps memory. */
async function withUpscaler(
  options: UpscalerOptions,
  body: (upscaler: Upscaler, gpu: Gpu) => Promise<void>,
): Promise<void> {
  const gpu = await Gpu.open();
  try {
    const upscaler = await Upscaler.create({ ...options, device: gpu });
    await body(upscaler, gpu);
    upscaler.destroy();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(gpu.bytes, 0, "GPU memory is given back");
  } finally {
    gpu.destroy();
  }
}

/** Destroys the device behind the library's back, some milliseconds after a report of progress, from 0 on. */
function loseAfter(gpu: Gpu, reports: number, milliseconds: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    onProgress: () => {
      if (reports-- === 0) timer = setTimeout(() => gpu.device.destroy(), milliseconds);
    },
    stop: () => clearTimeout(timer),
  };
}

/** Faithful upscales with several tiles and bands; networks with exact halos and without. */
const CASES: [name: string, options: UpscalerOptions, upscale: UpscaleOptions, channels: 3 | 4][] =
  [
    ["fast-x4 with tiles", { model: "fast-x4", tile: 32 }, { mode: "faithful" }, 3],
    [
      "two networks in little memory, with alpha",
      { model: "fast-x4", memory: 12e6 },
      { mode: "faithful", scale: 6, dering: 0.5 },
      4,
    ],
    ["bicubic in bands", { model: "bicubic", memory: 6e6 }, { mode: "faithful", scale: 3 }, 4],
  ];

for (const [name, options, upscale, channels] of CASES) {
  const losses = Math.ceil(LOSSES / CASES.length);
  Deno.test(`${name}: the same bytes after each of ${losses} losses of the device`, () =>
    withRandom((random) =>
      withUpscaler(options, async (upscaler, gpu) => {
        const picture = noise(random, channels);
        await upscaler.upscale(picture, upscale);
        const start = performance.now();
        let reports = 0;
        const onProgress = () => reports++;
        const expected = await upscaler.upscale(picture, { ...upscale, onProgress });
        const between = (performance.now() - start) / reports;
        let retries = 0;
        for (let loss = 0; loss < losses; loss++) {
          // Before the last report, as nothing is left to be lost behind it.
          const report = Math.floor((loss + random.uniform()) / losses * (reports - 1));
          const { onProgress, stop } = loseAfter(gpu, report, random.uniform() * between);
          let told = 0;
          let last: Report | undefined;
          const result = await upscaler.upscale(picture, {
            ...upscale,
            onProgress,
            onRetry: () => told++,
            onReport: (done) => last = done,
          });
          stop();
          assert.deepEqual(result.data, expected.data);
          const all = [...last!.passes, ...last!.alpha ? [last!.alpha] : []];
          assert.equal(told, all.flatMap((pass) => pass.retries).length);
          assert.ok(
            all.every((pass) => pass.retries.every(({ cause }) => cause === "lost device")),
          );
          retries += told;
        }
        assert.ok(retries > 0, "no loss came while the device worked");
      })
    ));
}

Deno.test("an inexact halo gives the same tiles behind a loss", () =>
  withRandom((random) =>
    withUpscaler({ model: tinyRrdbNetFile(random), tile: 33, halo: 2 }, async (upscaler, gpu) => {
      const picture = noise(random, 3);
      const expected = await upscaler.upscale(picture);
      const rows: number[] = [];
      const onRetry = ({ row }: Retry) => rows.push(row);
      const parts: Uint8Array[] = [];
      for await (const part of upscaler.upscaleRows(picture, { onRetry }).rows) {
        parts.push((part as Uint8Array).slice());
        if (parts.length === 2) gpu.device.destroy();
      }
      assert.deepEqual(Uint8Array.from(parts.flatMap((part) => [...part])), expected.data);
      assert.equal(rows.length, 1);
      assert.ok(rows[0] >= parts[0].length / 3 / expected.width, `went on from row ${rows[0]}`);
    })
  ));

Deno.test("a device that is lost four times is one error, and the next picture runs", () =>
  withRandom((random) =>
    withUpscaler({ model: "fast-x4", tile: 16 }, async (upscaler, gpu) => {
      const picture = noise(random, 3);
      const causes: string[] = [];
      const onRetry = ({ cause }: Retry) => causes.push(cause);
      const { rows } = upscaler.upscaleRows(picture, { mode: "network", onRetry });
      await assert.rejects(
        async () => {
          for await (const _ of rows) gpu.device.destroy();
        },
        (error) => {
          assert.ok(error instanceof DeviceLostError);
          assert.match(error.message, /^The GPU ".+" was lost: /);
          return true;
        },
      );
      assert.deepEqual(causes, ["lost device", "lost device", "lost device"]);
      const next = await upscaler.upscale(picture, { mode: "network" });
      assert.equal(next.width, 360);
    })
  ));

Deno.test("a device that does not come back is one error", () =>
  withRandom((random) =>
    withUpscaler({ model: "bicubic", memory: 5e5 }, async (upscaler, gpu) => {
      const { requestAdapter } = navigator.gpu;
      // When the first band leaves, the second may be done already; the third is not begun.
      const { passes: [{ tiles }] } = await upscaler.plan({ width: 90, height: 110 }, { scale: 4 });
      assert.ok(tiles >= 3, `${tiles} bands`);
      try {
        const { rows } = upscaler.upscaleRows(noise(random, 3), { scale: 4 });
        await assert.rejects(async () => {
          for await (const _ of rows) {
            navigator.gpu.requestAdapter = () => Promise.resolve(null);
            gpu.device.destroy();
          }
        }, /was lost .*and did not come back/);
      } finally {
        navigator.gpu.requestAdapter = requestAdapter;
      }
    })
  ));

Deno.test("plan() opens a device again that was lost between two pictures", () =>
  withUpscaler({ model: "fast-x4" }, async (upscaler, gpu) => {
    gpu.device.destroy();
    await gpu.device.lost;
    const { passes } = await upscaler.plan({ width: 20, height: 10 });
    assert.equal(passes.length, 2);
    assert.equal(gpu.generation, 1);
  }));

Deno.test("a read from a device that is lost is a DeviceLostError, awaited or not", async () => {
  const gpu = await Gpu.open();
  const { STORAGE, COPY_SRC } = GPUBufferUsage;
  const buffer = gpu.createBuffer("words", 256, STORAGE | COPY_SRC);
  const readback = new Readback(gpu, 256);
  gpu.device.destroy();
  const [awaited] = [readback.read({ buffer, bytes: 256 }), readback.read({ buffer, bytes: 256 })];
  await assert.rejects(awaited, DeviceLostError);
  await new Promise((resolve) => setTimeout(resolve, 100));
  gpu.destroy();
});
