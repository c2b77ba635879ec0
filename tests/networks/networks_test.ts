import assert from "node:assert/strict";
import { ModelError } from "../../src/errors.ts";
import {
  flopPerPixel,
  parameterCount,
  receptiveRadius,
  requiredRanges,
  tensorChannels,
  tensorLevels,
} from "../../src/networks/analysis.ts";
import { checkNetwork } from "../../src/networks/check.ts";
import type { Shapes } from "../../src/networks/checkpoint.ts";
import { networkFromTensors } from "../../src/networks/detect.ts";
import { type ConvOperation, type Network, tensorsBeside } from "../../src/networks/network.ts";
import { FAST_HALO } from "../../src/networks/rrdbnet/halo.ts";
import { rrdbNetShapes, type RrdbNetSizes } from "../../src/networks/rrdbnet/rrdbnet.ts";
import {
  srResNetShapes,
  type SrResNetSizes,
} from "../../src/networks/srresnet_compact/srresnet_compact.ts";
import {
  compactShapes,
  type CompactSizes,
} from "../../src/networks/srvgg_net_compact/srvgg_net_compact.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import type { TensorView } from "../../src/weights/tensor.ts";
import { assertClose } from "../reference/compare.ts";
import { convolve } from "../reference/conv.ts";
import { runNetwork } from "../reference/network.ts";
import { pixelUnshuffle } from "../reference/pixel_unshuffle.ts";
import { Random, withRandom } from "../reference/random.ts";
import { hasShared, shared } from "../reference/shared.ts";
import { at, type Tensor, tensorOf } from "../reference/tensor.ts";

const RRDB: RrdbNetSizes = { blocks: 2, features: 4, growth: 2, unshuffle: 1, upsamplings: 2 };
const COMPACT: CompactSizes = { features: 4, convolutions: 2, scale: 4, activation: "prelu" };

const SRRESNET: SrResNetSizes = { features: 6, blocks: 2, convolutions: 3, scale: 4 };

type Tensors = Map<string, TensorView>;

function viewOf(name: string, shape: readonly number[], values: Float32Array): TensorView {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dtype: "F32", shape, bytes };
}

/** Random weights of the given shapes. */
function fill(shapes: Shapes, random = new Random(1)): Tensors {
  const tensors: Tensors = new Map();
  for (const [name, shape] of shapes) {
    const length = shape.reduce((product, size) => product * size, 1);
    tensors.set(name, viewOf(name, shape, random.values(length, -0.5, 0.5)));
  }
  return tensors;
}

function rename(tensors: Tensors, translate: (name: string) => string): Tensors {
  return new Map([...tensors].map(([name, view]) => {
    const renamed = translate(name);
    return [renamed, { ...view, name: renamed }];
  }));
}

/** Real-ESRGAN's names as BSRGAN and RealSR have them. */
function toBsrgan(name: string): string {
  return name
    .replace(/^body\.(\d+)\.rdb/, "RRDB_trunk.$1.RDB")
    .replace("conv_body", "trunk_conv")
    .replace("conv_up", "upconv")
    .replace("conv_hr", "HRconv");
}

/** Real-ESRGAN's names as old ESRGAN has them. */
function toOldEsrgan({ blocks, upsamplings }: RrdbNetSizes): (name: string) => string {
  return (name) =>
    name
      .replace(/^body\.(\d+)\.rdb(\d)\.conv1x1/, "model.1.sub.$1.RDB$2.conv1x1")
      .replace(/^body\.(\d+)\.rdb(\d)\.conv(\d)\./, "model.1.sub.$1.RDB$2.conv$3.0.")
      .replace("conv_first", "model.0")
      .replace("conv_body", `model.1.sub.${blocks}`)
      .replace(/^conv_up(\d)/, (_, k) => `model.${3 * k}`)
      .replace("conv_hr", `model.${3 * upsamplings + 2}`)
      .replace("conv_last", `model.${3 * upsamplings + 4}`);
}

/** The network without the checkpoint's names, which differ between dialects. */
function anonymous(network: Network): Network {
  const operations = network.operations.map((operation) =>
    operation.kind === "conv" ? { ...operation, name: "" } : operation
  );
  return { ...network, operations };
}

function convolutions(network: Network): ConvOperation[] {
  return network.operations.filter((operation) => operation.kind === "conv");
}

function assertRefused(tensors: Tensors, message: RegExp, metadata = new Map()): void {
  assert.throws(() => networkFromTensors(tensors, metadata), (error) => {
    assert.ok(error instanceof ModelError, `${error}`);
    assert.match(error.message, message);
    return true;
  });
}

