/**
 * How large tiles are: the choice of cores and halo that does the least work within a memory budget
 * and an adapter's limits. Pure; nothing is allocated here.
 */

import { UsageError } from "../errors.ts";
import {
  type CellSize,
  type MemoryPlan,
  planBytes,
  planMemory,
  tailStart,
  unshuffleOf,
} from "../engine/memory.ts";
import {
  COUNT_BYTES,
  paramBytes,
  pixelBytes,
  resultBytes,
  type StepContext,
  type TailTile,
} from "../engine/steps.ts";
import type { Storage } from "../kernels/dispatch.ts";
import type { MatrixShape } from "../kernels/matrix_shape.ts";
import type { Style } from "../kernels/styles.ts";
import {
  flopPerPosition,
  receptiveRadius,
  requiredRanges,
  tensorLevels,
} from "../networks/analysis.ts";
import { type Network, readBy } from "../networks/network.ts";
import type { Depth } from "../pictures/picture.ts";
import { evenCore } from "./plan.ts";

/** What a choice of tiles depends on. */
export interface TileDemand {
  network: Network;
  storage: Storage;
  style: Style;
  /** Of the matrix units, where activations are stored for them. */
  matrix?: MatrixShape | undefined;
  /** Size of the picture in pixels. */
  width: number;
  height: number;
  /** Depths of the pixels that go in and come out. */
  depthIn: Depth;
  depthOut: Depth;
  /** Bytes that all buffers may take together. */
  memory: number;
  /** Bytes that the network's weights take of them. */
  weightBytes: number;
  /** Largest buffer that can be bound. */
  maxBinding: number;
  /** Side of a trunk core in pixels, or `auto`. */
  tile: "auto" | number;
  /** Pixels around a core, or the receptive radius (`exact`), or what the network's tiling says. */
  halo: "auto" | "exact" | number;
}

/** A choice of tiles; sizes in cells (pixels / unshuffle factor). */
export interface TileChoice {
  /** The picture. */
  cells: CellSize;
  /** Largest core of a trunk window, and the halo around it (0 when the window is the picture). */
  core: CellSize;
  halo: number;
  /** Largest core of a tail window, and the halo around it. */
  tailCore: CellSize;
  tailHalo: number;
  memory: MemoryPlan;
  /** Whether the result equals that of the untiled picture, bit for bit. */
  exact: boolean;
  /** Bytes of GPU memory, weights included. */
  gpuBytes: number;
  /** FLOP of all windows, by the mathematical definition. */
  flop: number;
}

const CORES = [
  Infinity,
  2048,
  1536,
  1024,
  768,
  512,
  384,
  256,
  192,
  128,
  96,
  64,
  48,
  32,
  16,
  8,
  4,
  1,
];
const TAIL_CORES = [128, 64, 32, 16, 8, 4];

/** Cells of the largest window: its largest layer then stays far below a driver's watchdog. */
const MAX_WINDOW_CELLS = 4 << 20;

/**
 * Chooses the tiles.
 *
 * @throws {UsageError} If not even the smallest tile fits.
 */
export function chooseTiles(demand: TileDemand): TileChoice {
  let best: TileChoice | undefined;
  let smallest: TileChoice | undefined;
  for (const choice of candidates(demand)) {
    if (smallest === undefined || choice.gpuBytes < smallest.gpuBytes) smallest = choice;
    if (!fits(choice, demand)) continue;
    // In one piece there is no trace of tiles; the first such choice has the largest tail tiles.
    if (tilesOf(choice.cells, choice.core) === 1) return choice;
    if (best === undefined || choice.flop < best.flop) best = choice;
  }
  if (best !== undefined) return best;
  throw new UsageError(
    `No tile fits into ${
      megabytes(demand.memory)
    } MB of GPU memory: the smallest that can be had ` +
      `here takes ${megabytes(smallest!.gpuBytes)} MB`,
    {
      remedies: ["more memory", "smaller tiles"],
      needed: smallest!.gpuBytes,
      available: demand.memory,
    },
  );
}

function* candidates(demand: TileDemand): Generator<TileChoice> {
  const unshuffle = unshuffleOf(demand.network);
  const cells = {
    width: Math.ceil(demand.width / unshuffle),
    height: Math.ceil(demand.height / unshuffle),
  };
  const sides = demand.tile === "auto" ? CORES : [Math.max(1, Math.ceil(demand.tile / unshuffle))];
  const reach = reachOf(demand);
  for (const side of sides) {
    const core = {
      width: evenCore(cells.width, Math.min(cells.width, side)),
      height: evenCore(cells.height, Math.min(cells.height, side)),
    };
    for (const tailSide of TAIL_CORES) yield choiceFor(demand, reach, cells, core, tailSide);
  }
}

