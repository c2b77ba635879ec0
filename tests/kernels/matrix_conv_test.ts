/**
 * Convolutions as products of matrices against the float64 twin: on matrix units where the adapter has
 * them, and without them in every shape that units come in, which read and write at the same places.
 */

import assert from "node:assert/strict";
import { layoutOf } from "../../src/kernels/layout.ts";
import { matrixConv, packMatrixConv } from "../../src/kernels/matrix_conv.ts";
import {
  matrixBlock,
  type MatrixShape,
  matrixShapeOf,
  STAGED,
} from "../../src/kernels/matrix_shape.ts";
import type { Activation, ConvOperation, Gate } from "../../src/networks/network.ts";
import {
  assertSameWords,
  assertTensor,
  gpu,
  pack,
  poison,
  runKernel,
  stored,
} from "../gpu_harness.ts";
import { convolve as twin } from "../reference/conv.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { at, tensorOf } from "../reference/tensor.ts";

interface Case {
  /** Size of the window of the input. */
  width: number;
  height: number;
  /** Channels of each concatenated input. */
  inputs: number[];
  out: number;
  activation?: Activation["kind"];
  slope?: number;
  gate?: Gate["kind"];
  kernel?: 1 | 3;
  residuals?: number;
  gain?: number;
  upsample?: 1 | 2;
  /** The window begins at this pixel of the input. */
  inputAt?: { x: number; y: number };
}

/** What networks have: every activation, gate and addition, and channels that fill no chunk. */
const CASES: Case[] = [
  { width: 37, height: 21, inputs: [64], out: 64, activation: "leaky" },
  { width: 1, height: 1, inputs: [3], out: 32, activation: "silu" },
  { width: 17, height: 5, inputs: [32], out: 32, activation: "silu", residuals: 1 },
  { width: 33, height: 4, inputs: [24], out: 24, activation: "leaky", slope: 0, residuals: 2 },
  { width: 5, height: 18, inputs: [32], out: 48, inputAt: { x: 3, y: 2 } },
  { width: 16, height: 16, inputs: [24], out: 12 },
  { width: 20, height: 3, inputs: [40], out: 96, activation: "prelu" },
  { width: 19, height: 11, inputs: [64, 32, 7], out: 32, residuals: 2, gain: 0.25 },
  { width: 10, height: 7, inputs: [28], out: 28, gate: "attention" },
  { width: 12, height: 3, inputs: [8], out: 8, activation: "sigmoid", gate: "product" },
  { width: 9, height: 9, inputs: [20], out: 20, activation: "sigmoid" },
  { width: 21, height: 6, inputs: [48, 16], out: 64, kernel: 1, activation: "prelu" },
  { width: 18, height: 9, inputs: [64], out: 64, upsample: 2, activation: "leaky" },
  { width: 7, height: 5, inputs: [10], out: 20, upsample: 2, inputAt: { x: 2, y: 3 } },
];

/** What adapters offer: AMD and NVIDIA, NVIDIA, NVIDIA's Turing, Intel, Apple, lavapipe. */
const SHAPES: MatrixShape[] = ([
  [16, 16, 16, 32],
  [16, 8, 16, 32],
  [16, 8, 8, 32],
  [8, 16, 16, 16],
  [8, 8, 8, 32],
  [8, 8, 8, 8],
] as const).map(([m, n, k, lanes]) => ({ m, n, k, lanes, by: "twin", staged: "nothing" }));

const own = matrixShapeOf(gpu.adapter, gpu.enabled);
const units = "missing" in own ? undefined : own;

CASES.forEach((test, i) => {
  // The shape changes only where things lie, so that each case is tried with three, staged or not.
  const shapes = [0, 1 + i % 5, 1 + (i + 2) % 5].map((step) => SHAPES[(i + step) % 6]);
  const staged = [STAGED[0], STAGED[1 + i % 3], STAGED[1 + (i + 1) % 3]];
  shapes.forEach((shape, k) => {
    const way = { ...shape, staged: staged[k] };
    Deno.test(`matrixConv() ${nameOf(way)}: ${describe(test)}`, () => compare(test, way));
  });
  for (const way of staged) {
    Deno.test({
      name: `matrixConv() on matrix units, ${way} staged: ${describe(test)}`,
      ignore: units === undefined,
      fn: () => compare(test, { ...units!, staged: way }),
    });
  }
});

