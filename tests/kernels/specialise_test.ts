/**
 * The pass that gives a shader its constants and writes its marked loops out, and what it makes of
 * every shader: texts without a marked loop, which the adapter compiles.
 */

import assert from "node:assert/strict";
import { specialise } from "../../src/gpu/specialise.ts";
import { conv } from "../../src/kernels/conv.ts";
import type { Dispatch, Storage } from "../../src/kernels/dispatch.ts";
import type { Style } from "../../src/kernels/styles.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import { pixelsIn, pixelsOut } from "../../src/kernels/pixels.ts";
import { resampleColumns, resampleRows } from "../../src/kernels/resample.ts";
import { resampleTaps } from "../../src/kernels/taps.ts";
import { depthwise3x3 } from "../../src/kernels/depthwise3x3.ts";
import { dySample } from "../../src/kernels/dysample.ts";
import { norm } from "../../src/kernels/norm.ts";
import { partialConv } from "../../src/kernels/partial_conv.ts";
import { upconv3x3 } from "../../src/kernels/upconv3x3.ts";
import type {
  ConvOperation,
  DepthwiseOperation,
  DySampleOperation,
  NormOperation,
  PartialConvOperation,
} from "../../src/networks/network.ts";
import type { Depth } from "../../src/pictures/picture.ts";
import { gpu, STORAGES, testedStyles } from "../gpu_harness.ts";

/** The lines that are left of a text, without braces and indentation. */
function lines(text: string): string[] {
  return text.split(/[\n{}]/).map((line) => line.trim()).filter((line) => line !== "");
}

Deno.test("specialise() writes out a marked loop and leaves others alone", () => {
  const text = `
    // unroll
    for (var i = 0u; i < 3u; i++) {
      a[i] = f(i, index);
    }
    for (var j = 0u; j < 3u; j++) { b(j); }`;
  assert.deepEqual(lines(specialise(text)), [
    "a[0u] = f(0u, index);",
    "a[1u] = f(1u, index);",
    "a[2u] = f(2u, index);",
    "for (var j = 0u; j < 3u; j++)",
    "b(j);",
  ]);
});

Deno.test("specialise() unrolls nested loops, whose bounds may be outer variables", () => {
  const text = `
    // unroll
    for (var i = 1u; i < 5u; i += 2u) {
      // unroll
      for (var k = i; k < i + 2u; k++) {
        a[i][k * 3u - i] = k;
      }
      after(i);
    }`;
  assert.deepEqual(lines(specialise(text)), [
    "a[1u][2u] = 1u;",
    "a[1u][5u] = 2u;",
    "after(1u);",
    "a[3u][6u] = 3u;",
    "a[3u][9u] = 4u;",
    "after(3u);",
  ]);
});

Deno.test("specialise() gives constants their values, also those derived from them", () => {
  const text = `const N = 1u;
const M = N * 2u;
const P = (M + 7u) / 2u % 4u;
// unroll
for (var i = 0u; i < M; i++) { a[i + P]; }`;
  assert.deepEqual(lines(specialise(text, { N: 2 })), [
    "const N = 2u;",
    "const M = N * 2u;",
    "const P = (M + 7u) / 2u % 4u;",
    "a[1u];",
    "a[2u];",
    "a[3u];",
    "a[4u];",
  ]);
});

Deno.test("specialise() computes constant indices only", () => {
  const text = `const W = 4u;
// unroll
for (var i = 5u; i < 6u; i++) {
  a[(i % W) * 2u + i / W] = b[i + n][c[i]][i.x] + v[1.5];
}`;
  assert.ok(specialise(text).includes("a[3u] = b[5u + n][c[5u]][5u.x] + v[1.5];"));
});

Deno.test("specialise() replaces whole names, not parts of others or members", () => {
  const text = "// unroll\nfor (var x = 0u; x < 1u; x++) { max(x, id.x, x0, ax); }";
  assert.ok(specialise(text).includes("max(0u, id.x, x0, ax);"));
});

Deno.test("specialise() drops a loop that never runs", () => {
  const text = "// unroll\nfor (var i = 2u; i < 2u; i++) { a(i); }\nb();";
  assert.deepEqual(lines(specialise(text)), ["b();"]);
});

const REFUSED: [what: string, text: string, message: RegExp][] = [
  [
    "a bound that is no constant",
    "// unroll\nfor (var i = 0u; i < n; i++) { }",
    /"n" is not a constant/,
  ],
  ["a loop of another form", "// unroll\nfor (var i = 9u; i > 0u; i--) { }", /Cannot unroll this/],
  ["a mark without a loop", "// unroll\nlet a = 1u;", /Cannot unroll this loop: \/\/ unroll/],
  [
    "a missing brace",
    "// unroll\nfor (var i = 0u; i < 2u; i++) { a(i);",
    /without a closing brace/,
  ],
  [
    "a step that does not end",
    "// unroll\nfor (var i = 0u; i < 2u; i += 0u) { }",
    /step of 0 never ends/,
  ],
];