const NAMINGS: [what: string, (name: string) => string, ownName: string][] = [
  ["Real-ESRGAN", (name) => name, "body.0.rdb1.conv1"],
  ["BSRGAN", toBsrgan, "RRDB_trunk.0.RDB1.conv1"],
  ["old ESRGAN", toOldEsrgan(RRDB), "model.1.sub.0.RDB1.conv1.0"],
  ["upconv1", (name) => name.replace("conv_up", "upconv"), "body.0.rdb1.conv1"],
  ["upconv_1", (name) => name.replace("conv_up", "upconv_"), "body.0.rdb1.conv1"],
];

const WRAPPERS = ["", "params.", "params_ema.", "module.", "netG.", "state_dict.module.", "model."];

for (const [what, translate, ownName] of NAMINGS) {
  for (const [i, wrapper] of WRAPPERS.entries()) {
    Deno.test(`networkFromTensors() reads RRDBNet in the names of ${wrapper}${what}`, () => {
      const tensors = fill(rrdbNetShapes({ ...RRDB, plus: i % 2 === 1 }));
      const network = networkFromTensors(rename(tensors, (name) => wrapper + translate(name)));
      assert.deepEqual(anonymous(network), anonymous(networkFromTensors(tensors)));
      assert.ok(convolutions(network).some(({ name }) => name === wrapper + ownName));
    });
  }
}

for (const wrapper of WRAPPERS) {
  Deno.test(`networkFromTensors() reads SRVGGNetCompact under "${wrapper}"`, () => {
    const tensors = fill(compactShapes(COMPACT));
    const network = networkFromTensors(rename(tensors, (name) => wrapper + name));
    assert.deepEqual(anonymous(network), anonymous(networkFromTensors(tensors)));
  });
}

Deno.test("networkFromTensors() prefers params_ema to params", () => {
  const averaged = rename(fill(compactShapes(COMPACT)), (name) => `params_ema.${name}`);
  const raw = rename(fill(compactShapes(COMPACT), new Random(2)), (name) => `params.${name}`);
  const network = networkFromTensors(new Map([...raw, ...averaged]));
  assert.deepEqual(network, networkFromTensors(averaged));
});

Deno.test("networkFromTensors() refuses two names for one tensor", () => {
  const tensors = fill(rrdbNetShapes(RRDB));
  tensors.set("upconv1.weight", viewOf("upconv1.weight", [1], new Float32Array(1)));
  assertRefused(tensors, /"conv_up1.weight" and "upconv1.weight" both mean "conv_up1.weight"/);
});

const SCALES: [what: string, Partial<RrdbNetSizes>, "old" | "BSRGAN" | "", scale: number][] = [
  ["Real-ESRGAN x4", {}, "", 4],
  ["Real-ESRGAN x2", { unshuffle: 2 }, "", 2],
  ["Real-ESRGAN x1", { unshuffle: 4 }, "", 1],
  ["three upsamplings", { upsamplings: 3 }, "", 8],
  ["BSRGAN x2", { upsamplings: 1 }, "BSRGAN", 2],
  ["old ESRGAN x1", { upsamplings: 0 }, "old", 1],
  ["old ESRGAN x2", { upsamplings: 1 }, "old", 2],
  ["old ESRGAN x8", { upsamplings: 3 }, "old", 8],
  ["old ESRGAN x1 with pixel-unshuffle by 2", { upsamplings: 1, unshuffle: 2 }, "old", 1],
  ["other features and growth", { features: 5, growth: 3, blocks: 1 }, "", 4],
];

for (const [what, changes, dialect, scale] of SCALES) {
  Deno.test(`networkFromTensors() finds scale ${scale} of ${what}`, () => {
    const sizes = { ...RRDB, ...changes };
    const translate = dialect === "old"
      ? toOldEsrgan(sizes)
      : dialect === "BSRGAN"
      ? toBsrgan
      : (name: string) => name;
    const network = networkFromTensors(rename(fill(rrdbNetShapes(sizes)), translate));
    const { architecture, features, depth } = network;
    assert.deepEqual(
      { architecture, scale: network.scale, features, depth },
      { architecture: "RRDBNet", scale, features: sizes.features, depth: sizes.blocks },
    );
    const factor = sizes.unshuffle;
    assert.deepEqual(network.operations[0], { kind: "input", output: "picture", factor });
    assert.equal(
      convolutions(network).filter(({ upsample }) => upsample === 2).length,
      sizes.upsamplings,
    );
  });
}

