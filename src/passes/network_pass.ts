/**
 * The pass of a network: windows in reading order, tails inside them, and results put together to rows
 * of tiles.
 *
 * If the device runs out of memory, the pass goes on behind the last row of tiles that is finished, with
 * half the budget. A result that cannot be right is computed once more, in f32.
 */

import { unshuffleOf } from "../engine/memory.ts";
import type { Program } from "../engine/program.ts";
import { outputPerCell, type TailTile } from "../engine/steps.ts";
import { BadResultError, Workspace } from "../engine/workspace.ts";
import { UsageError } from "../errors.ts";
import type { OutOfGpuMemoryError } from "../gpu/device.ts";
import type { Submitter } from "../gpu/submission.ts";
import type { Storage } from "../kernels/dispatch.ts";
import { type Band, BandBuilder } from "../raster/bands.ts";
import type { Region } from "../raster/size.ts";
import {
  chooseTiles,
  contextOf,
  firstTile,
  type TileChoice,
  type TileDemand,
} from "../tiles/budget.ts";
import { isLostPicture } from "../tiles/flatness.ts";
import { planTiles, type Tile } from "../tiles/plan.ts";
import { type Computation, type Machine, runInBands, type Schedule } from "./in_bands.ts";
import { describePass, type Pass, type PassCut, type PassRun, type PlannedPass } from "./pass.ts";
import { type PassShape, sizeIn, sizeOut } from "./route.ts";

/** How a picture may be cut. */
export interface TileOptions {
  /** Bytes of GPU memory for everything. */
  memory: number;
  /** Side of a core in pixels. */
  tile: "auto" | number;
  /** Pixels around a core. */
  halo: "auto" | "exact" | number;
}

/** A network that is planned for pictures of one size. */
export class NetworkPass implements Pass {
  readonly shape: PassShape;
  readonly choice: TileChoice;
  readonly #program: Program;
  readonly #demand: TileDemand;
  readonly #label: string;
  readonly #submitter: Submitter;