for (const [what, text, message] of REFUSED) {
  Deno.test(`specialise() refuses ${what}`, () => {
    assert.throws(() => specialise(text), (error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("specialise() ends a loop at the smaller of two bounds", () => {
  const text = "// unroll\nfor (var i = 0u; i < min(2u + 3u, 2u * 2u); i++) {\na[i] = i;\n}";
  assert.equal(specialise(text).match(/a\[/g)?.length, 4);
});

Deno.test("specialise() refuses a constant that the shader does not declare", () => {
  assert.throws(() => specialise("const N = 1u;", { M: 2 }), /"M": the shader does not declare it/);
});

/** Every variant of every shader, as the kernels ask for it. */
function* variants(): Generator<Dispatch> {
  const depths: Depth[] = [8, 16, 32];
  for (const storage of STORAGES) {
    for (const style of testedStyles(storage)) {
      yield* convolutions(storage, style);
      yield* others(storage, style);
    }
    for (const depth of depths) {
      const layout = layoutOf({ channels: 3, width: 8, height: 8 }, storage, "uniform");
      const pixels = { width: 8, height: 8, depth };
      yield pixelsIn(pixels, { factor: 1 }, layout);
      const rectangle = { x: 0, y: 0, width: 8, height: 8 };
      for (const base of [undefined, ...depths]) {
        const below = base === undefined ? undefined : { ...pixels, depth: base };
        yield pixelsOut(layout, 1, below, rectangle, depth);
      }
    }
  }
  const taps = resampleTaps(8, 8, "bicubic");
  for (const depth of depths) {
    yield resampleRows({ width: 8, rows: 8, depth }, taps, 8);
    yield resampleColumns({ width: 8, firstRow: 0, rows: 8, firstSourceRow: 0, depth }, taps);
  }
}

/** Output channels that the convolutions compute in blocks of 2, 3, 4, 5, 6 and 7 quads. */
const WIDTHS = [8, 12, 16, 20, 24, 28];

/** Epilogues that are shaders of their own. */
const EPILOGUES: Pick<ConvOperation, "activation" | "gate">[] = [
  { activation: { kind: "none" } },
  { activation: { kind: "silu" } },
  { activation: { kind: "none" }, gate: { kind: "attention", tensor: "gate" } },
  { activation: { kind: "sigmoid" }, gate: { kind: "product", tensor: "gate" } },
  { activation: { kind: "gelu" } },
  { activation: { kind: "mish" } },
];

/** Kernels for what comes before any enlargement. */
function* others(storage: Storage, style: Style): Generator<Dispatch> {
  const layout = (channels: number) => layoutOf({ channels, width: 8, height: 8 }, storage, style);
  const tensor = layout(64);
  const partial = { name: "test", channels: 64, convolved: 16, kernel: 17 };
  const operation = partial as PartialConvOperation;
  yield partialConv({ operation, input: tensor, output: tensor, style });
  const depthwise = { name: "test", channels: 64 } as DepthwiseOperation;
  yield depthwise3x3({ operation: depthwise, input: tensor, output: tensor, style });
  const request = (over: "pixel" | "picture") => ({
    operation: { name: "test", channels: 64, groups: 1, epsilon: 1e-6, over } as NormOperation,
    input: tensor,
    output: tensor,
  });
  for (const over of ["pixel", "picture"] as const) {
    const planned = norm(request(over));
    if (planned.over === "pixel") yield planned.norm;
    else yield* [planned.moments, planned.scales, planned.apply];
  }
  const sampling = { name: "test", channels: 12, groups: 4, factor: 2 } as DySampleOperation;
  const [input, offsets] = [layout(12), layout(32)];
  yield dySample({ operation: sampling, input, offsets, output: input });
}

/** Every width, and every epilogue at some width: each pair takes seconds to compile. */
function* convolutions(storage: Storage, style: Style): Generator<Dispatch> {
  const all = WIDTHS.map((channels, i) => ({
    channels,
    epilogue: EPILOGUES[i % EPILOGUES.length],
  }));
  const rest = EPILOGUES.slice(WIDTHS.length).map((epilogue) => ({ channels: 8, epilogue }));
  for (const { channels, epilogue } of [...all, ...rest]) {
    const layout = layoutOf({ channels, width: 8, height: 8 }, storage, style);
    const operation = {
      name: "test",
      inputs: ["input"],
      residuals: [],
      inChannels: channels,
      outChannels: channels,
      kernel: 3,
      ...epilogue,
    } as unknown as ConvOperation;
    const inputAt = { x: 0, y: 0 };
    const request = { operation, link: 0, input: layout, inputAt, output: layout, style };
    yield conv(request);
    yield conv({ ...request, operation: { ...operation, kernel: 1 } });
    if (epilogue.gate === undefined) yield upconv3x3(request);
  }
}

Deno.test("every shader is specialised completely and compiles", async (t) => {
  const shaders = new Map([...variants()].map(({ shader }) => [shader.label, shader]));
  for (const { label, code } of shaders.values()) {
    await t.step(label, async () => {
      assert.ok(!code.includes("// unroll"), "a marked loop is left");
      await gpu.pipeline(label, code);
    });
  }
});
