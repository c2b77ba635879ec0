/**
 * Architectures against their definitions, written out with nothing fused or collapsed, in float64 and
 * on random weights; and published networks by their golden outputs.
 */

import assert from "node:assert/strict";
import { ModelError } from "../../src/errors.ts";
import { receptiveRadius } from "../../src/networks/analysis.ts";
import { networkFromTensors } from "../../src/networks/detect.ts";
import type { TensorView } from "../../src/weights/tensor.ts";
import { assertClose } from "../reference/compare.ts";
import { concatenate, convolve, erf } from "../reference/conv.ts";
import { runNetwork } from "../reference/network.ts";
import { dySample } from "../reference/dysample.ts";
import { normalise } from "../reference/norm.ts";
import { pixelShuffle } from "../reference/pixel_shuffle.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { at, type Tensor, tensorOf } from "../reference/tensor.ts";
import { type PlksrKind, plksrShapes } from "./tiny_networks.ts";

/** A checkpoint of random weights, and its layers as functions. */
class Layers {
  readonly tensors = new Map<string, TensorView>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Adds a tensor whose values keep the size of what goes through a convolution of this shape. */
  add(name: string, shape: number[]): void {
    const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
    const bound = shape.length === 1 ? 0.2 : Math.sqrt(3 / fanIn);
    const length = shape.reduce((product, size) => product * size, 1);
    const bytes = new Uint8Array(this.#random.values(length, -bound, bound).buffer);
    this.tensors.set(name, { name, dtype: "F32", shape, bytes });
  }

  /** Adds a convolution. */
  addConv(name: string, out: number, inputs: number, kernel = 3, bias = true): void {
    this.add(`${name}.weight`, [out, inputs, kernel, kernel]);
    if (bias) this.add(`${name}.bias`, [out]);
  }

  values(name: string): Float32Array | undefined {
    const bytes = this.tensors.get(name)?.bytes;
    return bytes && new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }

  /** Runs a convolution with zero padding. */
  conv(name: string, ...inputs: Tensor[]): Tensor {
    const [out, , kernel] = this.tensors.get(`${name}.weight`)!.shape;
    const weight = this.values(`${name}.weight`)!;
    const bias = this.values(`${name}.bias`) ?? new Float32Array(out);
    return convolve(inputs, { kernel, weight, bias });
  }

  /** Runs a depthwise 3x3 convolution. */
  depthwise(name: string, input: Tensor): Tensor {
    const weight = this.values(`${name}.weight`)!;
    const out = weight.length / 9;
    const parts = Array.from({ length: out }, (_, o) => {
      const c = Math.floor(o * input.channels / out);
      const channel = tensorOf(1, input.height, input.width, (_, y, x) => at(input, c, y, x));
      return convolve([channel], { weight: weight.subarray(9 * o, 9 * o + 9), bias: [0] });
    });
    return concatenate(parts);
  }
}

function map(tensor: Tensor, value: (v: number) => number): Tensor {
  return { ...tensor, data: tensor.data.map(value) };
}

/** Element by element. */
function zip(a: Tensor, b: Tensor, value: (a: number, b: number) => number): Tensor {
  return { ...a, data: a.data.map((v, i) => value(v, b.data[i])) };
}

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const mish = (v: number) => v * Math.tanh(Math.log1p(Math.exp(v)));
const gelu = (v: number) => v * (1 + erf(v / Math.SQRT2)) / 2;
const silu = (tensor: Tensor) => map(tensor, (v) => v * sigmoid(v));
const relu = (tensor: Tensor) => map(tensor, (v) => Math.max(0, v));
const leaky = (slope: number) => (tensor: Tensor) => map(tensor, (v) => v < 0 ? slope * v : v);
const plus = (a: Tensor, b: Tensor) => zip(a, b, (v, w) => v + w);
const attend = (o: Tensor, x: Tensor) => zip(o, x, (v, w) => (v + w) * (sigmoid(v) - 0.5));

/** Adds the tensors of SPAN's wide convolution. */
function addWide(layers: Layers, name: string, out: number, inputs: number, gain: number): void {
  layers.addConv(`${name}.sk`, out, inputs, 1);
  layers.addConv(`${name}.conv.0`, gain * inputs, inputs, 1);
  layers.addConv(`${name}.conv.1`, gain * out, gain * inputs, 3);
  layers.addConv(`${name}.conv.2`, out, gain * out, 1);
}

/** Runs SPAN's wide convolution as it is trained: padded first, then three layers without padding. */
function runWide(layers: Layers, name: string, input: Tensor): Tensor {
  const { channels, height, width } = input;
  const padded = tensorOf(channels, height + 2, width + 2, (c, y, x) => {
    const inside = y > 0 && x > 0 && y <= height && x <= width;
    return inside ? at(input, c, y - 1, x - 1) : 0;
  });
  const wide = layers.conv(`${name}.conv.1`, layers.conv(`${name}.conv.0`, padded));
  const valid = tensorOf(wide.channels, height, width, (c, y, x) => at(wide, c, y + 1, x + 1));
  return plus(layers.conv(`${name}.conv.2`, valid), layers.conv(`${name}.sk`, input));
}

const MEAN = [0.4488, 0.4371, 0.4040];

/** SPAN with either form of its convolutions. */
function spanOf(layers: Layers, features: number, scale: number, wide: boolean, norm: boolean) {
  const gain = 2;
  const add = (name: string, out: number, inputs: number) => {
    if (wide) addWide(layers, name, out, inputs, gain);
    // A checkpoint from training has what was collapsed last as well, which may be stale.
    layers.addConv(`${name}.eval_conv`, out, inputs);
  };
  const run = (name: string, x: Tensor) =>
    wide ? runWide(layers, name, x) : layers.conv(`${name}.eval_conv`, x);
  add("conv_1", features, 3);
  for (let block = 1; block <= 6; block++) {
    for (const k of [1, 2, 3]) add(`block_${block}.c${k}_r`, features, features);
  }
  add("conv_2", features, features);
  layers.addConv("conv_cat", features, 4 * features, 1);
  layers.addConv("upsampler.0", 3 * scale ** 2, features);
  if (!norm) layers.add("no_norm", [1]);
  return (picture: Tensor): Tensor => {
    const x = tensorOf(3, picture.height, picture.width, (c, v, u) => {
      return norm ? (at(picture, c, v, u) - MEAN[c]) * 255 : at(picture, c, v, u);
    });
    const first = run("conv_1", x);
    const blocks: Tensor[] = [];
    let before = first;
    let inner = first;
    for (let block = 1; block <= 6; block++) {
      inner = silu(run(`block_${block}.c1_r`, before));
      const second = silu(run(`block_${block}.c2_r`, inner));
      before = attend(run(`block_${block}.c3_r`, second), before);
      blocks.push(before);
    }
    const y = layers.conv("conv_cat", first, run("conv_2", before), blocks[0], inner);
    return pixelShuffle(layers.conv("upsampler.0", y), scale);
  };
}

function spanfOf(layers: Layers, features: number, scale: number) {
  const near = 3 * scale ** 2;
  layers.addConv("conv_near", near, 1, 3, false);
  for (let block = 1; block <= 5; block++) {
    for (const k of [1, 2, 3]) {
      const inputs = block === 1 && k === 1 ? 3 : features;
      layers.addConv(`block_${block}.c${k}_r.eval_conv`, features, inputs);
    }
  }
  layers.addConv("conv_cat", features, near + 2 * features, 1);
  layers.addConv("conv_2.eval_conv", near, features);
  return (picture: Tensor): Tensor => {
    let before = picture;
    const blocks: Tensor[] = [];
    for (let block = 1; block <= 5; block++) {
      const run = (k: number, x: Tensor) => layers.conv(`block_${block}.c${k}_r.eval_conv`, x);
      const o = run(3, silu(run(2, silu(run(1, before)))));
      before = block === 1 ? o : attend(o, before);
      blocks.push(before);
    }
    const y = layers.conv("conv_cat", layers.depthwise("conv_near", picture), before, blocks[0]);
    return pixelShuffle(layers.conv("conv_2.eval_conv", y), scale);
  };
}

function spanv2Of(layers: Layers, features: number, scale: number) {
  const near = 3 * scale ** 2;
  for (let block = 1; block <= 5; block++) {
    for (const k of [1, 2, 3]) {
      const inputs = block === 1 && k === 1 ? 3 : features;
      layers.addConv(`block_${block}.c${k}.conv`, features, inputs, 3, false);
    }
    if (block > 1) layers.addConv(`block_${block}.guidance_map_conv`, features, features, 1);
  }
  layers.addConv("conv_near", near, 1, 3, false);
  layers.addConv("depthwise_conv", near + features, 1, 3, false);
  layers.addConv("pointwise_conv", near, near + features, 1, false);
  return (picture: Tensor): Tensor => {
    let before = picture;
    for (let block = 1; block <= 5; block++) {
      const run = (k: number, x: Tensor) => layers.conv(`block_${block}.c${k}.conv`, x);
      const o = run(3, relu(run(2, relu(run(1, before)))));
      if (block === 1) before = relu(o);
      else {
        const guidance = layers.conv(`block_${block}.guidance_map_conv`, o);
        before = zip(plus(o, before), guidance, (v, w) => v * w);
      }
    }
    const joined = concatenate([layers.depthwise("conv_near", picture), before]);
    const y = layers.conv("pointwise_conv", layers.depthwise("depthwise_conv", joined));
    return pixelShuffle(y, scale);
  };
}

function dispOf(layers: Layers, features: number, scale: number) {
  const order = ["c1_r", "c2_r", "_extern_conv_block.0", "c3_r"];
  layers.addConv("conv_1.eval_conv", features, 3);
  for (let block = 0; block < 2; block++) {
    for (const k of order) layers.addConv(`blocks.${block}.${k}.eval_conv`, features, features);
  }
  layers.addConv("conv_2", features, features, 1);
  layers.addConv("upsampler.0", 3 * scale ** 2, features);
  return (picture: Tensor): Tensor => {
    const first = layers.conv("conv_1.eval_conv", picture);
    let x = first;
    for (let block = 0; block < 2; block++) {
      let t = x;
      for (const k of order) t = silu(layers.conv(`blocks.${block}.${k}.eval_conv`, t));
      x = plus(x, t);
    }
    const y = layers.conv("upsampler.0", plus(layers.conv("conv_2", x), first));
    return pixelShuffle(y, scale);
  };
}

function errnOf(layers: Layers, features: number, scale: number) {
  layers.addConv("conv_1", features, 3);
  for (let block = 1; block <= 3; block++) {
    for (const k of [1, 2, 3, 4]) {
      layers.addConv(`block_${block}.rep${k}.rep_conv`, features, features);
    }
  }
  layers.addConv("conv_2", features, features);
  layers.addConv("upsampler.0", 3 * scale ** 2, features);
  return (picture: Tensor): Tensor => {
    const first = layers.conv("conv_1", picture);
    let x = first;
    for (let block = 1; block <= 3; block++) {
      const run = (k: number, t: Tensor) => layers.conv(`block_${block}.rep${k}.rep_conv`, t);
      const slope = leaky(0.1);
      x = attend(run(4, slope(run(3, slope(run(2, slope(run(1, x))))))), x);
    }
    const y = layers.conv("upsampler.0", plus(layers.conv("conv_2", x), first));
    return pixelShuffle(y, scale);
  };
}

/** DySample by its twin, with offsets as they are defined. */
function sampled(layers: Layers, input: Tensor, groups: number, factor: number): Tensor {
  const scope = map(layers.conv("to_img.scope", input), sigmoid);
  return dySample(
    {
      kind: "dysample",
      name: "",
      input: "",
      offsets: "",
      output: "",
      channels: input.channels,
      groups,
      factor: factor as 2 | 3 | 4,
      weight: layers.values("to_img.end_conv.weight")!,
      bias: layers.values("to_img.end_conv.bias")!,
    },
    input,
    zip(layers.conv("to_img.offset", input), scope, (v, w) => v * w),
  );
}

/** PLKSR and RealPLKSR with random weights of the shapes of `kind`. */
function plksrOf(layers: Layers, kind: PlksrKind, features: number, scale: number) {
  const sizes = { ...kind, features: 4 * features, scale };
  for (const [name, shape] of plksrShapes(sizes)) layers.add(name, [...shape]);
  const mixer = kind.real ? "channel_mixer" : "channe_mixer";
  const norm = (name: string, over: "pixel" | "picture", input: Tensor) =>
    normalise(input, {
      kind: "norm",
      name,
      input: "",
      output: "",
      channels: input.channels,
      over,
      groups: over === "pixel" ? 1 : 4,
      epsilon: over === "pixel" ? 1e-6 : 1e-5,
      weight: layers.values(`${name}.weight`)!,
      bias: layers.values(`${name}.bias`)!,
    });
  return (picture: Tensor): Tensor => {
    let x = layers.conv("feats.0", picture);
    for (const block of ["feats.1", "feats.2"]) {
      const normed = kind.norm === "layer" ? norm(`${block}.layer_norm`, "pixel", x) : x;
      const wide = layers.conv(`${block}.${mixer}.0`, normed);
      let t = layers.conv(`${block}.${mixer}.2`, map(wide, kind.real ? mish : gelu));
      const { height, width, channels } = t;
      const whole = t;
      const first = tensorOf(4, height, width, (c, y, x) => at(whole, c, y, x));
      const others = tensorOf(channels - 4, height, width, (c, y, x) => at(whole, c + 4, y, x));
      t = concatenate([layers.conv(`${block}.lk.conv`, first), others]);
      if (kind.attention !== false) {
        t = zip(t, layers.conv(`${block}.attn.f.0`, t), (v, w) => v * sigmoid(w));
      }
      t = layers.conv(`${block}.refine`, t);
      if (kind.norm === "group") t = norm(`${block}.norm`, "picture", t);
      x = plus(t, x);
    }
    const last = layers.conv(`feats.${kind.real ? 4 : 3}`, x);
    if (kind.groups === undefined) return pixelShuffle(last, scale, picture);
    const sum = tensorOf(last.channels, last.height, last.width, (c, y, x) => {
      return at(last, c, y, x) + at(picture, Math.floor(c / scale ** 2), y, x);
    });
    return pixelShuffle(sampled(layers, sum, kind.groups, scale), scale);
  };
}

interface Case {
  architecture: string;
  what: string;
  radius: number;
  /** The features are a multiple of this. */
  widths?: number;
  scales?: number[];
  /** A sample of a random picture; by default from 0 to 1. */
  sample?(random: Random, c: number): number;
  make(layers: Layers, features: number, scale: number): (picture: Tensor) => Tensor;
}

/** A block's reach: 1 for each 3x3 convolution, 2 for the large kernel of 5x5. */
const PLKSRS: [what: string, radius: number, kind: PlksrKind][] = [
  ["as published", 12, { real: false }],
  ["with a mixer that is 1x1 first", 10, { real: false, mixerKernels: [1, 3] }],
  ["without attention, its mixer 1x1 last", 8, {
    real: false,
    attention: false,
    mixerKernels: [3, 1],
  }],
  ["with group norm", Infinity, { real: true, norm: "group" }],
  ["with layer norm", 12, { real: true, norm: "layer" }],
  ["with DySample", Infinity, { real: true, norm: "layer", groups: 3 }],
];

const CASES: Case[] = [
  {
    architecture: "SPAN",
    what: "collapsed",
    radius: 21,
    make: (layers, features, scale) => spanOf(layers, features, scale, false, true),
  },
  {
    architecture: "SPAN",
    what: "as trained",
    radius: 21,
    // Within a level of the mean, so that what goes through the gates is about 1 in size: collapsed
    // weights are rounded to f32, and of values in the hundreds random gates make any multiple of that.
    sample: (random, c) => MEAN[c] + random.uniform(-1, 1) / 255,
    make: (layers, features, scale) => spanOf(layers, features, scale, true, true),
  },
  {
    architecture: "SPAN",
    what: "without normalisation",
    radius: 21,
    make: (layers, features, scale) => spanOf(layers, features, scale, false, false),
  },
  ...PLKSRS.map(([what, radius, kind]): Case => ({
    architecture: kind.real ? "RealPLKSR" : "PLKSR",
    what,
    radius,
    widths: 4,
    ...kind.groups === undefined ? {} : { scales: [2, 3, 4] },
    make: (layers, features, scale) => plksrOf(layers, kind, features, scale),
  })),
  { architecture: "SPANF", what: "collapsed", radius: 16, make: spanfOf },
  { architecture: "SPANV2", what: "collapsed", radius: 16, make: spanv2Of },
  { architecture: "DISP", what: "two blocks", radius: 10, make: dispOf },
  { architecture: "ERRN2", what: "three blocks", radius: 15, make: errnOf },
];

for (const { architecture, what, radius, widths = 1, scales = [1, 2, 3, 4], ...rest } of CASES) {
  const { make, sample = (random: Random) => random.uniform() } = rest;
  Deno.test(`${architecture}, ${what}: its operations compute what it is defined as`, () =>
    withRandom((random) => {
      const layers = new Layers(random);
      const [features, scale] = [random.integer(2, 7), random.pick(scales)];
      const run = make(layers, features, scale);
      const network = networkFromTensors(layers.tensors);
      const found = { architecture: network.architecture, features: network.features / widths };
      assert.deepEqual({ ...found, scale: network.scale }, { architecture, features, scale });
      assert.match(
        network.description,
        new RegExp(`^${architecture} .*${network.features} features`),
      );
      const picture = tensorOf(3, 4, 5, (c) => sample(random, c));
      const expected = run(picture).data;
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      assertClose(runNetwork(network, picture).data, expected, { atol: 1e-6 * largest });
      assert.equal(receptiveRadius(network), radius);
    }));

  Deno.test(`${architecture}, ${what}: what is lost is noticed, what is new is named`, () =>
    withRandom((random) => {
      const layers = new Layers(random);
      make(layers, 4, 2);
      const names = [...layers.tensors.keys()].filter((name) => {
        return what === "as trained" ? !name.includes("eval_conv") : name !== "no_norm";
      });
      const lost = new Map(layers.tensors);
      lost.delete(random.pick(names));
      assert.throws(() => networkFromTensors(lost), ModelError);
      const more = new Map(layers.tensors);
      more.set("extra", { ...layers.tensors.values().next().value!, name: "extra" });
      assert.throws(() => networkFromTensors(more), /no place for 1 of the tensors: "extra"/);
    }));
}

const REFUSED: [what: string, kind: PlksrKind, rename: [string, string], message: RegExp][] = [
  ["sparse kernels", { real: false }, ["lk.conv.", "lk.convs.0."], /sparse or rectangular/],
  ["kernels of an even size", { real: true, kernel: 4 }, ["", ""], /4 channels with 4x4 taps/],
  ["groups that do not divide its features", { real: true, norm: "group", features: 10 }, [
    "",
    "",
  ], /10 features with a group norm is not supported, only a multiple of 4/],
  ["kernels on a part of a quad", { real: true, convolved: 6 }, ["", ""], /6 channels with 5x5/],
];

for (const [what, kind, [from, to], message] of REFUSED) {
  Deno.test(`PLKSR with ${what} is refused in words`, () =>
    withRandom((random) => {
      const layers = new Layers(random);
      for (const [name, shape] of plksrShapes(kind)) layers.add(name.replace(from, to), [...shape]);
      assert.throws(() => networkFromTensors(layers.tensors), { name: "ModelError", message });
    }));
}
