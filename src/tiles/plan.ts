/**
 * The tile plan: a region cut into cores that cover it exactly once, each inside a window that brings
 * the halo. A pure function of sizes.
 *
 * All windows of a plan have the same size, so that buffers and parameters serve every tile. At the
 * edge of the bounds a window is moved inward instead of being cut: its core then has more halo than
 * it needs on the inner side, and ends with the bounds on the outer side.
 */

import type { Region } from "../raster/size.ts";

/** One tile: `core` is what it contributes, the window what it is computed from. */
export interface Tile {
  core: Region;
  windowX: number;
  windowY: number;
}

/** Tiles in reading order, and the one size of their windows. */
export interface TilePlan {
  windowWidth: number;
  windowHeight: number;
  tiles: Tile[];
}

/**
 * Cuts a region into tiles.
 *
 * @param region What has to be covered; inside `bounds`.
 * @param bounds Size of what windows may read, from (0, 0).
 * @param core Largest width and height of a core.
 * @param halo Units that a window has around its core, where the bounds allow.
 * @throws {RangeError} If a size is not a positive integer or the region is not inside the bounds.
 *
 * @example
 * ```ts
 * import { planTiles } from "./plan.ts";
 * const whole = { x: 0, y: 0, width: 100, height: 50 };
 * const plan = planTiles(whole, whole, { width: 60, height: 60 }, 8);
 * console.assert(plan.tiles.length === 2 && plan.windowWidth === 76 && plan.windowHeight === 50);
 * ```
 */
export function planTiles(
  region: Region,
  bounds: { width: number; height: number },
  core: { width: number; height: number },
  halo: number,
): TilePlan {
  checkSizes(region, bounds, core, halo);
  const columns = cut(region.x, region.width, core.width, bounds.width, halo);
  const rows = cut(region.y, region.height, core.height, bounds.height, halo);
  const tiles = rows.spans.flatMap((row) =>
    columns.spans.map((column) => ({
      core: { x: column.from, y: row.from, width: column.length, height: row.length },
      windowX: column.window,
      windowY: row.window,
    }))
  );
  return { windowWidth: columns.window, windowHeight: rows.window, tiles };
}

interface Span {
  from: number;
  length: number;
  /** Where the window begins. */
  window: number;
}

/** Returns the shortest core that cuts `length` into as many spans as cores of at most `core` do. */
export function evenCore(length: number, core: number): number {
  return Math.ceil(length / Math.ceil(length / core));
}

/** Cuts one axis into spans of nearly equal length, none longer than `core`. */
function cut(
  start: number,
  length: number,
  core: number,
  bound: number,
  halo: number,
): { window: number; spans: Span[] } {
  const count = Math.ceil(length / core);
  const window = Math.min(bound, core + 2 * halo);
  const spans = [];
  for (let i = 0; i < count; i++) {
    const from = start + Math.floor(i * length / count);
    const to = start + Math.floor((i + 1) * length / count);
    const at = Math.max(0, Math.min(from - halo, bound - window));
    spans.push({ from, length: to - from, window: at });
  }
  return { window, spans };
}

function checkSizes(
  region: Region,
  bounds: { width: number; height: number },
  core: { width: number; height: number },
  halo: number,
): void {
  const sizes = [region.width, region.height, bounds.width, bounds.height, core.width, core.height];
  if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new RangeError(`Tile sizes must be positive integers: received ${sizes.join(", ")}`);
  }
  if (!Number.isInteger(halo) || halo < 0) {
    throw new RangeError(`A halo must be an integer from 0: received ${halo}`);
  }
  const { x, y, width, height } = region;
  if (x < 0 || y < 0 || x + width > bounds.width || y + height > bounds.height) {
    throw new RangeError(
      `The region ${width}x${height} at (${x}, ${y}) is not inside ${bounds.width}x${bounds.height}`,
    );
  }
}
