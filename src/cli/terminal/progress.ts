/**
 * How far the work is: a bar with the time left on a terminal, plain lines elsewhere, or nothing.
 */

import type { Progress } from "../../progress.ts";
import { drawBar, printNote } from "./print.ts";

/** What the upscaler calls as it goes on. */
export type ShowProgress = (progress: Shown) => void;

const BAR_CELLS = 30;
const LINE_EVERY_MS = 10_000;

/** Shows the progress of what has a name. */
type ShowNamed = (label: string, progress: Shown) => void;

/** What of the progress is shown. */
type Shown = Pick<Progress, "fraction" | "secondsLeft">;

/** Makes what shows the progress of one picture. */
export function progressFor(label: string, quiet: boolean): ShowProgress {
  const show = display(quiet);
  return (progress) => show(label, progress);
}

/**
 * Shows the progress of several pictures as a whole. How long each takes is not known before it is
 * read, so all count alike; those that were done before tell nothing about the time left.
 */
export class BatchProgress {
  readonly #total: number;
  readonly #show: ShowNamed;
  readonly #start = performance.now();
  /** Share of the work that is done of the pictures under way. */
  readonly #underWay = new Map<string, number>();
  #finished = 0;
  #skipped = 0;

  /** @param total How many pictures there are. */
  constructor(total: number, quiet: boolean) {
    this.#total = total;
    this.#show = display(quiet);
  }

  /** A picture was done before. */
  skip(): void {
    this.#skipped++;
  }

  /** A picture is done, or has failed. */
  finish(label: string): void {
    this.#underWay.delete(label);
    this.#finished++;
  }

  /** Takes the progress of the picture that is upscaled now. */
  report(label: string, progress: Progress): void {
    if (this.#total === 1) return this.#show(label, progress);
    this.#underWay.set(label, progress.fraction);
    const fractions = [...this.#underWay.values()];
    const worked = fractions.reduce((sum, fraction) => sum + fraction, this.#finished);
    const left = this.#total - this.#skipped - worked;
    const seconds = (performance.now() - this.#start) / 1000;
    const whole = fractions.filter((fraction) => fraction === 1).length;
    const before = this.#finished + this.#skipped + whole - (progress.fraction === 1 ? 1 : 0);
    const place = `${before + 1} of ${this.#total}`;
    this.#show(`${place}: ${label}`, {
      fraction: (this.#skipped + worked) / this.#total,
      secondsLeft: worked < ENOUGH ? undefined : seconds * left / worked,
    });
  }
}

/** Pictures after which the time left is worth telling. */
const ENOUGH = 0.5;

function display(quiet: boolean): ShowNamed {
  if (quiet) return () => {};
  return Deno.stderr.isTerminal() ? showBar : showLines();
}

function showBar(label: string, progress: Shown): void {
  const filled = Math.round(progress.fraction * BAR_CELLS);
  const cells = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
  const bar = ` ${cells} ${describe(progress)}`;
  drawBar(shorten(label, terminalColumns() - bar.length - 1) + bar);
}

function showLines(): ShowNamed {
  let printedAt = performance.now();
  return (label, progress) => {
    const now = performance.now();
    if (now - printedAt < LINE_EVERY_MS) return;
    printedAt = now;
    printNote(`${label}: ${describe(progress).trim()}`);
  };
}

function describe({ fraction, secondsLeft }: Shown): string {
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