Deno.test("networkFromTensors() reads SRVGGNetCompact of every scale, depth and activation", () => {
  for (const scale of [1, 2, 3, 4] as const) {
    for (const activation of ["prelu", "relu", "leakyrelu"] as const) {
      for (const depth of [0, 1, 5]) {
        const tensors = fill(
          compactShapes({ features: 3, convolutions: depth, scale, activation }),
        );
        const network = networkFromTensors(tensors, new Map([["activation", activation]]));
        assert.equal(network.scale, scale);
        assert.equal(network.depth, depth);
        const [first] = convolutions(network);
        const slope = activation === "relu" ? 0 : 0.1;
        assert.deepEqual(
          first.activation.kind === "prelu" ? "prelu" : first.activation,
          activation === "prelu" ? "prelu" : { kind: "leaky", slope },
        );
        assert.deepEqual(convolutions(network).at(-1)!.activation, { kind: "none" });
      }
    }
  }
});

Deno.test("networkFromTensors() takes ReLU when neither slopes nor metadata tell", () => {
  const tensors = fill(compactShapes({ ...COMPACT, activation: "relu" }));
  const [first] = convolutions(networkFromTensors(tensors));
  assert.deepEqual(first.activation, { kind: "leaky", slope: 0 });
  assertRefused(
    tensors,
    /activation "gelu", expected "relu" or "leaky/,
    new Map([["activation", "gelu"]]),
  );
});

Deno.test("networkFromTensors() spreads a PReLU slope that all channels share", () => {
  const tensors = fill(compactShapes(COMPACT));
  tensors.set("body.1.weight", viewOf("body.1.weight", [1], Float32Array.of(0.25)));
  const [first] = convolutions(networkFromTensors(tensors));
  assert.deepEqual(first.activation, { kind: "prelu", slopes: new Float32Array(4).fill(0.25) });
});

/** Element-wise sum of scaled tensors. */
function sum(...terms: [scale: number, tensor: Tensor][]): Tensor {
  const { channels, height, width } = terms[0][1];
  return tensorOf(channels, height, width, (c, y, x) => {
    return terms.reduce((total, [scale, tensor]) => total + scale * at(tensor, c, y, x), 0);
  });
}

function activate(tensor: Tensor): Tensor {
  return { ...tensor, data: tensor.data.map((value) => value < 0 ? 0.2 * value : value) };
}

function enlarge(input: Tensor): Tensor {
  const { channels, height, width } = input;
  return tensorOf(channels, 2 * height, 2 * width, (c, y, x) => at(input, c, y >> 1, x >> 1));
}

/** RRDBNet as its paper defines it: nothing folded, every residual an addition of its own. */
function runRrdbNet(network: Network, picture: Tensor, plus: boolean): Tensor {
  const layers = new Map(convolutions(network).map((layer) => [layer.name, layer]));
  const conv = (name: string, inputs: Tensor[]): Tensor => {
    const { weight, bias, kernel } = layers.get(name)!;
    return convolve(inputs, { weight, bias, kernel });
  };
  const dense = (prefix: string, input: Tensor): Tensor => {
    const inputs = [input];
    for (let k = 1; k <= 4; k++) {
      let output = activate(conv(`${prefix}.conv${k}`, [...inputs]));
      if (plus && k === 2) output = sum([1, output], [1, conv(`${prefix}.conv1x1`, [input])]);
      if (plus && k === 4) output = sum([1, output], [1, inputs[2]]);
      inputs.push(output);
    }
    return sum([0.2, conv(`${prefix}.conv5`, inputs)], [1, input]);
  };
  const first = conv("conv_first", [picture]);
  let x = first;
  for (let block = 0; block < network.depth; block++) {
    const inner = [1, 2, 3].reduce((y, k) => dense(`body.${block}.rdb${k}`, y), x);
    x = sum([0.2, inner], [1, x]);
  }
  x = sum([1, first], [1, conv("conv_body", [x])]);
  x = activate(conv("conv_up1", [enlarge(x)]));
  x = activate(conv("conv_up2", [enlarge(x)]));
  return conv("conv_last", [activate(conv("conv_hr", [x]))]);
}

