/**
 * The device: what its errors become, what it counts, and how work is handed to it.
 */

import assert from "node:assert/strict";
import { GpuError, NoGpuError } from "../src/errors.ts";
import { Gpu, OutOfGpuMemoryError } from "../src/gpu/device.ts";
import { Readback } from "../src/gpu/readback.ts";
import { type Command, Submitter } from "../src/gpu/submission.ts";
import { gpu } from "./gpu_harness.ts";

const { STORAGE, COPY_SRC } = GPUBufferUsage;

/** Adds 1 to every word of a buffer. */
const COUNT = `
  @group(0) @binding(0) var<storage, read_write> words: array<u32>;
  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3u) { words[id.x] += 1u; }`;

async function withCounter(
  body: (command: Command, read: () => Promise<number[]>) => Promise<void>,
): Promise<void> {
  const before = gpu.bytes;
  const words = gpu.createBuffer("words", 256, STORAGE | COPY_SRC);
  const readback = new Readback(gpu, 256);
  const pipeline = await gpu.pipeline("count", COUNT);
  const bindGroup = gpu.bindGroup(pipeline, [{ buffer: words }]);
  try {
    const command: Command = { pipeline, bindGroup, workgroups: [1, 1, 1], flop: 1e6 };
    await body(command, async () => [...await readback.read({ buffer: words, bytes: 256 })]);
  } finally {
    gpu.destroyBuffer(words);
    readback.destroy();
  }
  assert.equal(gpu.bytes, before);
}

Deno.test("open() describes the adapter", () => {
  const { description, limits, software, subgroupSizes } = gpu.adapter;
  assert.ok(description.length > 0 && typeof software === "boolean");
  assert.ok(limits.maxStorageBufferBindingSize >= 2 ** 27);
  assert.ok(subgroupSizes.min <= subgroupSizes.max);
  assert.ok(gpu.device.limits.maxBufferSize >= 2 ** 28);
});

Deno.test("open() says what is missing when there is no adapter", async () => {
  const { requestAdapter } = navigator.gpu;
  navigator.gpu.requestAdapter = () => Promise.resolve(null);
  try {
    await assert.rejects(Gpu.open(), (error) => {
      assert.ok(error instanceof NoGpuError);
      assert.match(error.message, /No GPU adapter was found/);
      assert.deepEqual(error.remedies, ["a driver"]);
      return true;
    });
  } finally {
    navigator.gpu.requestAdapter = requestAdapter;
  }
});

Deno.test("open() takes any implementation of WebGPU, and opens it again after a loss", async () => {
  let asked = 0;
  const counting = {
    requestAdapter: (options: GPURequestAdapterOptions) => {
      asked++;
      return navigator.gpu.requestAdapter(options);
    },
  } as GPU;
  const own = await Gpu.open({ gpu: counting });
  assert.equal(asked, 1);
  own.device.destroy();
  await own.device.lost;
  await own.reopen();
  assert.equal(asked, 2);
  own.destroy();
});

Deno.test("createBuffer() and destroyBuffer() count bytes and their peak", () => {
  const before = gpu.bytes;
  gpu.resetPeak();
  const buffers = [10, 100].map((size) => gpu.createBuffer("test", size, STORAGE));
  assert.equal(gpu.bytes, before + 112);
  for (const buffer of buffers) gpu.destroyBuffer(buffer);
  assert.equal(gpu.bytes, before);
  assert.equal(gpu.peakBytes, before + 112);
  gpu.resetPeak();
  assert.equal(gpu.peakBytes, before);
});

Deno.test("checked() returns what the work returns, and throws what it throws", async () => {
  assert.equal(await gpu.checked("nothing", () => 7), 7);
  const error = new Error("mine");
  await assert.rejects(
    gpu.checked("nothing", () => {
      throw error;
    }),
    error,
  );
});

Deno.test("checked() turns what the device refuses into an error with its name", async () => {
  const refused = () => gpu.device.createBuffer({ size: 4, usage: 0x8000_0000 });
  await assert.rejects(gpu.checked("a strange buffer", refused), (error) => {
    assert.ok(error instanceof GpuError && !(error instanceof OutOfGpuMemoryError));
    assert.match(error.message, /refused a strange buffer: /);
    return true;
  });
  gpu.check();
});

Deno.test("checked() gives each error to the one who caused it", async () => {
  const refused = () => gpu.device.createBuffer({ size: 4, usage: 0x8000_0000 });
  const outcomes = await Promise.allSettled([
    gpu.checked("first", () => 1),
    gpu.checked("second", refused),
    gpu.checked("third", () => 3),
  ]);
  assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
});

Deno.test("check() throws what went wrong outside of checked(), memory once", async () => {
  const own = await Gpu.open();
  own.check();
  const report = (error: GPUError) =>
    own.device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
  report(new GPUOutOfMemoryError("too much"));
  assert.throws(() => own.check(), OutOfGpuMemoryError);
  own.check();
  report(new GPUValidationError("no such thing"));
  for (let times = 0; times < 2; times++) {
    assert.throws(() => own.check(), /GPU ".+" failed: no such thing/);
  }
  own.destroy();
});

Deno.test("pipeline() compiles a text once, and again if it failed", async () => {
  const text = COUNT.replace("1u", "2u");
  assert.equal(await gpu.pipeline("a", text), await gpu.pipeline("b", text));
  const broken = "fn main() { nothing(); }";
  for (let times = 0; times < 2; times++) {
    await assert.rejects(gpu.pipeline("broken", broken), /refused the shader broken/);
  }
});

Deno.test("run() runs every command once, in pieces", () =>
  withCounter(async (command, read) => {
    const submitter = new Submitter(gpu);
    const commands = Array.from({ length: 50 }, () => ({ ...command, flop: 1e9 }));
    const pieces: number[] = [];
    await submitter.run(commands, undefined, (flop) => pieces.push(flop));
    assert.ok(pieces.length > 1, `${pieces.length} pieces`);
    assert.equal(pieces.reduce((sum, flop) => sum + flop, 0), 50e9);
    assert.deepEqual(await read(), Array(64).fill(50));
  }));

Deno.test("run() stops between two pieces, with the signal's reason", () =>
  withCounter(async (command, read) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const commands = Array.from({ length: 9 }, () => ({ ...command, flop: 1e12 }));
    const stop = () => controller.abort(reason);
    const run = new Submitter(gpu).run(commands, controller.signal, stop);
    await assert.rejects(run, reason);
    const [count] = await read();
    assert.ok(count >= 1 && count <= 2, `${count} of 9 commands ran`);
  }));

Deno.test("run() learns the speed of the device from what takes long enough", () =>
  withCounter(async (command) => {
    const submitter = new Submitter(gpu);
    const guess = submitter.flopPerSecond;
    await submitter.run([{ ...command, flop: 0 }]);
    assert.equal(submitter.flopPerSecond, guess);
    assert.ok(guess > 0);
  }));

Deno.test("read() may be asked for twice before the first is awaited", () =>
  withCounter(async (command, read) => {
    const submitter = new Submitter(gpu);
    await submitter.run([command]);
    const first = read();
    await submitter.run([command]);
    const second = read();
    assert.equal((await first)[0], 1);
    assert.equal((await second)[0], 2);
  }));
