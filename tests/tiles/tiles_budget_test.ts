/**
 * The choice of tiles: within the memory and the adapter's limits, never larger with less memory, and
 * exact where it says so.
 */

import assert from "node:assert/strict";
import { planTiles } from "../../src/tiles/plan.ts";
import { UsageError } from "../../src/errors.ts";
import { chooseTiles, type TileChoice, type TileDemand } from "../../src/tiles/budget.ts";
import { receptiveRadius } from "../../src/networks/analysis.ts";
import type { Network } from "../../src/networks/network.ts";
import { FAST_HALO } from "../../src/networks/rrdbnet/halo.ts";
import { Random, withRandom } from "../reference/random.ts";
import { tinyCompact, tinyRrdbNet } from "../networks/tiny_networks.ts";

const RRDB = tinyRrdbNet(new Random(1), { blocks: 6, features: 64, growth: 32 });
const COMPACT = tinyCompact(new Random(1), { features: 64, convolutions: 16 });

function demandOf(network: Network, demand: Partial<TileDemand> = {}): TileDemand {
  return {
    network,
    storage: "f32",
    style: "subgroup",
    width: 960,
    height: 540,
    depthIn: 8,
    depthOut: 8,
    memory: 1.5e9,
    weightBytes: 1e7,
    maxBinding: 128 * 2 ** 20,
    tile: "auto",
    halo: "auto",
    ...demand,
  };
}

function choose(demand: TileDemand): TileChoice | undefined {
  try {
    return chooseTiles(demand);
  } catch (error) {
    assert.ok(error instanceof UsageError, `${error}`);
    return undefined;
  }
}

/** Whether the windows of a choice are what `planTiles()` will cut. */
function assertWindows(choice: TileChoice): void {
  const { cells, core, halo, memory, tailCore, tailHalo } = choice;
  const trunk = planTiles({ x: 0, y: 0, ...cells }, cells, core, halo);
  const { trunkWindow, tailWindow } = memory;
  assert.deepEqual({ width: trunk.windowWidth, height: trunk.windowHeight }, trunkWindow);
  const tail = planTiles({ x: 0, y: 0, ...core }, trunkWindow, tailCore, tailHalo);
  assert.deepEqual({ width: tail.windowWidth, height: tail.windowHeight }, tailWindow);
}

Deno.test("chooseTiles() stays within memory and bindings, at any size", () =>
  withRandom((random) => {
    for (let run = 0; run < 60; run++) {
      const demand = demandOf(random.pick([RRDB, COMPACT]), {
        width: random.integer(1, 1500),
        height: random.integer(1, 900),
        memory: random.pick([2e7, 5e7, 2e8, 1e9, 4e9]),
        maxBinding: random.pick([1 << 22, 1 << 27, 2 ** 31]),
        storage: random.pick(["f32", "f16"]),
        style: random.pick(["subgroup", "uniform"]),
        tile: random.pick(["auto", random.integer(10, 300)]),
        halo: random.pick(["auto", "exact", 0, 20]),
      });
      const choice = choose(demand);
      if (choice === undefined) continue;
      assert.ok(choice.gpuBytes <= demand.memory);
      assert.ok(choice.memory.slots.every((bytes) => bytes <= demand.maxBinding));
      if (demand.tile !== "auto") {
        assert.ok(choice.core.width <= demand.tile && choice.core.height <= demand.tile);
      }
      assertWindows(choice);
    }
  }));

Deno.test("chooseTiles() never takes more memory or less work when there is less memory", () => {
  for (const network of [RRDB, COMPACT]) {
    let before: TileChoice | undefined;
    for (const megabytes of [4000, 1500, 800, 400, 200, 100, 60, 40, 30, 20]) {
      const choice = choose(demandOf(network, { memory: megabytes * 1e6, maxBinding: 2 ** 31 }));
      if (choice === undefined) continue;
      if (before !== undefined) {
        assert.ok(choice.flop >= before.flop, `${megabytes} MB`);
        const area = ({ core }: TileChoice) => core.width * core.height;
        assert.ok(area(choice) <= area(before), `${megabytes} MB`);
      }
      before = choice;
    }
    assert.ok(before !== undefined && before.core.width < 960);
  }
});

Deno.test("chooseTiles() says whether tiles leave a trace", () => {
  const radius = receptiveRadius(RRDB);
  const cases: [demand: Partial<TileDemand>, network: Network, halo: number, exact: boolean][] = [
    [{ memory: 8e9, maxBinding: 2 ** 31 }, RRDB, 0, true],
    [{ tile: 200 }, RRDB, FAST_HALO, false],
    [{ tile: 200, halo: "exact" }, RRDB, radius, true],
    [{ tile: 200, halo: radius }, RRDB, radius, true],
    [{ tile: 200, halo: radius - 1 }, RRDB, radius - 1, false],
    [{ tile: 200, halo: 0 }, RRDB, 0, false],
    [{ tile: 200 }, COMPACT, receptiveRadius(COMPACT), true],
    [{ tile: 200, halo: 3 }, COMPACT, 3, false],
    [{ tile: 960 }, RRDB, 0, true],
  ];
  for (const [demand, network, halo, exact] of cases) {
    const choice = chooseTiles(demandOf(network, { memory: 8e9, maxBinding: 2 ** 31, ...demand }));
    assert.deepEqual([choice.halo, choice.exact], [halo, exact], JSON.stringify(demand));
  }
});

Deno.test("chooseTiles() counts halos in cells after pixel-unshuffle", () => {
  const network = tinyRrdbNet(new Random(1), { unshuffle: 4, upsamplings: 2 });
  const choice = chooseTiles(demandOf(network, { tile: 100, halo: 30, width: 401, height: 399 }));
  assert.deepEqual(choice.cells, { width: 101, height: 100 });
  assert.equal(choice.halo, 8);
  assert.deepEqual(choice.core, { width: 21, height: 25 });
});

Deno.test("chooseTiles() says what the smallest tile takes when nothing fits", () => {
  assert.throws(() => chooseTiles(demandOf(RRDB, { memory: 1.02e7 })), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /into 10 MB of GPU memory.*takes \d+ MB$/s);
    assert.deepEqual(error.remedies, ["more memory", "smaller tiles"]);
    assert.ok(error.needed! > error.available! && error.available === 1.02e7);
    return true;
  });
});
