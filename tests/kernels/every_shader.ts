/**
 * Every shader text that the engine and its bench can make, whatever the adapter: planned as networks
 * plan them, for tensors of a few pixels, as only the texts are of interest.
 */

import { specialise } from "../../src/gpu/specialise.ts";
import { addStep, limitsStep, residualStep } from "../../src/kernels/back_projection.ts";
import { conv } from "../../src/kernels/conv.ts";
import { depthwise3x3 } from "../../src/kernels/depthwise3x3.ts";
import type { Dispatch, Shader, Storage } from "../../src/kernels/dispatch.ts";
import { dySample } from "../../src/kernels/dysample.ts";
import { refineStep, searchStep, voteStep } from "../../src/kernels/fill.ts";
import { type Layout, layoutOf, OUT_QUADS } from "../../src/kernels/layout.ts";
import { matrixConv } from "../../src/kernels/matrix_conv.ts";
import { STAGED, type Staged } from "../../src/kernels/matrix_shape.ts";
import { norm } from "../../src/kernels/norm.ts";
import { partialConv } from "../../src/kernels/partial_conv.ts";
import { pixelsIn, pixelsOut } from "../../src/kernels/pixels.ts";
import { resampleColumns, resampleRows } from "../../src/kernels/resample.ts";
import { type Style, STYLES } from "../../src/kernels/styles.ts";
import { identityTaps } from "../../src/kernels/taps.ts";
import { upconv3x3 } from "../../src/kernels/upconv3x3.ts";
import type { Activation, ConvOperation, Gate } from "../../src/networks/network.ts";
import type { Depth } from "../../src/pictures/picture.ts";

const SIZE = { width: 16, height: 16 };
const ROWS = { first: 0, last: 15 };
const TAPS = identityTaps(16);
const NONE = new Float32Array();

const DEPTHS: Depth[] = [8, 16, 32];

/** One activation for each way that is a text of its own. */
const ACTIVATIONS: Activation[] = [
  { kind: "none" },
  { kind: "silu" },
  { kind: "sigmoid" },
  { kind: "gelu" },
  { kind: "mish" },
];

const GATES: (Gate | undefined)[] = [
  undefined,
  { kind: "attention", tensor: "gate" },
  { kind: "product", tensor: "gate" },
];

/** What the operations have in common; nothing reads their weights here. */
const LAYER = { name: "layer", input: "input", output: "output", weight: NONE, bias: NONE };

/** What convolutions are crossed with: all that there is, or each ending with one block alone. */
export type Extent = "all" | "some";

/**
 * Lists the shaders, each once.
 *
 * @param extent `some` has every block of output channels, activation and gate in every style and storage,
 * but not every product of block and ending, whose texts do not touch each other.
 */
export async function everyShader(extent: Extent): Promise<Shader[]> {
  const shaders = new Map(dispatches(extent).map(({ shader }) => [shader.code, shader]));
  return [...shaders.values(), ...await benchShaders()];
}

function dispatches(extent: Extent): Dispatch[] {
  const styles = Object.keys(STYLES) as Style[];
  return (["f32", "f16"] as const).flatMap((storage) => [
    ...styles.filter((style) => storage === "f16" || STYLES[style].way !== "half").flatMap((
      style,
    ) => [
      ...convolutions(storage, style, extent),
      ...trunk(storage, style, extent),
    ]),
    ...normalisations(storage),
    ...pixels(storage),
    ...enlargements(storage),
  ]).concat(pixels("matrix"), matrices(), resampling(), backProjection(), filling());
}

/** Products of matrices without matrix units, for which only Dawn compiles. */
function matrices(): Dispatch[] {
  const place = { link: 0, inputAt: { x: 0, y: 0 } };
  const layout = layoutOf({ channels: 16, ...SIZE }, "matrix", "uniform");
  const double = layoutOf({ channels: 16, width: 32, height: 32 }, "matrix", "uniform");
  const planned = (operation: ConvOperation, output: Layout, ways: readonly Staged[] = STAGED) =>
    ways.map((staged) => {
      const shape = { m: 16, n: 16, k: 16, lanes: 32, by: "twin", staged } as const;
      return matrixConv({ ...place, operation, input: layout, output, shape });
    });
  // What is staged has nothing to do with what follows the sums, nor has the enlarging.
  return ACTIVATIONS.flatMap((activation, i) => [
    ...GATES.flatMap((gate) => planned(convolution(16, 3, activation, gate), layout, ["nothing"])),
    ...planned({ ...convolution(16, 3, activation), upsample: 2 }, double, i === 0 ? STAGED : []),
  ]);
}

