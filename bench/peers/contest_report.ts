/** The contest for people: one table for a network and a size. */

import type { Contest, Entry } from "./contest.ts";
import { alignRows } from "./report.ts";

/** The last ones say how far the results are apart, in 0..1 and in dB. */
const COLUMNS = ["", "median", "fastest", "GFLOP/s", "times ours", "difference", "PSNR"];

/** Returns the table, and a line for each peer that is not in it. */
export function contestTable(contest: Contest): string {
  const { model, width, height, gflop, load, entries, refusals } = contest;
  return [
    "",
    `${model}, ${width}x${height}, ${gflop.toFixed(1)} GFLOP, load ${load.toFixed(1)}`,
    ...alignRows([COLUMNS, ...entries.map(row)]),
    ...refusals.map(({ peer, reason }) => `  ${peer} was not timed: ${reason}`),
  ].join("\n");
}

function row({ peer, ms, minMs, gflops, ratio, difference, psnr }: Entry): string[] {
  return [
    peer,
    `${ms.toFixed(0)} ms`,
    `${minMs.toFixed(0)} ms`,
    gflops.toFixed(1),
    ratio.toFixed(2),
    difference === 0 ? "" : difference.toExponential(1),
    difference === 0 ? "" : `${psnr.toFixed(1)} dB`,
  ];
}