function compare(test: Case, shape: MatrixShape): Promise<void> {
  return withRandom(async (random) => {
    const { output, expected, run } = prepare(test, random);
    // Rounded to the 11 bits of f16 at the end, and where a link leaves a partial sum, at most some 4.
    const tolerance = { atol: 2e-5 + 2 ** -9 * (test.inputs.length - 1), rtol: 2 ** -10 };
    assertTensor(await run(shape), output, expected, { ...tolerance, label: describe(test) });
  });
}

/** Fills a case with random numbers; what comes out of it, and what should. */
function prepare(test: Case, random: Random) {
  const { width, height, inputAt = { x: 0, y: 0 }, upsample = 1 } = test;
  const operation = operationOf(test, random);
  const tensor = (channels: number, w: number, h: number) =>
    stored(tensorOf(channels, h, w, () => random.uniform(-1, 1)), "matrix");
  // A window of a larger input has real pixels beyond its right and bottom edge, too.
  const beyond = test.inputAt === undefined ? 0 : 5;
  const inputs = test.inputs.map((channels) =>
    tensor(channels, inputAt.x + width + beyond, inputAt.y + height + beyond)
  );
  const size = { width: width * upsample, height: height * upsample };
  const output = layoutOf({ channels: test.out, ...size }, "matrix", "uniform");
  const beside = [...operation.gate ? [0] : [], ...operation.residuals]
    .map(() => tensor(test.out, size.width, size.height));
  const run = (shape: MatrixShape) => {
    const runs = inputs.map((input, link) => {
      const layout = layoutOf(input, "matrix", "uniform");
      const packed = pack(input, layout);
      const [first = packed, second = packed] = beside.map((other) => pack(other, output));
      const { weights, epilogue } = packMatrixConv(operation, link, test.inputs);
      return {
        dispatch: matrixConv({ operation, link, input: layout, inputAt, output, shape }),
        inputs: [weights, new Uint32Array(epilogue.buffer), packed, first, second],
      };
    });
    return runKernel(runs, poison(output));
  };
  const { weight, bias, gain, activation, kernel, gate } = operation;
  const residuals = beside.slice(gate ? 1 : 0);
  const options = { weight, bias, gain, activation, kernel, upsample };
  const whole = twin(inputs, options);
  const cut = (c: number, y: number, x: number) =>
    at(whole, c, y + upsample * inputAt.y, x + upsample * inputAt.x);
  const gated = gate && twin(inputs, { ...options, gate: { kind: gate.kind, tensor: beside[0] } });
  const expected = tensorOf(test.out, size.height, size.width, (c, y, x) =>
    residuals.reduce(
      (sum, other, i) => sum + operation.residuals[i].scale * at(other, c, y, x),
      gated ? at(gated, c, y, x) : cut(c, y, x),
    ));
  return { output, expected, run };
}

/** Of each number of taps one, and one of several inputs. */
for (const test of [CASES[2], CASES[7], CASES[11], CASES[13]]) {
  for (const shape of [SHAPES[0], ...units === undefined ? [] : [units]]) {
    Deno.test(`what is staged changes no bit, by ${shape.by}: ${describe(test)}`, () =>
      withRandom(async (random) => {
        const { run } = prepare(test, random);
        const direct = await run({ ...shape, staged: "nothing" });
        for (const staged of STAGED.slice(1)) {
          assertSameWords(await run({ ...shape, staged }), direct, `${staged} staged`);
        }
      }));
  }
}

