/**
 * The layout of a tensor, and the sharing of buffers between tensors: an operation must never write
 * what is still needed. The plan is carried out here step by step, with the tensors' names for values.
 */

import assert from "node:assert/strict";
import { type MemoryPlan, planBytes, planMemory, tailStart } from "../../src/engine/memory.ts";
import {
  byteLength,
  indexOf,
  type Layout,
  layoutOf,
  quadsPerInvocation,
  storedQuads,
} from "../../src/kernels/layout.ts";
import { type Network, readBy } from "../../src/networks/network.ts";
import { Random, withRandom } from "../reference/random.ts";
import { tinyCompact, tinyPlksr, tinyRrdbNet, tinySrResNet } from "../networks/tiny_networks.ts";

Deno.test("layoutOf() leaves a border and room for whole patches, at every size", () =>
  withRandom((random) => {
    for (let run = 0; run < 300; run++) {
      const tensor = {
        channels: random.integer(1, 100),
        width: random.integer(1, 200),
        height: random.integer(1, 200),
      };
      for (const style of ["subgroup", "uniform"] as const) {
        const layout = layoutOf(tensor, random.pick(["f32", "f16"]), style);
        const rows = layout.plane / layout.pitch;
        // The widest patches are 4 x 2 pixels times 8 x 8 invocations, or times 8 x 1.
        const patch = style === "uniform" ? { width: 32, height: 16 } : { width: 32, height: 2 };
        const covered = {
          width: Math.ceil(tensor.width / patch.width) * patch.width,
          height: Math.ceil(tensor.height / patch.height) * patch.height,
        };
        assert.ok(Number.isInteger(rows));
        assert.ok(layout.pitch >= covered.width + 2 && rows >= covered.height + 2);
        assert.ok(layout.quads * 4 >= tensor.channels);
        assert.equal(layout.quads % quadsPerInvocation(tensor.channels), 0);
        assert.equal(indexOf(layout, -1, -1), 0);
        const last = indexOf(layout, covered.width, covered.height);
        assert.ok(last < layout.plane, "the border's last corner lies in the plane");
      }
    }
  }));

Deno.test("quadsPerInvocation() computes few channels in vain, none at the widths that networks have", () => {
  for (const channels of [12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 60, 64, 96, 128]) {
    assert.equal(storedQuads(channels) * 4, channels);
  }
  for (let channels = 9; channels < 300; channels++) {
    const quads = Math.ceil(channels / 4);
    assert.ok(storedQuads(channels) - quads <= 1, `${quads} quads as ${storedQuads(channels)}`);
  }
});

/** Runs through a plan and fails where an operation would not find what it reads. */
function assertSound(network: Network, plan: MemoryPlan): void {
  const tail = tailStart(network);
  const holds = new Map<number, string>();
  const run = (from: number, to: number) => {
    for (const operation of network.operations.slice(from, to)) {
      for (const tensor of readBy(operation)) {
        const held = holds.get(plan.slotOf.get(tensor)!);
        assert.equal(held, tensor, `"${tensor}" has been overwritten`);
      }
      if (operation.kind === "output") continue;
      const slot = plan.slotOf.get(operation.output)!;
      const layout = plan.layouts.get(operation.output)!;
      assert.equal(plan.slots[slot], byteLength(layout), `size of "${operation.output}"`);
      assert.ok(!readBy(operation).some((tensor) => plan.slotOf.get(tensor) === slot), "in place");
      holds.set(slot, operation.output);
    }
  };
  run(0, tail);
  // The tail runs many times over one trunk.
  for (let times = 0; times < 3; times++) run(tail, network.operations.length);
}

/** Tensors in one buffer have one size, so that none leaves values in the border of another. */
function assertEqualSizes(plan: MemoryPlan): void {
  const sizes = new Map<number, string>();
  for (const [tensor, slot] of plan.slotOf) {
    const { quads, width, height } = plan.layouts.get(tensor) as Layout;
    const size = `${quads} ${width}x${height}`;
    assert.equal(sizes.get(slot) ?? size, size, tensor);
    sizes.set(slot, size);
  }
}

