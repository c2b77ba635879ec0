/** Blending of two networks of one shape, whatever their operations are. */

import assert from "node:assert/strict";
import { mixNetworks } from "../../src/networks/mix.ts";
import type { Network } from "../../src/networks/network.ts";
import { assertClose } from "../reference/compare.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { tinyCompact, tinyPlksr, tinyRrdbNet, tinySpan, tinySrResNet } from "./tiny_networks.ts";

const MAKERS: [what: string, make: (random: Random) => Network][] = [
  ["RRDBNet", (random) => tinyRrdbNet(random)],
  ["SRVGGNetCompact", (random) => tinyCompact(random)],
  ["SRResNetCompact", (random) => tinySrResNet(random, {}, "gate")],
  ["SPAN", (random) => tinySpan(random, 2)],
  ["RealPLKSR", (random) => tinyPlksr(random, { real: true, norm: "group", groups: 4, scale: 2 })],
];

/** Everything that a network has learned, in the order of its operations. */
function learned(network: Network): number[] {
  return network.operations.flatMap((operation) => {
    if (operation.kind === "input" || operation.kind === "output") return [];
    const slopes = operation.kind === "conv" && operation.activation.kind === "prelu"
      ? [...operation.activation.slopes]
      : [];
    return [...operation.weight, ...operation.bias, ...slopes];
  });
}

for (const [what, make] of MAKERS) {
  Deno.test(`mixNetworks() blends all that a ${what} has learned`, () =>
    withRandom((random) => {
      const [a, b, c] = [make(random), make(random), make(random)];
      const mixed = (...amounts: number[]) =>
        learned(mixNetworks(a, amounts.map((amount, i) => ({ network: [b, c][i], amount }))));
      assert.deepEqual(mixed(), learned(a));
      assert.deepEqual(mixed(0), learned(a));
      assert.deepEqual(mixed(1), learned(b));
      const other = learned(b);
      const expected = learned(a).map((value, i) => 0.75 * value + 0.25 * other[i]);
      assertClose(mixed(0.25), expected, { atol: 1e-6 });
      const third = learned(c);
      const sum = learned(a).map((value, i) => 0.25 * value + 0.25 * other[i] + 0.5 * third[i]);
      assertClose(mixed(0.25, 0.5), sum, { atol: 1e-6 });
    }));
}

Deno.test("mixNetworks() refuses networks of other shapes, activations and gates", () =>
  withRandom((random) => {
    const refused = (a: Network, b: Network) =>
      assert.throws(() => mixNetworks(a, [{ network: b, amount: 0.5 }]), {
        name: "ModelError",
        message: /^Cannot blend networks of different shapes: /,
      });
    refused(tinySpan(random, 2), tinySpan(random, 4));
    refused(tinySrResNet(random, {}, "gate"), tinySrResNet(random, {}, "residual"));
    refused(tinyCompact(random), tinyCompact(random, { activation: "relu" }));
    refused(
      tinyPlksr(random, { real: false, kernel: 5 }),
      tinyPlksr(random, { real: false, kernel: 3 }),
    );
    refused(
      tinyPlksr(random, { real: true, norm: "layer" }),
      tinyPlksr(random, { real: true, norm: "group" }),
    );
  }));
