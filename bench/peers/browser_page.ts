/// <reference lib="dom" />
/** The contest as it is held in a page: `browser.ts` bundles this, and calls `contest` from outside. */

import { Gpu } from "../../src/gpu/device.ts";
import type { Size } from "../../src/raster/size.ts";
import { loadModel } from "../../src/weights/library.ts";
import { type Contest, holdContest } from "./contest.ts";
import { onWebGpu } from "./onnxruntime.ts";
import { tesseraPeer } from "./tessera_peer.ts";

/** Holds one contest in this page. @param load The machine's, which pages are not told. */
async function contest(
  source: string,
  size: Size,
  rounds: number,
  load: number,
): Promise<Contest & { adapter: string }> {
  const gpu = await Gpu.open();
  const { network } = await loadModel(source);
  const peers = [tesseraPeer(gpu), onWebGpu(gpu, new URL("./", import.meta.url).href)];
  const held = await holdContest(peers, { source, network }, size, rounds, load);
  return { ...held, adapter: gpu.adapter.description };
}

Object.assign(globalThis, { contest });
