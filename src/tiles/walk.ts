/**
 * The walk over the tiles of a picture: windows in reading order, tails inside them, and results on
 * their way back while the next tile is computed. A row of tiles leaves as soon as it is finished.
 */

import { unshuffleOf } from "../engine/memory.ts";
import type { Program } from "../engine/program.ts";
import { outputPerCell, type TailTile } from "../engine/steps.ts";
import { BadResultError, Workspace } from "../engine/workspace.ts";
import { UsageError } from "../errors.ts";
import { OutOfGpuMemoryError } from "../gpu/device.ts";
import type { Submitter } from "../gpu/submission.ts";
import type { Depth } from "../pictures/picture.ts";
import { chooseTiles, contextOf, firstTile, type TileChoice, type TileDemand } from "./budget.ts";
import { isLostPicture } from "./flatness.ts";
import { planTiles, type Region, type Tile } from "./plan.ts";
import { type Band, BandBuilder, type RasterSize, type RowWindow } from "./row_window.ts";

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

/** Share of the work that is done, and tiles. */
export interface WalkProgress {
  fraction: number;
  tiles: number;
  ofTiles: number;
}

/** What a walk can be asked for beside its result. */
export interface WalkOptions extends TileOptions {
  /** Stops the walk between two submissions. */
  signal?: AbortSignal | undefined;
  onProgress?: ((done: WalkProgress) => void) | undefined;
}

/** What a walk would do. */
export function choiceFor(program: Program, size: RasterSize, options: TileOptions): TileChoice {
  return chooseTiles(demandOf(program, size, options));
}

/**
 * Runs a network over a whole picture and yields the result in bands, from the top.
 *
 * If the device runs out of memory, the budget is halved and the walk goes on behind the last row of
 * tiles that is finished. A result that cannot be right is computed once more, in f32.
 *
 * @throws {UsageError} If not even the smallest tile fits the budget.
 * @throws {GpuError} If the device fails.
 */
export async function* walk(
  program: Program,
  source: RowWindow,
  submitter: Submitter,
  options: WalkOptions,
): AsyncGenerator<Band> {
  let demand = demandOf(program, source.size, options);
  let choice = chooseTiles(demand);
  let firstRow = 0;
  try {
    for (let retried = false;;) {
      const run = new Run(program, source, submitter, demand, choice, options, firstRow);
      try {
        return yield* run.bands();
      } catch (error) {
        firstRow = run.finishedRows;
        if (error instanceof OutOfGpuMemoryError) {
          ({ demand, choice } = afterShortage(demand, choice, error));
        } else if (error instanceof BadResultError && !retried) {
          retried = true;
          program = program.withStorage("f32");
          demand = { ...demand, storage: "f32" };
          choice = chooseTiles(demand);
        } else throw error;
      }
    }
  } finally {
    await source.close();
  }
}

/**
 * The next attempt after memory ran out: half of what the tiles took, and half the tile where its
 * size was asked for.
 *
 * @throws {OutOfGpuMemoryError} If the tiles were the smallest already.
 */
function afterShortage(
  demand: TileDemand,
  { gpuBytes }: TileChoice,
  shortage: OutOfGpuMemoryError,
): { demand: TileDemand; choice: TileChoice } {
  const memory = demand.weightBytes + (gpuBytes - demand.weightBytes) / 2;
  let { tile } = demand;
  for (;;) {
    if (tile !== "auto") tile = Math.ceil(tile / 2);
    const smaller = { ...demand, memory, tile };
    try {
      return { demand: smaller, choice: chooseTiles(smaller) };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      if (tile === "auto" || tile === 1) throw shortage;
    }
  }
}

/** One attempt with one choice of tiles. */
class Run {
  readonly choice: TileChoice;
  /** Rows of cells that have been yielded, from the top. */
  finishedRows: number;
  readonly #program: Program;
  readonly #source: RowWindow;
  readonly #submitter: Submitter;
  readonly #demand: TileDemand;
  readonly #options: WalkOptions;
  readonly #shareBefore: number;
  #flopDone = 0;
  #tilesDone = 0;
  #tiles = 0;
  #pending: { region: Region; words: Promise<Uint32Array> } | undefined;

  constructor(
    program: Program,
    source: RowWindow,
    submitter: Submitter,
    demand: TileDemand,
    choice: TileChoice,
    options: WalkOptions,
    firstRow: number,
  ) {
    this.#program = program;
    this.#source = source;
    this.#submitter = submitter;
    this.#demand = demand;
    this.#options = options;
    this.finishedRows = firstRow;
    this.choice = choice;
    this.#shareBefore = firstRow / this.choice.cells.height;
  }