/** Weights are whole multiples of 1/512, which f16 holds exactly, also when phases are summed. */
function operationOf(test: Case, random: Random): ConvOperation {
  const { kernel = 3, gain = 1, upsample = 1, activation = "none", slope = 0.2 } = test;
  const inChannels = test.inputs.reduce((sum, channels) => sum + channels);
  const bound = Math.max(1 / 256, Math.sqrt(3 / (kernel ** 2 * inChannels)));
  const weight = random.values(test.out * inChannels * kernel ** 2, -bound, bound);
  return {
    kind: "conv",
    name: "test",
    inputs: test.inputs.map((_, i) => `input ${i}`),
    output: "output",
    inChannels,
    outChannels: test.out,
    kernel,
    weight: weight.map((value) => Math.round(value * 512) / 512),
    bias: random.values(test.out),
    gain,
    activation: activation === "prelu"
      ? { kind: "prelu", slopes: random.values(test.out) }
      : activation === "leaky"
      ? { kind: "leaky", slope }
      : { kind: activation },
    ...test.gate && { gate: { kind: test.gate, tensor: "gate" } },
    residuals: Array.from(
      { length: test.residuals ?? 0 },
      (_, i) => ({ tensor: `residual ${i}`, scale: i === 0 ? 0.25 : 1 }),
    ),
    upsample,
  };
}

function nameOf({ by, m, n, k, lanes, staged }: MatrixShape): string {
  return `${by} ${m}x${n}x${k}, ${lanes} lanes, ${staged} staged`;
}

function describe(test: Case): string {
  const { width, height, inputs, out, activation = "none", residuals = 0, upsample = 1 } = test;
  const side = test.kernel ?? 3;
  const end = [activation, ...test.gate === undefined ? [] : [test.gate]].join(" ");
  return `${side}x${side}${upsample === 2 ? " enlarging" : ""}, ${width}x${height}, ` +
    `${inputs.join("+")} to ${out}, ${end}, ${residuals} residuals`;
}

Deno.test("matrixBlock() fits every number of outputs, the rows of a layout and the memory", () => {
  for (const shape of SHAPES.flatMap((each) => STAGED.map((staged) => ({ ...each, staged })))) {
    for (let outputs = 16; outputs <= 256; outputs += 16) {
      for (const taps of [1, 2, 3]) {
        const { rows, tiles, subgroups, held } = matrixBlock(shape, outputs, taps);
        const label = `${nameOf(shape)}, ${outputs}, ${taps}x${taps} taps`;
        assert.equal(outputs % (tiles * shape.n), 0, label);
        assert.equal(16 % (rows * subgroups), 0, label);
        assert.equal(tiles % held, 0, label);
        assert.ok(subgroups >= 1, label);
      }
    }
  }
});

Deno.test("matrixShapeOf() takes the largest shape of f16 with sums of f32, or says what is missing", () => {
  const all = new Set([
    "shader-f16",
    "chromium-experimental-subgroup-matrix",
    "subgroup-size-control",
  ]);
  const config = (m: number, n: number, k: number, to = "f32") => ({ from: "f16", to, m, n, k });
  const adapter = (min: number, max: number, ...matrixConfigs: ReturnType<typeof config>[]) => {
    return { ...gpu.adapter, matrixConfigs, subgroupSizes: { min, max } };
  };
  const rdna = adapter(32, 64, config(16, 16, 16, "f16"), config(16, 16, 16));
  assert.deepEqual(matrixShapeOf(rdna, all), { ...SHAPES[0], by: "units" });
  const turing = adapter(32, 32, config(16, 8, 8), config(16, 8, 16));
  assert.deepEqual(matrixShapeOf(turing, all), { ...SHAPES[1], by: "units" });
  const intel = adapter(16, 32, config(8, 16, 16));
  assert.deepEqual(matrixShapeOf(intel, all), { ...SHAPES[3], by: "units" });
  const lavapipe = adapter(8, 8, config(8, 8, 8));
  assert.deepEqual(matrixShapeOf(lavapipe, all), { ...SHAPES[5], by: "units" });
  const half = matrixShapeOf(adapter(32, 32, config(16, 16, 16, "f16")), all);
  assert.deepEqual(half, { missing: "a shape of f16 to f32 among f16 to f16 16x16x16" });
  assert.deepEqual(matrixShapeOf(rdna, new Set(["shader-f16"])), {
    missing: "the feature chromium-experimental-subgroup-matrix",
  });
});
