/** The race for people: one table. */

import type { Absence, Place } from "./race.ts";

/** Where it was held. */
export interface Machine {
  deno: string;
  adapter: string;
  processors: number;
  /** Processes that ran or waited, over the minute before. */
  load: number;
  /** Size of the picture in pixels. */
  width: number;
  height: number;
}

const COLUMNS = ["", "clock", "processor", "memory", "PSNR-Y", "alike", "times ours"];

/** Returns one line that names the machine and the picture. */
export function machineLine({ deno, adapter, processors, load, width, height }: Machine): string {
  return `${width}x${height} x4, Deno ${deno}, ${adapter}, ${processors} processors, load ` +
    load.toFixed(1);
}

/** Returns the table, and a line for each program that is not in it. */
export function raceTable(places: readonly Place[], absences: readonly Absence[]): string {
  const groups = Map.groupBy(places, ({ weights }) => weights);
  const rows = [...groups].flatMap(([weights, group]) => [
    [weights, ...COLUMNS.slice(1).map(() => "")],
    ...group.map((place) => row(place, group[0])),
  ]);
  return [
    ...alignRows([COLUMNS, ...rows]),
    ...absences.map(({ program, weights, reason }) => `  ${program} (${weights}): ${reason}`),
  ].join("\n");
}

/** @param first Whom it is compared with: Tessera, unless it could not take part. */
function row({ program, wall, processor, peakBytes, psnr, alike }: Place, first: Place): string[] {
  const same = first.program === program;
  return [
    `  ${program}`,
    `${wall.toFixed(1)} s`,
    `${processor.toFixed(1)} s`,
    `${(peakBytes / 1e6).toFixed(0)} MB`,
    `${psnr.toFixed(2)} dB`,
    same ? "" : alike === Infinity ? "equal" : `${alike.toFixed(1)} dB`,
    same ? "" : (processor / first.processor).toFixed(2),
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