  /**
   * Chooses the tiles.
   *
   * @param label What people call the network.
   * @throws {UsageError} If not even the smallest tile fits the budget.
   */
  constructor(
    program: Program,
    label: string,
    shape: PassShape,
    options: TileOptions,
    submitter: Submitter,
  ) {
    this.shape = shape;
    this.#program = program;
    this.#label = label;
    this.#submitter = submitter;
    this.#demand = demandOf(program, shape, options);
    this.choice = chooseTiles(this.#demand);
  }

  describe(): PlannedPass {
    const cut = cutOf(this.#program, this.choice);
    return describePass(this.shape, cut, this.choice.flop, this.#label);
  }

  /**
   * Runs it.
   *
   * @throws {GpuError} If the device fails.
   */
  run(run: PassRun): AsyncGenerator<Band> {
    const schedule = new TileSchedule(
      { submitter: this.#submitter, shape: this.shape, run },
      this.#program,
      this.#demand,
      this.choice,
      0,
    );
    return runInBands(this.#program.gpu, schedule, run);
  }
}

/**
 * Plans a network's pass in the storage asked for; `auto`: in f16 if only that fits, or only that
 * without traces of tiles, where neither tiles nor halo are asked for.
 *
 * @param programFor Returns the network's program for a storage.
 * @throws {UsageError} If not even the smallest tile fits the budget.
 */
export async function planNetworkPass(
  programFor: (storage: Storage) => Promise<Program>,
  precision: "auto" | Storage,
  options: TileOptions,
  plan: (program: Program) => NetworkPass,
): Promise<NetworkPass> {
  if (precision !== "auto") return plan(await programFor(precision));
  const full = fitted(await programFor("f32"), plan);
  const asked = options.tile !== "auto" || options.halo !== "auto";
  if (full !== undefined && (full.choice.exact || asked)) return full;
  const half = await programFor("f16");
  if (full === undefined) return plan(half);
  const smaller = fitted(half, plan);
  return smaller?.choice.exact ? smaller : full;
}

/** The pass, or undefined if it does not fit the memory. */
function fitted(
  program: Program,
  plan: (program: Program) => NetworkPass,
): NetworkPass | undefined {
  try {
    return plan(program);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function cutOf({ network, storage }: Program, choice: TileChoice): PassCut {
  const unshuffle = unshuffleOf(network);
  const { cells, core, memory, halo, exact, gpuBytes } = choice;
  return {
    tiles: Math.ceil(cells.width / core.width) * Math.ceil(cells.height / core.height),
    tileWidth: memory.trunkWindow.width * unshuffle,
    tileHeight: memory.trunkWindow.height * unshuffle,
    halo: halo * unshuffle,
    exact,
    precision: storage === "f32" ? "f32" : "f16",
    gpuBytes,
  };
}

function demandOf(program: Program, shape: PassShape, options: TileOptions): TileDemand {
  return {
    network: program.network,
    storage: program.storage,
    style: program.style,
    matrix: program.matrix,
    width: shape.width,
    height: shape.height,
    depthIn: shape.depthIn,
    depthOut: shape.depthOut,
    memory: options.memory,
    weightBytes: program.weightBytes,
    maxBinding: program.gpu.maxBinding,
    tile: options.tile,
    halo: options.halo,
  };
}

/** What all schedules of a run have in common. */
interface TileRun {
  submitter: Submitter;
  shape: PassShape;
  run: PassRun;
}

/** Tiles side by side, from left to right. */
type TileRow = Tile[];

/** One tail tile, inside the window of a tile. */
interface TailPiece {
  tile: Tile;
  part: Tile;
  /** Whether it is the last of its tile, and of its row of tiles. */
  endsTile: boolean;
  endsRow: boolean;
}

/** The rest of a picture, cut by one choice of tiles. */
class TileSchedule implements Schedule<TileRow, TailPiece, Uint32Array> {
  readonly cut: PassCut;
  readonly rows: readonly TileRow[];
  readonly #shared: TileRun;
  readonly #program: Program;
  readonly #demand: TileDemand;
  readonly #choice: TileChoice;
  readonly #isRetry: boolean;
  #fetched: { tile: Tile; pixels: Uint32Array } | undefined;

  /**
   * @param firstRow The first row of cells that is not finished.
   * @param isRetry Whether the reason is a result that cannot be right.
   */
  constructor(
    shared: TileRun,
    program: Program,
    demand: TileDemand,
    choice: TileChoice,
    firstRow: number,
    isRetry = false,
  ) {
    this.#shared = shared;
    this.#program = program;
    this.#demand = demand;
    this.#choice = choice;
    this.#isRetry = isRetry;
    const { cells, core, halo } = choice;
    const rest = { x: 0, y: firstRow, width: cells.width, height: cells.height - firstRow };
    const { tiles } = planTiles(rest, cells, core, halo);
    this.rows = [...Map.groupBy(tiles, (tile) => tile.core.y).values()];
    this.cut = { ...cutOf(program, choice), tiles: tiles.length };
  }

  firstRow([{ core }]: TileRow): number {
    return core.y * outputPerCell(this.#program.network);
  }

  *piecesOf(row: TileRow): Generator<TailPiece> {
    const { memory, tailCore, tailHalo } = this.#choice;
    for (const tile of row) {
      const core = { ...tile.core, x: tile.core.x - tile.windowX, y: tile.core.y - tile.windowY };
      const { tiles } = planTiles(core, memory.trunkWindow, tailCore, tailHalo);
      for (const part of tiles) {
        const endsTile = part === tiles.at(-1);
        yield { tile, part, endsTile, endsRow: endsTile && tile === row.at(-1) };
      }
    }
  }

  /** The source pixels of a tile's window. */
  async fetch({ tile }: TailPiece): Promise<Uint32Array> {
    if (this.#fetched?.tile !== tile) {
      const unshuffle = unshuffleOf(this.#program.network);
      const { width, height } = this.#choice.memory.trunkWindow;
      const pixels = await this.#shared.run.source.cut({
        x: tile.windowX * unshuffle,
        y: tile.windowY * unshuffle,
        width: width * unshuffle,
        height: height * unshuffle,
      });
      this.#fetched = { tile, pixels };
    }
    return this.#fetched.pixels;
  }

  forget([{ windowY }]: TileRow): void {
    this.#shared.run.source.forget(windowY * unshuffleOf(this.#program.network));
  }

  async open(row: TileRow): Promise<TileMachine> {
    const context = contextOf(this.#demand, this.#choice.memory);
    const workspace = await Workspace.create(
      this.#program,
      context,
      firstTile(this.#choice.tailCore),
    );
    const tilesDone = this.rows.indexOf(row) * row.length;
    const progress = new TileProgress(this.#choice, row, { tilesDone, tiles: this.cut.tiles });
    return new TileMachine(workspace, this.#shared, this.#program, this.#choice, progress);
  }

  /** Half of what the tiles took, and half the tile where its size was asked for. */
  smaller(row: TileRow, shortage: OutOfGpuMemoryError): TileSchedule {
    const { weightBytes } = this.#demand;
    const memory = weightBytes + (this.#choice.gpuBytes - weightBytes) / 2;
    let { tile } = this.#demand;
    for (;;) {
      if (tile !== "auto") tile = Math.ceil(tile / 2);
      const demand = { ...this.#demand, memory, tile };
      try {
        return this.#again(this.#program, demand, row, this.#isRetry);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        if (tile === "auto" || tile === 1) throw shortage;
      }
    }
  }

  precise(row: TileRow): TileSchedule | undefined {
    if (this.#isRetry) return undefined;
    const program = this.#program.withStorage("f32");
    const demand = { ...this.#demand, storage: "f32" as const, style: program.style };
    try {
      return this.#again(program, demand, row, true);
    } catch (error) {
      // Where f32 has no room, the result that cannot be right is what there is to report.
      if (error instanceof UsageError) return undefined;
      throw error;
    }
  }

  #again(program: Program, demand: TileDemand, row: TileRow, isRetry: boolean): TileSchedule {
    const choice = chooseTiles(demand);
    return new TileSchedule(this.#shared, program, demand, choice, row[0].core.y, isRetry);
  }
}

/** Tells how much of a picture's work is done. */
class TileProgress {
  readonly #before: number;
  readonly #flop: number;
  readonly #tiles: number;
  #flopDone = 0;
  #tilesDone: number;

  constructor(
    { cells, flop }: TileChoice,
    [{ core }]: TileRow,
    { tiles, tilesDone }: { tiles: number; tilesDone: number },
  ) {
    this.#before = core.y / cells.height;
    this.#flop = flop;
    this.#tiles = tiles;
    this.#tilesDone = tilesDone;
  }

  add(flop: number, tiles: number): { fraction: number; tiles: number; ofTiles: number } {
    this.#flopDone += flop;
    this.#tilesDone += tiles;
    const done = this.#before + this.#flopDone / this.#flop;
    const fraction = this.#tilesDone === this.#tiles ? 1 : Math.min(1, done);
    return { fraction, tiles: this.#tilesDone, ofTiles: this.#tiles };
  }
}

/** The buffers of a schedule: the trunk of one tile, and its tails one after another. */
class TileMachine implements Machine<TailPiece, Uint32Array> {
  readonly #workspace: Workspace;
  readonly #shared: TileRun;
  readonly #program: Program;
  readonly #choice: TileChoice;
  readonly #progress: TileProgress;
  #inTrunk: Tile | undefined;
  #destroyed = false;
  #builder: BandBuilder | undefined;

  constructor(
    workspace: Workspace,
    shared: TileRun,
    program: Program,
    choice: TileChoice,
    progress: TileProgress,
  ) {
    this.#workspace = workspace;
    this.#shared = shared;
    this.#program = program;
    this.#choice = choice;
    this.#progress = progress;
  }

  async start(
    { tile, part, endsTile }: TailPiece,
    pixels: Uint32Array,
  ): Promise<Computation> {
    const { submitter, run: { signal, onProgress } } = this.#shared;
    const report = (flop: number, tiles = 0) => {
      if (!this.#destroyed) onProgress?.(this.#progress.add(flop, tiles));
    };
    if (this.#inTrunk !== tile) {
      const trunk = await this.#workspace.trunk(pixels, submitter, signal, report);
      await trunk.settle();
      signal?.throwIfAborted();
      this.#inTrunk = tile;
    }
    const tail: TailTile = { ...part.core, windowX: part.windowX, windowY: part.windowY };
    const { submission, result } = await this.#workspace.tail(tail, submitter, signal, report);
    if (endsTile) report(0, 1);
    return { submission, result: async () => this.#checked(await result(), pixels, part.core) };
  }

  finish({ tile, part, endsRow }: TailPiece, words: Uint32Array): Band | undefined {
    const perCell = outputPerCell(this.#program.network);
    const { y, height } = tile.core;
    const size = sizeOut(this.#shared.shape);
    const region = this.#regionOf(tile, part.core);
    const builder = this.#builder ??= new BandBuilder(size, y * perCell, height * perCell);
    builder.put(region, words);
    if (!endsRow) return undefined;
    this.#builder = undefined;
    return builder.band;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#workspace.destroy();
  }

  /** Refuses a result of one colour where the source has many. */
  #checked(words: Uint32Array, pixels: Uint32Array, part: Region): Uint32Array {
    const { gpu, network } = this.#program;
    const { depthOut } = this.#shared.shape;
    const unshuffle = unshuffleOf(network);
    const { width } = this.#choice.memory.trunkWindow;
    const { depth } = sizeIn(this.#shared.shape);
    const source = { words: pixels, depth, width: width * unshuffle };
    const region = {
      x: part.x * unshuffle,
      y: part.y * unshuffle,
      width: part.width * unshuffle,
      height: part.height * unshuffle,
    };
    if (!isLostPicture(words, depthOut, source, region)) return words;
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
}
