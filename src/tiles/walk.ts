/**
 * The walk over the tiles of a picture: windows in reading order, tails inside them, and results on
 * their way back while the next tile is computed.
 */

import { unshuffleOf } from "../engine/memory.ts";
import type { Program } from "../engine/program.ts";
import { outputPerCell, type TailTile } from "../engine/steps.ts";
import { Workspace } from "../engine/workspace.ts";
import { OutOfGpuMemoryError } from "../gpu/device.ts";
import type { Submitter } from "../gpu/submission.ts";
import type { Depth } from "../pictures/picture.ts";
import { chooseTiles, contextOf, firstTile, type TileChoice, type TileDemand } from "./budget.ts";
import { planTiles, type Region, type Tile } from "./plan.ts";
import { allocateRaster, cutWindow, putRegion, type Raster } from "./raster.ts";

/** How a picture may be cut. */
export interface TileOptions {
  /** Bytes of GPU memory for everything. */
  memory: number;
  /** Side of a core in pixels. */
  tile: "auto" | number;
  /** Pixels around a core. */
  halo: "auto" | "exact" | number;
  /** Depth of the result. */
  depth: Depth;
}

/** What a walk can be asked for beside its result. */
export interface WalkOptions extends TileOptions {
  /** Stops the walk between two submissions. */
  signal?: AbortSignal | undefined;
  /** Told the share of the FLOP that is done, and tiles. */
  onProgress?: ((done: { fraction: number; tiles: number; ofTiles: number }) => void) | undefined;
}

/** What a walk would do. */
export function choiceFor(
  program: Program,
  size: { width: number; height: number; depth: Depth },
  options: TileOptions,
): TileChoice {
  return chooseTiles(demandOf(program, size, options));
}

/**
 * Runs a network over a whole picture.
 *
 * If the device runs out of memory, the budget is halved and the walk goes on behind the last row of
 * tiles that is finished.
 *
 * @throws {UsageError} If not even the smallest tile fits the budget.
 * @throws {GpuError} If the device fails.
 */
export async function walk(
  program: Program,
  source: Raster,
  submitter: Submitter,
  options: WalkOptions,
): Promise<Raster> {
  const { scale } = program.network;
  const result = allocateRaster(source.width * scale, source.height * scale, options.depth);
  let memory = options.memory;
  for (let firstRow = 0;;) {
    const demand = demandOf(program, source, { ...options, memory });
    const run = new Run(program, source, result, submitter, demand, options);
    try {
      await run.from(firstRow);
      return result;
    } catch (error) {
      if (!(error instanceof OutOfGpuMemoryError)) throw error;
      firstRow = run.finishedRows;
      memory = Math.min(memory, run.choice.gpuBytes) / 2;
    }
  }
}

/** One attempt with one choice of tiles. */
class Run {
  readonly choice: TileChoice;
  /** Rows of cells that are in the result, from the top. */
  finishedRows = 0;
  readonly #program: Program;
  readonly #source: Raster;
  readonly #result: Raster;
  readonly #submitter: Submitter;
  readonly #demand: TileDemand;
  readonly #options: WalkOptions;
  #flopDone = 0;
  #tilesDone = 0;
  #pending: { region: Region; words: Promise<Uint32Array> } | undefined;

  constructor(
    program: Program,
    source: Raster,
    result: Raster,
    submitter: Submitter,
    demand: TileDemand,
    options: WalkOptions,
  ) {
    this.#program = program;
    this.#source = source;
    this.#result = result;
    this.#submitter = submitter;
    this.#demand = demand;
    this.#options = options;
    this.choice = chooseTiles(demand);
  }

  /** Computes the result from a row of cells on. */
  async from(firstRow: number): Promise<void> {
    const { choice } = this;
    this.finishedRows = firstRow;
    const { width, height } = choice.cells;
    const region = { x: 0, y: firstRow, width, height: height - firstRow };
    const { tiles } = planTiles(region, choice.cells, choice.core, choice.halo);
    const workspace = await this.#createWorkspace();
    try {
      for (const tile of tiles) {
        if (tile.core.y > this.finishedRows) await this.#settle();
        this.finishedRows = tile.core.y;
        await this.#runTile(workspace, tile, tiles.length);
      }
      await this.#settle();
    } finally {
      await this.#pending?.words.catch(() => {});
      workspace.destroy();
    }
  }

  #createWorkspace(): Promise<Workspace> {
    const context = contextOf(this.#demand, this.choice.memory);
    return Workspace.create(this.#program, context, firstTile(this.choice.tailCore));
  }

  async #runTile(workspace: Workspace, tile: Tile, tiles: number): Promise<void> {
    const { memory, tailCore, tailHalo } = this.choice;
    const { signal } = this.#options;
    const count = (flop: number) => this.#report(flop, tiles);
    await workspace.trunk(this.#pixelsOf(tile), this.#submitter, signal, count);
    const core = { ...tile.core, x: tile.core.x - tile.windowX, y: tile.core.y - tile.windowY };
    for (const part of planTiles(core, memory.trunkWindow, tailCore, tailHalo).tiles) {
      const tail: TailTile = { ...part.core, windowX: part.windowX, windowY: part.windowY };
      const { words } = await workspace.tail(tail, this.#submitter, signal, count);
      const earlier = this.#pending;
      this.#pending = { region: this.#regionOf(tile, part.core), words };
      await this.#put(earlier);
    }
    this.#tilesDone++;
    this.#report(0, tiles);
  }

  #pixelsOf(tile: Tile): Uint32Array {
    const unshuffle = unshuffleOf(this.#program.network);
    const { width, height } = this.choice.memory.trunkWindow;
    return cutWindow(this.#source, {
      x: tile.windowX * unshuffle,
      y: tile.windowY * unshuffle,
      width: width * unshuffle,
      height: height * unshuffle,
    });
  }

  #regionOf(tile: Tile, part: Region): Region {
    const perCell = outputPerCell(this.#program.network);
    return {
      x: (tile.windowX + part.x) * perCell,
      y: (tile.windowY + part.y) * perCell,
      width: part.width * perCell,
      height: part.height * perCell,
    };
  }

  async #settle(): Promise<void> {
    const last = this.#pending;
    this.#pending = undefined;
    await this.#put(last);
  }

  async #put(read: { region: Region; words: Promise<Uint32Array> } | undefined): Promise<void> {
    if (read !== undefined) putRegion(this.#result, read.region, await read.words);
  }

  #report(flop: number, ofTiles: number): void {
    this.#flopDone += flop;
    const fraction = Math.min(1, this.#flopDone / this.choice.flop);
    this.#options.onProgress?.({ fraction, tiles: this.#tilesDone, ofTiles });
  }
}

function demandOf(
  program: Program,
  size: { width: number; height: number; depth: Depth },
  options: TileOptions,
): TileDemand {
  const { maxBufferSize, maxStorageBufferBindingSize } = program.gpu.device.limits;
  return {
    network: program.network,
    storage: program.storage,
    style: program.style,
    width: size.width,
    height: size.height,
    depthIn: size.depth,
    depthOut: options.depth,
    memory: options.memory,
    weightBytes: program.weightBytes,
    maxBinding: Math.min(maxBufferSize, maxStorageBufferBindingSize),
    tile: options.tile,
    halo: options.halo,
  };
}
