/**
 * The contest for people: one table per network and size.
 */

import type { Contest, Entry } from "./contest.ts";

/** Where it was held. */
export interface Machine {
  deno: string;
  adapter: string;
  processors: number;
}

/** The last ones say how far the results are apart, in 0..1 and in dB. */
const COLUMNS = ["", "median", "fastest", "GFLOP/s", "times ours", "difference", "PSNR"];

/** Returns one line that names the machine. */
export function machineLine({ deno, adapter, processors }: Machine): string {
  return `Deno ${deno}, ${adapter}, ${processors} processors`;
}

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

/** Lays cells out in columns: the first to the left, the others to the right. */
export function alignRows(rows: string[][]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((cells) => cells[i].length)));
  return rows.map(([first, ...others]) => {
    const numbers = others.map((cell, i) => cell.padStart(widths[i + 1]));
    return `  ${[first.padEnd(widths[0]), ...numbers].join("  ")}`.trimEnd();
  });
}
