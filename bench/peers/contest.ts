/**
 * The contest: each peer gives its result first, which has to be Tessera's; then all run in turns, so
 * that whatever else the machine does meets all of them alike.
 */

import { flopPerPixel } from "../../src/networks/analysis.ts";
import type { Size } from "../../src/raster/size.ts";
import { median, stopwatch } from "../timing.ts";
import { type Model, type Peer, type Runner, type TestPicture, testPicture } from "./runner.ts";

/** Largest difference, in 0..1, with which a peer still counts as running the same network. */
const TOLERANCE = 1e-3;

/** One network at one size. */
export interface Contest {
  model: string;
  width: number;
  height: number;
  /** What the machine was busy with before: processes that ran or waited, over a minute. */
  load: number;
  /** Two for each multiply-add of the network, in 10^9. */
  gflop: number;
  entries: Entry[];
  refusals: Refusal[];
}

/** How a peer did. */
export interface Entry {
  peer: string;
  /** Median of the runs, in milliseconds. */
  ms: number;
  /** The fastest run. */
  minMs: number;
  runs: number;
  /** At the median, in 10^9 per second. */
  gflops: number;
  /** Its median over the first peer's: how many times as long it takes. */
  ratio: number;
  /** Largest difference of its result from the first peer's. */
  difference: number;
  /** PSNR in dB of its result against the first peer's; infinite if they are the same. */
  psnr: number;
}

/** A peer that does not run here, or gave another result, and was not timed. */
export interface Refusal {
  peer: string;
  reason: string;
}

/** A peer that is ready to be timed. */
interface Contestant {
  peer: string;
  runner: Runner;
  result: Float32Array;
  difference: number;
  psnr: number;
  times: number[];
}

/**
 * Holds one contest.
 *
 * @param peers the first is what the others are compared with
 * @param rounds how often each peer is timed
 * @throws what the first peer throws; the others' failures are refusals
 */
export async function holdContest(
  peers: Peer[],
  model: Model,
  size: Size,
  rounds: number,
  load: number,
): Promise<Contest> {
  const contestants: Contestant[] = [];
  try {
    const refusals = await admit(peers, model, testPicture(size), contestants);
    for (let round = 0; round < rounds; round++) {
      for (const { runner, times } of contestants) times.push(await stopwatch(() => runner.run()));
    }
    const gflop = flopPerPixel(model.network) * size.width * size.height / 1e9;
    const reference = median(contestants[0].times);
    const entries = contestants.map((contestant) => entryOf(contestant, gflop, reference));
    return { model: model.source, ...size, load, gflop, entries, refusals };
  } finally {
    for (const { runner } of contestants) await runner.close();
  }
}

/** Lets those take part whose result is right, and returns why the others do not. */
async function admit(
  peers: Peer[],
  model: Model,
  picture: TestPicture,
  contestants: Contestant[],
): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const peer of peers) {
    try {
      contestants.push(await enter(peer, model, picture, contestants[0]?.result));
    } catch (error) {
      if (contestants.length === 0) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      refusals.push({ peer: peer.name, reason });
    }
  }
  return refusals;
}

/** Opens a peer, checks its result, and runs it once more: the first runs compile shaders. */
async function enter(
  peer: Peer,
  model: Model,
  picture: TestPicture,
  expected: Float32Array | undefined,
): Promise<Contestant> {
  const runner = await peer.open(model, picture);
  try {
    const result = await runner.result();
    const difference = largestDifference(result, expected ?? result);
    if (!(difference <= TOLERANCE)) {
      throw new Error(`Its result is ${difference} off, and at most ${TOLERANCE} is allowed`);
    }
    await runner.run();
    const psnr = psnrOf(result, expected ?? result);
    return { peer: peer.name, runner, result, difference, psnr, times: [] };
  } catch (error) {
    await runner.close();
    throw error;
  }
}

/** NaN where there is one, and where the lengths differ. */
function largestDifference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return NaN;
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
}

function psnrOf(actual: Float32Array, expected: Float32Array): number {
  const sum = actual.reduce((total, value, i) => total + (value - expected[i]) ** 2, 0);
  return -10 * Math.log10(sum / actual.length);
}

function entryOf(
  { peer, times, difference, psnr }: Contestant,
  gflop: number,
  reference: number,
): Entry {
  const ms = median(times);
  return {
    peer,
    ms,
    minMs: Math.min(...times),
    runs: times.length,
    gflops: gflop / ms * 1000,
    ratio: ms / reference,
    difference,
    psnr,
  };
}