for (const plus of [false, true]) {
  const what = plus ? "ESRGAN+" : "RRDBNet";
  Deno.test(`the operations of an ${what} compute what the architecture defines`, async () => {
    await withRandom((random) => {
      const network = networkFromTensors(fill(rrdbNetShapes({ ...RRDB, plus }), random));
      const picture = tensorOf(3, 3, 5, () => random.uniform());
      const { data } = runNetwork(network, picture);
      assertClose(data, runRrdbNet(network, picture, plus).data, { atol: 1e-9, rtol: 1e-9 });
    });
  });
}

/** SRResNetCompact as its file's head defines it: nothing fused. */
function runSrResNet(
  network: Network,
  { blocks, convolutions: count, scale, unshuffle = 1 }: SrResNetSizes,
  picture: Tensor,
  block: "residual" | "gate",
  activate: (value: number) => number,
): Tensor {
  const layers = new Map(convolutions(network).map((layer) => [layer.name, layer]));
  const conv = (name: string, input: Tensor): Tensor => {
    const { weight, bias } = layers.get(name)!;
    return convolve([input], { weight, bias });
  };
  const map = (tensor: Tensor, f: (value: number) => number) => {
    return { ...tensor, data: tensor.data.map(f) };
  };
  const first = conv("conv_first", pixelUnshuffle(picture, unshuffle));
  let x = first;
  for (let b = 0; b < blocks; b++) {
    let t = x;
    for (let k = 1; k <= count; k++) {
      t = conv(`body.${b}.conv${k}`, t);
      if (block === "residual" || k < count) t = map(t, activate);
    }
    if (block === "residual") x = sum([1, x], [1, t]);
    else x = { ...x, data: x.data.map((v, i) => (t.data[i] + v) * (sigmoid(t.data[i]) - 0.5)) };
  }
  const y = conv("conv_last", sum([1, conv("conv_body", x)], [1, first]));
  const shuffle = scale * unshuffle;
  return tensorOf(3, picture.height * scale, picture.width * scale, (c, v, u) => {
    const channel = (c * shuffle + v % shuffle) * shuffle + u % shuffle;
    const value = at(y, channel, Math.floor(v / shuffle), Math.floor(u / shuffle));
    const base = unshuffle === 1 ? at(picture, c, Math.floor(v / scale), Math.floor(u / scale)) : 0;
    return value + base;
  });
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

const SRRESNET_ACTIVATIONS: Record<string, (value: number) => number> = {
  silu: (value) => value * sigmoid(value),
  relu: (value) => Math.max(0, value),
  leakyrelu: (value) => value < 0 ? 0.1 * value : value,
};

for (const block of ["residual", "gate"] as const) {
  for (const [activation, activate] of Object.entries(SRRESNET_ACTIVATIONS)) {
    Deno.test(`SRResNetCompact's operations are its definition: ${block}, ${activation}`, () =>
      withRandom((random) => {
        const unshuffle = random.pick([1, 1, 2, 4] as const);
        const scales = ([1, 2, 3, 4] as const).filter((scale) => scale * unshuffle <= 4);
        const sizes: SrResNetSizes = {
          features: random.integer(1, 9),
          blocks: random.integer(1, 3),
          convolutions: random.integer(1, 4),
          scale: random.pick(scales),
          unshuffle,
        };
        const metadata = new Map([["block", block], ["activation", activation]]);
        const network = networkFromTensors(fill(srResNetShapes(sizes), random), metadata);
        const picture = tensorOf(3, 3, 5, () => random.uniform());
        const expected = runSrResNet(network, sizes, picture, block, activate);
        assertClose(runNetwork(network, picture).data, expected.data, { atol: 1e-9, rtol: 1e-9 });
        const layers = sizes.blocks * sizes.convolutions + 3;
        assert.equal(receptiveRadius(network), unshuffle * layers + unshuffle - 1);
      }));
  }
}

Deno.test("networkFromTensors() takes residual blocks with SiLU when the metadata are silent", () => {
  const tensors = fill(srResNetShapes(SRRESNET));
  const named = new Map([["block", "residual"], ["activation", "silu"]]);
  const network = networkFromTensors(tensors);
  assert.deepEqual(network, networkFromTensors(tensors, named));
  assert.match(network.description, /2 residual blocks of 3 convolutions, 6 features, scale 4/);
  const wrong = new Map([["block", "dense"]]);
  assertRefused(tensors, /block "dense" of SRResNetCompact, expected residual, gate/, wrong);
});

Deno.test("networkFromTensors() refuses a SRResNetCompact that lacks a convolution or a block", () => {
  const lost = (prefix: string) =>
    new Map([...fill(srResNetShapes(SRRESNET))].filter(([name]) => !name.startsWith(prefix)));
  assertRefused(lost("body.0.conv2"), /lacks 2.*"body.0.conv2.weight", "body.0.conv2.bias"/);
  assertRefused(lost("body.0."), /lacks 1.*"body.0.conv1.weight"/);
  assertRefused(lost("conv_body"), /lacks 2.*"conv_body.weight", "conv_body.bias"/);
  const shallow = lost("body.0.conv3");
  assertRefused(shallow, /no place for 2 .*"body.1.conv3.weight"/);
});

Deno.test("networkFromTensors() names what is missing", () => {
  const tensors = fill(rrdbNetShapes(RRDB));
  tensors.delete("body.1.rdb2.conv3.weight");
  tensors.delete("conv_up2.bias");
  assertRefused(
    tensors,
    /RRDBNet \(2 blocks.*lacks 2.*"body.1.rdb2.conv3.weight", "conv_up2.bias"/,
  );
});

Deno.test("networkFromTensors() says whose names it uses for what is missing", () => {
  const tensors = rename(fill(rrdbNetShapes(RRDB)), toBsrgan);
  tensors.delete("HRconv.weight");
  assertRefused(tensors, /lacks 1.*"conv_hr.weight" in Real-ESRGAN's names.* those of BSRGAN/);
});

Deno.test("networkFromTensors() refuses a lost upsampling, whatever the names", () => {
  const real = fill(rrdbNetShapes({ ...RRDB, upsamplings: 1 }));
  assertRefused(real, /lacks 2.*"conv_up2.weight", "conv_up2.bias"/);
  const old = rename(fill(rrdbNetShapes(RRDB)), toOldEsrgan(RRDB));
  old.delete("model.6.weight");
  old.delete("model.6.bias");
  assertRefused(old, /lacks 2.*"conv_up2.weight", "conv_up2.bias"/);
});

Deno.test("networkFromTensors() refuses a lost block", () => {
  const lost = (prefix: string, tensors: Tensors) =>
    new Map([...tensors].filter(([name]) => !name.startsWith(prefix)));
  assertRefused(lost("body.0.", fill(rrdbNetShapes(RRDB))), /lacks 1.*"body.0.rdb1.conv1.weight"/);
  const old = rename(fill(rrdbNetShapes(RRDB)), toOldEsrgan(RRDB));
  assertRefused(lost("model.1.sub.1.", old), /"conv_body.weight".*unknown: "model.1.sub.2.weight"/);
  const compact = fill(compactShapes({ ...COMPACT, activation: "relu" }));
  assertRefused(lost("body.2.", compact), /lacks 1.*"body.2.weight"/);
});

Deno.test("networkFromTensors() lists five surplus tensors and counts the rest", () => {
  const tensors = fill(compactShapes(COMPACT));
  for (let i = 0; i < 7; i++) tensors.set(`x${i}`, viewOf(`x${i}`, [1], Float32Array.of(0)));
  assertRefused(tensors, /no place for 7 .*"x0", "x1", "x2", "x3", "x4" and 2 more$/);
});

Deno.test("networkFromTensors() names a tensor of the wrong shape, with both shapes", () => {
  const tensors = rename(fill(rrdbNetShapes(RRDB)), (name) => `params.${name}`);
  const name = "params.body.1.rdb3.conv2.weight";
  tensors.set(name, viewOf(name, [2, 5, 3, 3], new Float32Array(90)));
  assertRefused(
    tensors,
    /^Tensor "params.body.1.rdb3.conv2.weight" is \[2, 5, 3, 3\].*\[2, 6, 3, 3\]$/,
  );
});

Deno.test("networkFromTensors() refuses channels that are no RGB picture's", () => {
  const replace = (tensors: Tensors, name: string, shape: number[]) =>
    tensors.set(name, viewOf(name, shape, new Float32Array(shape.reduce((a, b) => a * b))));
  const rrdb = replace(fill(rrdbNetShapes(RRDB)), "conv_first.weight", [4, 1, 3, 3]);
  assertRefused(rrdb, /"conv_first.weight" takes 1 channels, expected 3 \(RGB\)/);
  const grey = replace(fill(compactShapes(COMPACT)), "body.0.weight", [4, 1, 3, 3]);
  assertRefused(grey, /"body.0.weight" takes 1 channels, expected 3/);
  const last = replace(fill(compactShapes(COMPACT)), "body.6.weight", [47, 4, 3, 3]);
  assertRefused(last, /"body.6.weight" gives 47 channels, expected 3, 12, 27 or 48/);
  const odd = replace(fill(srResNetShapes(SRRESNET)), "conv_first.weight", [6, 27, 3, 3]);
  assertRefused(odd, /"conv_first.weight" takes 27 channels, expected 3, 12 or 48/);
  const uneven = fill(srResNetShapes({ ...SRRESNET, scale: 3 }));
  replace(uneven, "conv_first.weight", [6, 12, 3, 3]);
  assertRefused(uneven, /unshuffle by 2 and ends with a pixel shuffle by 3, expected a multiple/);
  const kernel = replace(fill(compactShapes(COMPACT)), "body.0.weight", [4, 3, 5, 5]);
  assertRefused(kernel, /"body.0.weight" is \[4, 3, 5, 5\], expected \[out, in, 3, 3\]/);
});

Deno.test("networkFromTensors() refuses scales outside 1 to 8", () => {
  const half = { ...RRDB, unshuffle: 4, upsamplings: 1 } as const;
  const tensors = rename(fill(rrdbNetShapes(half)), toOldEsrgan(half));
  assertRefused(tensors, /1 upsamplings and 48 input channels would scale by 0.5, expected 1 to 8/);
  const sixteen = fill(rrdbNetShapes({ ...RRDB, upsamplings: 4 }));
  assertRefused(sixteen, /would scale by 16/);
});

Deno.test("networkFromTensors() counts weights that are not finite", () => {
  const tensors = fill(compactShapes(COMPACT));
  const values = new Float32Array(4 * 4 * 9).fill(1);
  values[7] = NaN;
  values[70] = -Infinity;
  tensors.set("body.2.weight", viewOf("body.2.weight", [4, 4, 3, 3], values));
  assertRefused(tensors, /"body.2.weight" has 2 of 144 values .*not finite, the first at index 7$/);
});

Deno.test("networkFromTensors() refuses weights that are not floats", () => {
  const tensors = fill(compactShapes(COMPACT));
  const bytes = new Uint8Array(4);
  tensors.set("body.0.bias", { name: "body.0.bias", dtype: "I8", shape: [4], bytes });
  assertRefused(tensors, /"body.0.bias" is I8: Tessera reads F32, F16, BF16 and F64/);
});

Deno.test("networkFromTensors() shows what it saw of an unknown network", () => {
  assertRefused(new Map(), /Checkpoint of 0 tensors \(none\).*RRDBNet.*SRVGGNetCompact/);
  const names = ["embed.weight", "blocks.0.attn.weight", "blocks.1.attn.weight", "head.weight"];
  const tensors = new Map(names.map((name) => [name, viewOf(name, [2], new Float32Array(2))]));
  assertRefused(tensors, /4 tensors \("embed.weight" \[2\], "blocks.0.attn.weight" \[2\], /);
});

/** Small enough to change one thing at a time. */
function tinyNetwork(): Network {
  return networkFromTensors(
    fill(compactShapes({ features: 2, convolutions: 0, scale: 2, activation: "relu" })),
  );
}

const BROKEN: [what: string, RegExp, change: (first: ConvOperation, network: Network) => void][] = [
  ["a missing input", /^Operation 0 of 3 is conv, expected input/, (_, network) => {
    network.operations.shift();
  }],
  ["an output in the middle", /^Operation 3 of 5 is output/, (_, network) => {
    network.operations.push(network.operations.at(-1)!);
  }],
  ["a tensor that is not written", /"body.0" reads "nothing", which is not/, (first) => {
    first.inputs = ["nothing"];
  }],
  ["a tensor written twice", /"picture" is written twice/, (first) => {
    first.output = "picture";
  }],
  [
    "channels that do not fit",
    /"body.0" expects 3 channels, but "picture" and "picture" provide 6/,
    (first) => {
      first.inputs = ["picture", "picture"];
    },
  ],
  [
    "a residual of other channels",
    /"body.0" expects 2 channels, but "picture" provides 3/,
    (first) => {
      first.residuals = [{ tensor: "picture", scale: 1 }];
    },
  ],
  ["three residuals", /ends with 3 tensors beside it .*, at most 2/, (first) => {
    first.residuals = Array(3).fill({ tensor: "picture", scale: 1 });
  }],
  ["a gate beside two residuals", /ends with 3 tensors beside it .*, at most 2/, (first) => {
    first.residuals = Array(2).fill({ tensor: "picture", scale: 1 });
    first.gate = { kind: "attention", tensor: "picture" };
    first.activation = { kind: "none" };
  }],
  ["attention behind an activation", /"body.0" has both attention and the activation/, (first) => {
    first.gate = { kind: "attention", tensor: "picture" };
  }],
  ["an enlargement with a residual", /ends with 1 tensors beside it .*, at most 0/, (first) => {
    first.residuals = [{ tensor: "picture", scale: 1 }];
    first.upsample = 2;
  }],
  ["an enlargement by a 1x1 convolution", /"body.0" enlarges and is 1x1/, (first) => {
    first.kernel = 1;
    first.weight = new Float32Array(6);
    first.upsample = 2;
  }],
  ["a short weight", /"body.0" weight has 3 values, expected 54/, (first) => {
    first.weight = new Float32Array(3);
  }],
  ["a long bias", /"body.0" bias has 3 values, expected 2/, (first) => {
    first.bias = new Float32Array(3);
  }],
  ["slopes of another length", /"body.0" slopes has 1 values, expected 2/, (first) => {
    first.activation = { kind: "prelu", slopes: new Float32Array(1) };
  }],
  ["a wrong scale", /states scale 2, but its operations scale by 4/, (first) => {
    first.upsample = 2;
  }],
];

for (const [what, message, change] of BROKEN) {
  Deno.test(`checkNetwork() refuses ${what}`, () => {
    const network = tinyNetwork();
    change(convolutions(network)[0], network);
    assert.throws(() => checkNetwork(network), { name: "ModelError", message });
  });
}

Deno.test("checkNetwork() refuses tensors of different sizes in one convolution", () => {
  const network = networkFromTensors(fill(rrdbNetShapes(RRDB)));
  const body = convolutions(network).find(({ name }) => name === "conv_hr")!;
  body.residuals = [{ tensor: "conv_first", scale: 1 }];
  const message = /"conv_hr" works at 4 pixels per input pixel, but "conv_first" is at 1/;
  assert.throws(() => checkNetwork(network), { name: "ModelError", message });
});

/** What is stated of known sizes, to be found again from the operations. */
const PUBLISHED: [what: string, Shapes, radius: number, macs: number, parameters: number][] = [
  [
    "RRDBNet-23",
    rrdbNetShapes({ ...RRDB, blocks: 23, features: 64, growth: 32 }),
    349,
    17.93e6,
    16_697_987,
  ],
  [
    "RRDBNet-6",
    rrdbNetShapes({ ...RRDB, blocks: 6, features: 64, growth: 32 }),
    94,
    5.71e6,
    4_467_779,
  ],
  [
    "SRVGGNetCompact-32",
    compactShapes({ ...COMPACT, features: 64, convolutions: 32 }),
    34,
    1.209e6,
    1_213_296,
  ],
  [
    "SRVGGNetCompact-16",
    compactShapes({ ...COMPACT, features: 64, convolutions: 16 }),
    18,
    0.619e6,
    621_424,
  ],
  [
    "SRResNetCompact with 4 blocks of 4 convolutions and 32 features",
    srResNetShapes({ features: 32, blocks: 4, convolutions: 4, scale: 4 }),
    19,
    0.1714e6,
    171_984,
  ],
];

for (const [what, shapes, radius, macs, parameters] of PUBLISHED) {
  Deno.test(`reach, cost and size of ${what} follow from its operations`, () => {
    const zeros = new Map([...shapes].map(([name, shape]) => {
      return [name, viewOf(name, shape, new Float32Array(shape.reduce((a, b) => a * b)))];
    }));
    const network = networkFromTensors(zeros);
    assert.equal(receptiveRadius(network), radius);
    assert.ok(Math.abs(flopPerPixel(network) / 2 / macs - 1) < 1e-3, `${flopPerPixel(network)}`);
    assert.equal(parameterCount(network), parameters);
  });
}

Deno.test("tensorLevels() and tensorChannels() follow unshuffling and upsampling", () => {
  const network = networkFromTensors(fill(rrdbNetShapes({ ...RRDB, unshuffle: 4 })));
  const levels = tensorLevels(network);
  const names = ["picture", "conv_body", "conv_up1", "conv_up2", "conv_last"];
  assert.deepEqual(names.map((name) => levels.get(name)), [0.25, 0.25, 0.5, 1, 1]);
  const channels = tensorChannels(network);
  assert.deepEqual(names.map((name) => channels.get(name)), [48, 4, 4, 4, 3]);
});

/** Marks which output positions change with one input pixel, operation by operation, forwards. */
function affected(network: Network, pixel: number, pixels: number): boolean[] {
  const tensors = new Map<string, boolean[]>();
  const marks = Array.from({ length: pixels }, (_, i) => i === pixel);
  const stretch = (values: boolean[], factor: number) =>
    Array.from({ length: values.length * factor }, (_, i) => values[Math.floor(i / factor)]);
  for (const operation of network.operations) {
    if (operation.kind === "input") {
      const { factor } = operation;
      const cells = Array.from({ length: pixels / factor }, (_, i) => {
        return marks.slice(i * factor, (i + 1) * factor).includes(true);
      });
      tensors.set(operation.output, cells);
    } else if (operation.kind !== "output") {
      assert.ok(operation.kind === "conv", "marks spread through convolutions only");
      const inputs = operation.inputs.map((name) =>
        stretch(tensors.get(name)!, operation.upsample)
      );
      const beside = tensorsBeside(operation).map((tensor) => tensors.get(tensor)!);
      const output = inputs[0].map((_, i) =>
        inputs.some((input) => input[i - 1] || input[i] || input[i + 1]) ||
        beside.some((tensor) => tensor[i])
      );
      tensors.set(operation.output, output);
    } else {
      const output = stretch(tensors.get(operation.input)!, operation.factor);
      const base = stretch(marks, network.scale);
      return output.map((mark, i) => mark || (operation.base && base[i]));
    }
  }
  return [];
}

Deno.test("requiredRanges() and receptiveRadius() agree with marks that spread forwards", () => {
  const networks = [
    networkFromTensors(fill(compactShapes({ ...COMPACT, scale: 3 }))),
    networkFromTensors(
      fill(srResNetShapes({ ...SRRESNET, scale: 2 })),
      new Map([["block", "gate"]]),
    ),
    networkFromTensors(fill(srResNetShapes({ ...SRRESNET, scale: 1, unshuffle: 2 }))),
    ...([1, 2, 4] as const).map((unshuffle) => {
      return networkFromTensors(fill(rrdbNetShapes({ ...RRDB, blocks: 1, unshuffle })));
    }),
  ];
  for (const network of networks) {
    const pixels = 4 * 64;
    const { scale } = network;
    const firstOutput = pixels / 2 * scale;
    const marks = Array.from({ length: pixels }, (_, pixel) => affected(network, pixel, pixels));
    let radius = 0;
    for (let output = firstOutput; output < firstOutput + 4 * scale; output++) {
      const seen = marks.map((mark, pixel) => mark[output] ? pixel : -1).filter((i) => i >= 0);
      const range = { first: seen[0], last: seen.at(-1) };
      const home = Math.floor(output / scale);
      radius = Math.max(radius, home - seen[0], seen.at(-1)! - home);
      assert.deepEqual(requiredRanges(network, { first: output, last: output }).picture, range);
    }
    assert.equal(receptiveRadius(network), radius);
  }
});

const RRDB_64 = { architecture: "RRDBNet", tiling: { halo: FAST_HALO }, scale: 4, features: 64 };
const COMPACT_64 = {
  architecture: "SRVGGNetCompact",
  tiling: { halo: "exact" },
  scale: 4,
  features: 64,
} as const;

const PUBLISHED_FILES: [file: string, Omit<Network, "operations" | "description">][] = [
  ["RealESRGAN_x4plus.f16", { ...RRDB_64, depth: 23 }],
  ["RRDB_PSNR_x4.f16", { ...RRDB_64, depth: 23 }],
  ["RealESRGAN_x4plus_anime_6B", { ...RRDB_64, depth: 6 }],
  ["realesr-general-x4v3", { ...COMPACT_64, depth: 32 }],
  ["realesr-general-wdn-x4v3", { ...COMPACT_64, depth: 32 }],
  ["realesr-animevideov3", { ...COMPACT_64, depth: 16 }],
];

for (const [file, expected] of PUBLISHED_FILES) {
  const path = `models/${file}.safetensors`;
  Deno.test({
    name: `networkFromTensors() reads the published ${file}`,
    ignore: !hasShared(path),
    fn: async () => {
      const { tensors, metadata } = readSafetensors(await Deno.readFile(shared(path)));
      const { operations: _, description, ...found } = networkFromTensors(tensors, metadata);
      assert.deepEqual(found, expected);
      const sizes = new RegExp(`^${expected.architecture} \\(.*\\b${expected.depth} .*scale 4\\)$`);
      assert.match(description, sizes);
    },
  });
}