  /** Yields the rows that are not finished. */
  async *bands(): AsyncGenerator<Band> {
    const { cells, core, halo, memory, tailCore } = this.choice;
    const region = {
      x: 0,
      y: this.finishedRows,
      width: cells.width,
      height: cells.height - this.finishedRows,
    };
    const { tiles } = planTiles(region, cells, core, halo);
    this.#tiles = tiles.length;
    const context = contextOf(this.#demand, memory);
    const workspace = await Workspace.create(this.#program, context, firstTile(tailCore));
    try {
      for (const row of Map.groupBy(tiles, (tile) => tile.core.y).values()) {
        this.#source.forget(row[0].windowY * unshuffleOf(this.#program.network));
        const band = await this.#runRow(workspace, row);
        this.finishedRows = row[0].core.y + row[0].core.height;
        yield band;
      }
    } finally {
      await this.#pending?.words.catch(() => {});
      workspace.destroy();
    }
  }

  async #runRow(workspace: Workspace, row: Tile[]): Promise<Band> {
    const { network } = this.#program;
    const { width, height } = this.#source.size;
    const size = {
      width: width * network.scale,
      height: height * network.scale,
      depth: this.#options.depth,
    };
    const { y, height: rows } = row[0].core;
    const perCell = outputPerCell(network);
    const builder = new BandBuilder(size, y * perCell, rows * perCell);
    for (const tile of row) await this.#runTile(workspace, tile, builder);
    await this.#settle(builder, undefined);
    return builder.band;
  }

  async #runTile(workspace: Workspace, tile: Tile, builder: BandBuilder): Promise<void> {
    const { memory, tailCore, tailHalo } = this.choice;
    const { signal } = this.#options;
    const count = (flop: number) => this.#report(flop);
    const pixels = await this.#pixelsOf(tile);
    await workspace.trunk(pixels, this.#submitter, signal, count);
    const core = { ...tile.core, x: tile.core.x - tile.windowX, y: tile.core.y - tile.windowY };
    for (const part of planTiles(core, memory.trunkWindow, tailCore, tailHalo).tiles) {
      const tail: TailTile = { ...part.core, windowX: part.windowX, windowY: part.windowY };
      const { words } = await workspace.tail(tail, this.#submitter, signal, count);
      const checked = this.#checked(words, pixels, part.core);
      await this.#settle(builder, { region: this.#regionOf(tile, part.core), words: checked });
    }
    this.#tilesDone++;
    this.#report(0);
  }

  #pixelsOf(tile: Tile): Promise<Uint32Array> {
    const unshuffle = unshuffleOf(this.#program.network);
    const { width, height } = this.choice.memory.trunkWindow;
    return this.#source.cut({
      x: tile.windowX * unshuffle,
      y: tile.windowY * unshuffle,
      width: width * unshuffle,
      height: height * unshuffle,
    });
  }

  /** Refuses a result of one colour where the source has many. */
  async #checked(
    result: Promise<Uint32Array>,
    pixels: Uint32Array,
    part: Region,
  ): Promise<Uint32Array> {
    const words = await result;
    const { gpu, network } = this.#program;
    const unshuffle = unshuffleOf(network);
    const { width } = this.choice.memory.trunkWindow;
    const source = { words: pixels, depth: this.#source.size.depth, width: width * unshuffle };
    const region = {
      x: part.x * unshuffle,
      y: part.y * unshuffle,
      width: part.width * unshuffle,
      height: part.height * unshuffle,
    };
    if (!isLostPicture(words, this.#options.depth, source, region)) return words;
    throw new BadResultError(
      `The GPU "${gpu.adapter.description}" gave a tile of one colour for a part of the picture that ` +
        `has many; nothing of it was kept`,
    );
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

  /** Puts the earlier result at its place and makes another one the pending one. */
  async #settle(
    builder: BandBuilder,
    next: { region: Region; words: Promise<Uint32Array> } | undefined,
  ): Promise<void> {
    const earlier = this.#pending;
    this.#pending = next;
    // Its failure is met when it is awaited, which is after the next tile.
    next?.words.catch(() => {});
    if (earlier !== undefined) builder.put(earlier.region, await earlier.words);
  }

  #report(flop: number): void {
    this.#flopDone += flop;
    const done = this.#shareBefore + this.#flopDone / this.choice.flop;
    const fraction = this.#tilesDone === this.#tiles ? 1 : Math.min(1, done);
    this.#options.onProgress?.({ fraction, tiles: this.#tilesDone, ofTiles: this.#tiles });
  }
}

function demandOf(program: Program, size: RasterSize, options: TileOptions): TileDemand {
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
    maxBinding: program.gpu.maxBinding,
    tile: options.tile,
    halo: options.halo,
  };
}