Deno.test("planMemory() never lets an operation write what is still needed", () =>
  withRandom((random) => {
    for (let run = 0; run < 40; run++) {
      const network = random.pick([
        () => tinyRrdbNet(random, { blocks: random.integer(1, 4), upsamplings: 2 }),
        () => tinyRrdbNet(random, { unshuffle: 2, features: 8, growth: 8 }),
        () => tinyRrdbNet(random, { unshuffle: 4, features: 16, growth: 16 }),
        () => tinyCompact(random, { convolutions: random.integer(1, 6), features: 8 }),
        () => tinyCompact(random, { scale: random.pick([1, 2, 3, 4]) }),
        () => tinySrResNet(random, {}, random.pick(["residual", "gate"])),
        () => tinyPlksr(random, { real: true, norm: random.pick(["group", "layer"]) }),
      ])();
      const trunk = { width: random.integer(1, 70), height: random.integer(1, 70) };
      const tail = {
        width: random.integer(1, trunk.width),
        height: random.integer(1, trunk.height),
      };
      const plan = planMemory(network, trunk, tail, "f32", random.pick(["subgroup", "uniform"]));
      assertSound(network, plan);
      assertEqualSizes(plan);
    }
  }));

Deno.test("planMemory() keeps tensors of different windows apart, however alike their buffers", () => {
  // 30x31 and 4 * 8 x 4 * 8 are both rounded up to 32x32: buffers of one size.
  const network = tinyRrdbNet(new Random(1));
  const plan = planMemory(
    network,
    { width: 30, height: 31 },
    { width: 8, height: 8 },
    "f32",
    "subgroup",
  );
  const [picture, last] = ["picture", "conv_last"].map((name) => plan.layouts.get(name)!);
  assert.equal(byteLength(picture), byteLength(last));
  assert.notEqual(plan.slotOf.get("picture"), plan.slotOf.get("conv_last"));
});

Deno.test("planMemory() holds 384 channels in the trunk of RRDBNet, however many its blocks", () => {
  for (const blocks of [2, 3, 23]) {
    const sizes = { blocks, features: 64, growth: 32 };
    const network = tinyRrdbNet(new Random(1), sizes);
    const [trunk, tail] = [{ width: 100, height: 60 }, { width: 20, height: 12 }];
    const plan = planMemory(network, trunk, tail, "f32", "subgroup");
    const bytes = (channels: number, level: number, { width, height }: typeof trunk) =>
      byteLength(layoutOf(
        { channels, width: width * level, height: height * level },
        "f32",
        "subgroup",
      ));
    // conv_first, the block's input, the dense block's input, 4 growths, the result; and the picture.
    const inTrunk = 4 * bytes(64, 1, trunk) + 4 * bytes(32, 1, trunk) + bytes(3, 1, trunk);
    assert.equal(4 * bytes(64, 1, trunk) + 4 * bytes(32, 1, trunk), bytes(384, 1, trunk));
    // conv_up1; conv_up2 and conv_hr; conv_last.
    const inTail = bytes(64, 2, tail) + 2 * bytes(64, 4, tail) + bytes(3, 4, tail);
    assert.equal(planBytes(plan), inTrunk + inTail, `${blocks} blocks`);
  }
});

Deno.test("planMemory() holds two tensors of features for SRVGGNetCompact", () => {
  const network = tinyCompact(new Random(1), { features: 64, convolutions: 16 });
  const window = { width: 50, height: 40 };
  const plan = planMemory(network, window, window, "f16", "uniform");
  const bytes = (channels: number) =>
    byteLength(layoutOf({ channels, ...window }, "f16", "uniform"));
  assert.equal(planBytes(plan), bytes(3) + 2 * bytes(64) + bytes(48));
});
