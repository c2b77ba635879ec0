/**
 * How far the work is: a bar with the time left on a terminal, plain lines elsewhere, or nothing.
 */

import type { Progress } from "../progress.ts";
import { drawBar, printNote } from "./print.ts";

/** What the upscaler calls as it goes on. */
export type ShowProgress = (progress: Progress) => void;

const BAR_CELLS = 30;
const LINE_EVERY_MS = 10_000;

/** Makes what shows the progress of one picture. */
export function progressFor(label: string, quiet: boolean): ShowProgress {
  if (quiet) return () => {};
  return Deno.stderr.isTerminal() ? showBar(label) : showLines(label);
}

function showBar(label: string): ShowProgress {
  return (progress) => {
    const filled = Math.round(progress.fraction * BAR_CELLS);
    const cells = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
    const bar = ` ${cells} ${describe(progress)}`;
    drawBar(shorten(label, terminalColumns() - bar.length - 1) + bar);
  };
}

function showLines(label: string): ShowProgress {
  let printedAt = performance.now();
  return (progress) => {
    const now = performance.now();
    if (now - printedAt < LINE_EVERY_MS) return;
    printedAt = now;
    printNote(`${label}: ${describe(progress).trim()}`);
  };
}

function describe({ fraction, secondsLeft }: Progress): string {
  const percent = `${Math.floor(fraction * 100)} %`.padStart(5);
  return secondsLeft === undefined ? percent : `${percent}, ${formatDuration(secondsLeft)} left`;
}

/** Writes a time span as people say it: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min". */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}

/** A terminal that does not know its width says 0. */
function terminalColumns(): number {
  return Deno.consoleSize().columns || 80;
}

/** Keeps the end of a path, which is what tells files apart. */
function shorten(label: string, room: number): string {
  if (label.length <= room) return label;
  return room < 2 ? "" : `…${label.slice(label.length - room + 1)}`;
}
