/** Numbers as people read them. */

import { spoken, text } from "./strings.ts";

/** Writes seconds to come: rounded, so that it does not jump. */
export function duration(seconds: number): string {
  const step = seconds <= 5 ? 1 : seconds <= 30 ? 5 : seconds <= 90 ? 10 : 60;
  const rounded = Math.max(step, Math.round(seconds / step) * step);
  return rounded < 100
    ? text("time.seconds", { n: rounded })
    : text("time.minutes", { n: Math.round(rounded / 60) });
}

/** Writes seconds that were taken. */
export function taken(seconds: number): string {
  const n = seconds < 10 ? decimal(seconds, 1) : String(Math.round(seconds));
  return seconds < 100
    ? text("time.seconds", { n })
    : text("time.minutes", { n: decimal(seconds / 60, 1) });
}

/** Writes the size of a file. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return text("unit.bytes", { n: bytes });
  if (bytes < 1e6) return text("unit.kb", { n: Math.round(bytes / 1000) });
  return text("unit.mb", { n: decimal(bytes / 1e6, 1) });
}

function decimal(value: number, digits: number): string {
  return value.toLocaleString(spoken(), { maximumFractionDigits: digits });
}
