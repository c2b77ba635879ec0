/**
 * What `tessera tune` found out about an adapter, kept for later runs.
 *
 * Kept through the Web Cache API, which needs no permission, outlives the process and exists in
 * browsers too. The key holds all that a measurement depends on: the adapter, its driver (its
 * description names the version), the runtime's version and the shaders themselves.
 */

import type { Gpu } from "../gpu/device.ts";
import {
  conv3x3,
  conv3x3Tile,
  convEnd,
  convHead as conv3x3Head,
  upconv3x3,
} from "../wgsl/sources.ts";
import { defaultStyle, type Style, STYLES, stylesFor } from "./styles.ts";

const CACHE_NAME = "tessera-tuning";

/** Where a choice of style came from. */
export interface StyleChoice {
  style: Style;
  /** `measured` on this adapter by `tessera tune`, or from the `table` of adapter classes. */
  source: "measured" | "table";
}

const choices = new WeakMap<Gpu, Promise<StyleChoice>>();

/** Returns the style of convolution to use on a device. */
export function chosenStyle(gpu: Gpu): Promise<StyleChoice> {
  let choice = choices.get(gpu);
  if (choice === undefined) {
    choice = recall(gpu);
    choices.set(gpu, choice);
  }
  return choice;
}

/**
 * Keeps the style that was measured to be the fastest, for this and later runs.
 *
 * @returns Whether later runs will know: a runtime may have no place to keep things.
 */
export async function keepStyle(gpu: Gpu, style: Style): Promise<boolean> {
  choices.set(gpu, Promise.resolve({ style, source: "measured" }));
  try {
    const cache = await globalThis.caches.open(CACHE_NAME);
    await cache.put(await keyOf(gpu), new Response(style));
    return true;
  } catch {
    return false;
  }
}

/** Forgets what was measured on this adapter. */
export async function forgetStyle(gpu: Gpu): Promise<void> {
  choices.delete(gpu);
  const cache = await globalThis.caches?.open(CACHE_NAME).catch(() => undefined);
  await cache?.delete(await keyOf(gpu)).catch(() => false);
}

async function recall(gpu: Gpu): Promise<StyleChoice> {
  const kept = await keptStyle(gpu).catch(() => undefined);
  const usable = stylesFor(gpu.adapter, gpu.enabled).find((style) => style === kept);
  if (usable !== undefined) return { style: usable, source: "measured" };
  return { style: defaultStyle(gpu.adapter, gpu.enabled), source: "table" };
}

async function keptStyle(gpu: Gpu): Promise<string | undefined> {
  const cache = await globalThis.caches?.open(CACHE_NAME);
  const response = await cache?.match(await keyOf(gpu));
  return await response?.text();
}

async function keyOf({ adapter, enabled }: Gpu): Promise<string> {
  const about = [
    adapter.description,
    adapter.vendor,
    adapter.device,
    [...enabled].sort().join(),
    navigator.userAgent,
    JSON.stringify(STYLES),
    conv3x3 + conv3x3Tile + conv3x3Head + convEnd + upconv3x3,
  ];
  const bytes = new TextEncoder().encode(about.join("\n"));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return `https://tessera.invalid/style/${hash}`;
}
