/**
 * The tile plan: every unit covered exactly once, by windows of one size that stay inside and bring
 * the halo.
 */

import assert from "node:assert/strict";
import type { Region } from "../../src/raster/size.ts";
import { evenCore, planTiles } from "../../src/tiles/plan.ts";
import { type Random, withRandom } from "../reference/random.ts";

interface Demand {
  region: Region;
  bounds: { width: number; height: number };
  core: { width: number; height: number };
  halo: number;
}

function randomDemand(random: Random): Demand {
  const bounds = { width: random.integer(1, 90), height: random.integer(1, 90) };
  const x = random.integer(0, bounds.width - 1);
  const y = random.integer(0, bounds.height - 1);
  const region = {
    x,
    y,
    width: random.integer(1, bounds.width - x),
    height: random.integer(1, bounds.height - y),
  };
  const core = { width: random.integer(1, 100), height: random.integer(1, 40) };
  return { region, bounds, core, halo: random.integer(0, 30) };
}

/** Fails unless the cores cover every unit of the region once and nothing else. */
function assertExactCoverage(cores: Region[], region: Region, bounds: Demand["bounds"]): void {
  const covered = new Uint8Array(bounds.width * bounds.height);
  for (const core of cores) {
    for (let y = core.y; y < core.y + core.height; y++) {
      for (let x = core.x; x < core.x + core.width; x++) covered[y * bounds.width + x]++;
    }
  }
  for (let y = 0; y < bounds.height; y++) {
    for (let x = 0; x < bounds.width; x++) {
      const inside = x >= region.x && y >= region.y && x < region.x + region.width &&
        y < region.y + region.height;
      assert.equal(covered[y * bounds.width + x], inside ? 1 : 0, `unit (${x}, ${y})`);
    }
  }
}

Deno.test("planTiles() covers every unit once, with the halo that the bounds allow", () =>
  withRandom((random) => {
    for (let run = 0; run < 500; run++) {
      const demand = randomDemand(random);
      const { region, bounds, core, halo } = demand;
      const { windowWidth, windowHeight, tiles } = planTiles(region, bounds, core, halo);
      assertExactCoverage(tiles.map((tile) => tile.core), region, bounds);
      for (const { core: c, windowX, windowY } of tiles) {
        const message = JSON.stringify({ demand, c, windowX, windowY });
        assert.ok(c.width <= core.width && c.height <= core.height, `core: ${message}`);
        assert.ok(windowX >= 0 && windowX + windowWidth <= bounds.width, `bounds: ${message}`);
        assert.ok(windowY >= 0 && windowY + windowHeight <= bounds.height, `bounds: ${message}`);
        const [left, top] = [Math.max(0, c.x - halo), Math.max(0, c.y - halo)];
        const right = Math.min(bounds.width, c.x + c.width + halo);
        const bottom = Math.min(bounds.height, c.y + c.height + halo);
        assert.ok(windowX <= left && windowX + windowWidth >= right, `halo: ${message}`);
        assert.ok(windowY <= top && windowY + windowHeight >= bottom, `halo: ${message}`);
      }
    }
  }));

Deno.test("planTiles() takes no more tiles than cores fit, in reading order", () =>
  withRandom((random) => {
    for (let run = 0; run < 100; run++) {
      const { region, bounds, core, halo } = randomDemand(random);
      const { tiles } = planTiles(region, bounds, core, halo);
      const columns = Math.ceil(region.width / core.width);
      assert.equal(tiles.length, columns * Math.ceil(region.height / core.height));
      tiles.forEach(({ core: { x, y } }, i) => {
        if (i === 0) return;
        const before = tiles[i - 1].core;
        if (i % columns === 0) assert.ok(y > before.y && x === region.x);
        else assert.ok(y === before.y && x > before.x);
      });
    }
  }));

Deno.test("evenCore() is the shortest core that needs no more spans", () => {
  for (let length = 1; length < 60; length++) {
    for (let core = 1; core < 70; core++) {
      const even = evenCore(length, core);
      const spans = Math.ceil(length / core);
      assert.ok(even <= core && Math.ceil(length / even) <= spans);
      assert.ok(even === 1 || Math.ceil(length / (even - 1)) > spans);
    }
  }
});

Deno.test("planTiles() refuses sizes that are none, and regions that are outside", () => {
  const good = { x: 0, y: 0, width: 10, height: 8 };
  const core = { width: 4, height: 4 };
  const bad: [args: Parameters<typeof planTiles>, message: RegExp][] = [
    [[{ ...good, width: 0 }, good, core, 1], /positive integers: received 0, 8/],
    [[good, { width: 10, height: 8.5 }, core, 1], /positive integers/],
    [[good, good, { width: 4, height: -1 }, 1], /positive integers/],
    [[good, good, { width: NaN, height: 4 }, 1], /positive integers/],
    [[good, good, core, -1], /from 0: received -1/],
    [[good, good, core, 1.5], /from 0: received 1.5/],
    [[{ ...good, x: 1 }, good, core, 1], /10x8 at \(1, 0\) is not inside 10x8/],
    [[{ ...good, y: -1 }, good, core, 1], /is not inside/],
  ];
  for (const [args, message] of bad) {
    assert.throws(() => planTiles(...args), (error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, message);
      return true;
    });
  }
});
