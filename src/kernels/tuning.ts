/**
 * What `tessera tune` found out about an adapter, kept for later runs.
 *
 * Kept through the Web Cache API, which needs no permission, outlives the process and exists in
 * browsers too. The key holds all that a measurement depends on: the adapter, the drivers' files (no
 * adapter tells its driver's version), the runtime's version and the shaders themselves. So after an
 * update the table of styles holds again, until the adapter is measured again.
 */

import type { Gpu } from "../gpu/device.ts";
import { driverStamp, toHex } from "../platform/mod.ts";
import {
  columnsDirect,
  columnsHalf,
  columnsStaged,
  conv3x3,
  conv3x3Columns,
  conv3x3Half,
  conv3x3Winograd,
  convEnd,
  convHead,
  matrixConv,
  matrixPixelsDirect,
  matrixPixelsStaged,
  matrixUnits,
  matrixWeightsDirect,
  matrixWeightsStaged,
  upconv3x3,
  upweightsDirect,
  upweightsStaged,
} from "../wgsl/sources.ts";
import type { QuadStorage } from "./dispatch.ts";
import { STAGED, type Staged } from "./matrix_shape.ts";
import { defaultStyle, type Style, STYLES, stylesFor } from "./styles.ts";

const CACHE_NAME = "tessera-tuning";

/** Where a choice of style came from. */
export interface StyleChoice {
  style: Style;
  /** `measured` on this adapter by `tessera tune`, or from the `table` of adapter classes. */
  source: "measured" | "table";
}

/** How matrix units are used, where an adapter has them. */
export interface MatrixChoice {
  /** What is staged; `unused` where the ordinary kernels were measured to be faster. */
  way: Staged | "unused";
  source: StyleChoice["source"];
}

/** The choice for each way to store activations. */
export type ChosenStyles = Record<QuadStorage, StyleChoice> & { matrix: MatrixChoice };

/** What `tessera tune` keeps; nothing of matrix units where there are none. */
export type KeptStyles = Record<QuadStorage, Style> & { matrix?: MatrixChoice["way"] };

const choices = new WeakMap<Gpu, Promise<ChosenStyles>>();

/**
 * Returns the styles of convolution to use on a device.
 *
 * @param drivers What tells the versions of drivers apart; it counts when a device is asked for first.
 */
export function chosenStyles(gpu: Gpu, drivers: string = driverStamp()): Promise<ChosenStyles> {
  let choice = choices.get(gpu);
  if (choice === undefined) {
    choice = recall(gpu, drivers);
    choices.set(gpu, choice);
  }
  return choice;
}

/**
 * Keeps the styles that were measured to be the fastest, for this and later runs.
 *
 * @returns Whether later runs will know: a runtime may have no place to keep things.
 */
export async function keepStyles(
  gpu: Gpu,
  styles: KeptStyles,
  drivers: string = driverStamp(),
): Promise<boolean> {
  choices.set(gpu, Promise.resolve(choicesFrom(gpu, styles)));
  try {
    const cache = await globalThis.caches.open(CACHE_NAME);
    await cache.put(await keyOf(gpu, drivers), Response.json(styles));
    return true;
  } catch {
    return false;
  }
}

/** Forgets what was measured on this adapter. */
export async function forgetStyles(gpu: Gpu, drivers: string = driverStamp()): Promise<void> {
  choices.delete(gpu);
  const cache = await globalThis.caches?.open(CACHE_NAME).catch(() => undefined);
  await cache?.delete(await keyOf(gpu, drivers)).catch(() => false);
}

async function recall(gpu: Gpu, drivers: string): Promise<ChosenStyles> {
  return choicesFrom(gpu, await keptStyles(gpu, drivers).catch(() => undefined) ?? {});
}

/** What was kept, where it can be used, and the table's choice for the rest. */
function choicesFrom({ adapter, enabled }: Gpu, kept: Record<string, unknown>): ChosenStyles {
  const styleFor = (storage: QuadStorage): StyleChoice => {
    const usable = stylesFor(adapter, enabled, storage).find((style) => style === kept[storage]);
    if (usable !== undefined) return { style: usable, source: "measured" };
    return { style: defaultStyle(adapter, enabled), source: "table" };
  };
  const way = [...STAGED, "unused" as const].find((way) => way === kept.matrix);
  return {
    f32: styleFor("f32"),
    f16: styleFor("f16"),
    matrix: way ? { way, source: "measured" } : { way: STAGED[0], source: "table" },
  };
}

async function keptStyles(
  gpu: Gpu,
  drivers: string,
): Promise<Record<string, unknown> | undefined> {
  const cache = await globalThis.caches?.open(CACHE_NAME);
  const response = await cache?.match(await keyOf(gpu, drivers));
  return await response?.json();
}

async function keyOf({ adapter, enabled }: Gpu, drivers: string): Promise<string> {
  const about = [
    drivers,
    adapter.description,
    adapter.vendor,
    adapter.device,
    [...enabled].sort().join(),
    JSON.stringify(adapter.matrixConfigs),
    navigator.userAgent,
    JSON.stringify(STYLES),
    ...[convEnd, convHead, columnsDirect, columnsHalf, columnsStaged],
    ...[conv3x3, conv3x3Columns, conv3x3Half, conv3x3Winograd],
    ...[upconv3x3, upweightsDirect, upweightsStaged],
    ...[matrixConv, matrixUnits, matrixPixelsDirect, matrixPixelsStaged],
    ...[matrixWeightsDirect, matrixWeightsStaged],
  ];
  const bytes = new TextEncoder().encode(about.join("\n"));
  const hash = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  return `https://tessera.invalid/style/${hash}`;
}