function choiceFor(
  demand: TileDemand,
  reach: Reach,
  cells: CellSize,
  core: CellSize,
  tailSide: number,
): TileChoice {
  const { network, storage, style } = demand;
  const whole = core.width === cells.width && core.height === cells.height;
  const halo = whole ? 0 : Math.ceil(reach.halo / unshuffleOf(network));
  const window = grow(core, halo, cells);
  const tailCore = {
    width: evenCore(core.width, Math.min(core.width, tailSide)),
    height: evenCore(core.height, Math.min(core.height, tailSide)),
  };
  const tailWindow = grow(tailCore, reach.tailHalo, window);
  const memory = planMemory(network, window, tailWindow, storage, style);
  const context = contextOf(demand, memory);
  const pixels = pixelBytes(context) + 3 * resultBytes(context, firstTile(tailCore));
  return {
    cells,
    core,
    halo,
    tailCore,
    tailHalo: reach.tailHalo,
    memory,
    exact: whole || reach.halo >= reach.radius,
    gpuBytes: demand.weightBytes + planBytes(memory) + pixels + paramBytes(network) +
      3 * COUNT_BYTES,
    flop: flopOf(network, cells, core, window, tailCore, tailWindow),
  };
}

/** What the engine needs to know to write out the steps of a choice. */
export function contextOf(
  demand: Pick<TileDemand, "network" | "style" | "matrix" | "depthIn" | "depthOut">,
  memory: MemoryPlan,
): StepContext {
  const unshuffle = unshuffleOf(demand.network);
  const { width, height } = memory.trunkWindow;
  return {
    network: demand.network,
    memory,
    style: demand.style,
    matrix: demand.matrix,
    pixels: { width: width * unshuffle, height: height * unshuffle, depth: demand.depthIn },
    depth: demand.depthOut,
  };
}

/** A tail tile of the given size, for sizes of buffers. */
export function firstTile(tailCore: CellSize): TailTile {
  return { windowX: 0, windowY: 0, x: 0, y: 0, ...tailCore };
}

/** What the choice needs of the network's receptive field. */
interface Reach {
  /** Receptive radius in pixels. */
  radius: number;
  /** Halo of a trunk window in pixels. */
  halo: number;
  /** Halo of a tail window in cells. */
  tailHalo: number;
}

function reachOf({ network, width, height, halo }: TileDemand): Reach {
  // No pixel sees more than the picture, even where a norm lets each see all of it.
  const radius = Math.min(receptiveRadius(network), Math.max(width, height));
  const tailHalo = tailReach(network);
  if (typeof halo === "number") return { radius, halo, tailHalo };
  const wanted = halo === "auto" ? network.tiling.halo : halo;
  return { radius, halo: wanted === "exact" ? radius : Math.min(radius, wanted), tailHalo };
}

/** How far, in cells, one cell of the result reaches into what the tail reads of the trunk. */
function tailReach(network: Network): number {
  const tail = tailStart(network);
  const perCell = network.scale * unshuffleOf(network);
  const required = requiredRanges(network, { first: 0, last: perCell - 1 }).tensors;
  const written = new Set(
    network.operations.slice(0, tail).map((op) => "output" in op ? op.output : ""),
  );
  const crossing = network.operations.slice(tail).flatMap(readBy).filter((name) =>
    written.has(name)
  );
  return Math.max(
    ...crossing.map((name) => Math.max(-required.get(name)!.first, required.get(name)!.last)),
  );
}

function grow(core: CellSize, halo: number, bounds: CellSize): CellSize {
  return {
    width: Math.min(bounds.width, core.width + 2 * halo),
    height: Math.min(bounds.height, core.height + 2 * halo),
  };
}

function fits(choice: TileChoice, demand: TileDemand): boolean {
  const context = contextOf(demand, choice.memory);
  const largest = Math.max(
    ...choice.memory.slots,
    pixelBytes(context),
    resultBytes(context, firstTile(choice.tailCore)),
  );
  const { width, height } = choice.memory.trunkWindow;
  return choice.gpuBytes <= demand.memory && largest <= demand.maxBinding &&
    width * height <= MAX_WINDOW_CELLS;
}

function flopOf(
  network: Network,
  cells: CellSize,
  core: CellSize,
  window: CellSize,
  tailCore: CellSize,
  tailWindow: CellSize,
): number {
  const trunkTiles = tilesOf(cells, core);
  const tailTiles = trunkTiles * tilesOf(core, tailCore);
  const levels = tensorLevels(network);
  const unshuffle = unshuffleOf(network);
  const tail = tailStart(network);
  let flop = 0;
  network.operations.forEach((operation, index) => {
    if (operation.kind === "output") return;
    const area = index < tail ? trunkTiles * areaOf(window) : tailTiles * areaOf(tailWindow);
    const level = levels.get(operation.output)! * unshuffle;
    flop += flopPerPosition(operation) * level * level * area;
  });
  return flop;
}

function tilesOf(size: CellSize, core: CellSize): number {
  return Math.ceil(size.width / core.width) * Math.ceil(size.height / core.height);
}

function areaOf(size: CellSize): number {
  return size.width * size.height;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
