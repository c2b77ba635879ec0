/**
 * Where each tensor of a network lives: layouts from the sizes of the windows, and buffers shared by
 * tensors that are never alive together. A pure function of the network and the sizes.
 *
 * A network has a trunk, at the size of the picture, and a tail that enlarges. The trunk runs on one
 * window; the tail on smaller windows inside it, one after another, reading what the trunk left.
 */

import type { Storage } from "../kernels/dispatch.ts";
import type { Style } from "../kernels/styles.ts";
import { byteLength, type Layout, layoutOf } from "../kernels/layout.ts";
import { tensorChannels, tensorLevels } from "../networks/analysis.ts";
import { type InputOperation, type Network, readBy } from "../networks/network.ts";

/** A size in cells: the pixels that the network's first tensor has (input pixels / unshuffle). */
export interface CellSize {
  width: number;
  height: number;
}

/** Buffers and layouts of one network for one pair of window sizes. */
export interface MemoryPlan {
  trunkWindow: CellSize;
  tailWindow: CellSize;
  layouts: Map<string, Layout>;
  /** Index into `slots` of the buffer that holds each tensor. */
  slotOf: Map<string, number>;
  /** Bytes of each buffer. */
  slots: number[];
}

/** The pixel-unshuffle factor at a network's head. */
export function unshuffleOf(network: Network): number {
  return (network.operations[0] as InputOperation).factor;
}

/** Index of the first operation of the tail: the first enlargement, or else the output. */
export function tailStart(network: Network): number {
  return network.operations.findIndex((operation) =>
    operation.kind === "output" || (operation.kind === "conv" && operation.upsample === 2)
  );
}

/** Plans the memory of a network. */
export function planMemory(
  network: Network,
  trunkWindow: CellSize,
  tailWindow: CellSize,
  storage: Storage,
  style: Style,
): MemoryPlan {
  const layouts = layoutTensors(network, trunkWindow, tailWindow, storage, style);
  return { trunkWindow, tailWindow, layouts, ...shareBuffers(network, layouts) };
}

/** Bytes of all buffers of a plan. */
export function planBytes(plan: MemoryPlan): number {
  return plan.slots.reduce((sum, bytes) => sum + bytes, 0);
}

function layoutTensors(
  network: Network,
  trunkWindow: CellSize,
  tailWindow: CellSize,
  storage: Storage,
  style: Style,
): Map<string, Layout> {
  const channels = tensorChannels(network);
  const levels = tensorLevels(network);
  const cells = unshuffleOf(network);
  const tail = tailStart(network);
  const layouts = new Map<string, Layout>();
  network.operations.forEach((operation, index) => {
    if (operation.kind === "output") return;
    const window = index < tail ? trunkWindow : tailWindow;
    const level = levels.get(operation.output)! * cells;
    const tensor = {
      channels: channels.get(operation.output)!,
      width: window.width * level,
      height: window.height * level,
    };
    layouts.set(operation.output, layoutOf(tensor, storage, style));
  });
  return layouts;
}

/**
 * First fit over the operations in order. A buffer is reused only for a tensor of exactly the same
 * size: what a smaller one leaves unwritten has to be the zero border of the one before it.
 */
function shareBuffers(
  network: Network,
  layouts: Map<string, Layout>,
): { slotOf: Map<string, number>; slots: number[] } {
  const lastReads = lastReadOf(network);
  const slotOf = new Map<string, number>();
  const slots: number[] = [];
  const shapes: string[] = [];
  const freeFrom: number[] = [];
  network.operations.forEach((operation, index) => {
    if (operation.kind === "output") return;
    const layout = layouts.get(operation.output)!;
    const shape = `${layout.quads} ${layout.width} ${layout.height}`;
    let slot = shapes.findIndex((other, i) => other === shape && freeFrom[i] < index);
    if (slot < 0) {
      slot = slots.push(byteLength(layout)) - 1;
      shapes.push(shape);
    }
    freeFrom[slot] = lastReads.get(operation.output) ?? index;
    slotOf.set(operation.output, slot);
  });
  return { slotOf, slots };
}

/** Index of the last operation that reads each tensor; what the tail reads of the trunk stays. */
function lastReadOf(network: Network): Map<string, number> {
  const tail = tailStart(network);
  const writtenAt = new Map<string, number>();
  const lastReads = new Map<string, number>();
  network.operations.forEach((operation, index) => {
    for (const tensor of readBy(operation)) {
      const acrossTheCut = index >= tail && writtenAt.get(tensor)! < tail;
      lastReads.set(tensor, acrossTheCut ? Infinity : Math.max(index, lastReads.get(tensor) ?? 0));
    }
    if (operation.kind !== "output") writtenAt.set(operation.output, index);
  });
  return lastReads;
}