function convolutions(storage: Storage, style: Style, extent: Extent): Dispatch[] {
  const found = [];
  for (const quads of OUT_QUADS) {
    const channels = 4 * quads;
    const layout = layoutOf({ channels, ...SIZE }, storage, style);
    const double = layoutOf({ channels, width: 32, height: 32 }, storage, style);
    const place = { input: layout, inputAt: { x: 0, y: 0 }, style };
    const crossed = extent === "all" || quads === 2;
    for (const activation of crossed ? ACTIVATIONS : ACTIVATIONS.slice(0, 1)) {
      for (const kernel of [1, 3] as const) {
        for (const gate of crossed ? GATES : GATES.slice(0, 1)) {
          const operation = convolution(channels, kernel, activation, gate);
          found.push(conv({ ...place, operation, link: 0, output: layout }));
        }
      }
      const operation = { ...convolution(channels, 3, activation), upsample: 2 as const };
      found.push(upconv3x3({ ...place, operation, output: double }));
    }
  }
  return found;
}

function convolution(
  channels: number,
  kernel: 1 | 3,
  activation: Activation,
  gate?: Gate,
): ConvOperation {
  return {
    ...LAYER,
    kind: "conv",
    inputs: ["input"],
    inChannels: channels,
    outChannels: channels,
    kernel,
    gain: 1,
    activation,
    ...gate && { gate },
    residuals: [],
    upsample: 1,
  };
}

/** Depthwise and large-kernel convolutions; the latter in every number of channels per block. */
function trunk(storage: Storage, style: Style, extent: Extent): Dispatch[] {
  const layout = layoutOf({ channels: 64, ...SIZE }, storage, style);
  const place = { input: layout, output: layout, style };
  const layer = { ...LAYER, channels: 64 };
  return [
    depthwise3x3({ ...place, operation: { ...layer, kind: "depthwise" } }),
    ...[1, ...OUT_QUADS, 8].flatMap((quads) =>
      (extent === "all" ? [3, 13, 17] : [3]).map((kernel) => {
        const operation = { ...layer, kind: "partialConv", convolved: 4 * quads, kernel } as const;
        return partialConv({ ...place, operation });
      })
    ),
  ];
}

function normalisations(storage: Storage): Dispatch[] {
  const layout = layoutOf({ channels: 16, ...SIZE }, storage, "uniform");
  return (["pixel", "picture"] as const).flatMap((over) => {
    const layer = { ...LAYER, kind: "norm", channels: 16, over, groups: 1, epsilon: 1e-6 } as const;
    const planned = norm({ operation: layer, input: layout, output: layout });
    if (planned.over === "pixel") return [planned.norm];
    return [planned.moments, planned.scales, planned.apply];
  });
}

function enlargements(storage: Storage): Dispatch[] {
  const [input, offsets, output] = [8, 8, 12].map((channels) =>
    layoutOf({ channels, ...SIZE }, storage, "uniform")
  );
  const layer = { ...LAYER, kind: "dysample", offsets: "offsets", channels: 8 } as const;
  const operation = { ...layer, groups: 1, factor: 2 } as const;
  return [dySample({ operation, input, offsets, output })];
}

function pixels(storage: Storage): Dispatch[] {
  const tensor = layoutOf({ channels: 3, ...SIZE }, storage, "uniform");
  const bases = [undefined, ...DEPTHS.map((depth) => ({ ...SIZE, depth }))];
  return DEPTHS.flatMap((depth) => [
    pixelsIn({ ...SIZE, depth }, { factor: 1 }, tensor),
    ...bases.map((base) => pixelsOut(tensor, 1, base, { x: 0, y: 0, ...SIZE }, depth)),
  ]);
}

function resampling(): Dispatch[] {
  const band = { width: 16, firstRow: 0, rows: 16, firstSourceRow: 0 };
  return DEPTHS.flatMap((depth) => [
    resampleRows({ width: 16, rows: 16, depth }, TAPS, 16),
    resampleColumns({ ...band, depth }, TAPS),
  ]);
}

function backProjection(): Dispatch[] {
  const buffers = { width: 16, firstRow: 0, firstSourceRow: 0 };
  const sizes = { ...SIZE, smallWidth: 8, smallHeight: 8 };
  const rows = { firstSmallRow: 0, firstPixelRow: 0, firstOutputRow: 0 };
  const ends = DEPTHS.flatMap((depthIn) => DEPTHS.map((depthOut) => ({ depthIn, depthOut })));
  return [
    ...(["missing", "deduct", "free"] as const).map((s) => residualStep(s, ROWS, buffers, TAPS)),
    limitsStep(ROWS, { ...SIZE, firstRow: 0 }, 0),
    ...ends.flatMap((depths) =>
      [false, true].map((limited) => addStep(ROWS, { ...sizes, ...rows, ...depths, limited }, TAPS))
    ),
  ];
}

function filling(): Dispatch[] {
  const level = { ...SIZE, sources: 1 };
  const range = { first: 0, count: 1 };
  const search = { seed: 1, step: 1, radius: 1, samples: 1, lean: { x: 0, y: 0 } };
  return [
    searchStep(level, range, search),
    voteStep(level, range),
    refineStep(level, range, { width: 8 }, 1),
  ];
}

/** The texts beside the bench, with the constants that they declare. */
async function benchShaders(): Promise<Shader[]> {
  const folder = new URL("../../bench/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return await Promise.all(
    names.filter((name) => name.endsWith(".wgsl")).map(async (label) => ({
      label,
      code: specialise(await Deno.readTextFile(new URL(label, folder))),
    })),
  );
}
