/**
 * A network and its memory plan, written out as dispatches with their bindings. Pure: what comes out
 * is what the device will run, and it can be printed, counted and tested without one.
 */

import { conv } from "../kernels/conv.ts";
import type { Dispatch } from "../kernels/dispatch.ts";
import type { Style } from "../kernels/styles.ts";
import { type PixelLayout, pixelsIn, pixelsOut, type Rectangle } from "../kernels/pixels.ts";
import { depthwise3x3 } from "../kernels/depthwise3x3.ts";
import { dySample } from "../kernels/dysample.ts";
import type { Layout } from "../kernels/layout.ts";
import { matrixConv } from "../kernels/matrix_conv.ts";
import type { MatrixShape } from "../kernels/matrix_shape.ts";
import { norm } from "../kernels/norm.ts";
import { partialConv } from "../kernels/partial_conv.ts";
import { upconv3x3 } from "../kernels/upconv3x3.ts";
import {
  type ConvOperation,
  type DepthwiseOperation,
  type DySampleOperation,
  type Network,
  type NormOperation,
  type Operation,
  type PartialConvOperation,
  tensorsBeside,
} from "../networks/network.ts";
import { wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Depth } from "../pictures/picture.ts";
import { type MemoryPlan, tailStart, unshuffleOf } from "./memory.ts";

/** What a binding of a dispatch is: a tensor's buffer, a convolution's weights, or pixels. */
export type Binding =
  | { kind: "slot"; slot: number }
  | { kind: "weights"; key: string }
  | { kind: "pixels" }
  | { kind: "notFinite" }
  | { kind: "result" };

/** One dispatch and what follows its parameters in the bind group. */
export interface Step {
  dispatch: Dispatch;
  bindings: Binding[];
}

/** A tail window inside the trunk window, and the part of it that is kept; all in cells. */
export interface TailTile {
  windowX: number;
  windowY: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What the steps of one network for one pair of windows have in common. */
export interface StepContext {
  network: Network;
  memory: MemoryPlan;
  style: Style;
  /** Of the matrix units, for tensors in chunks. */
  matrix: MatrixShape | undefined;
  /** The source pixels of the trunk window. */
  pixels: PixelLayout;
  /** Depth of the result. */
  depth: Depth;
}

/** Name of the packed weights of one link of a convolution. */
export function weightsKey(operation: ConvOperation, link: number): string {
  return operation.inputs.length === 1 ? operation.name : `${operation.name}/${link}`;
}

/** Name of what follows the sums of a convolution on matrix units. */
export function epilogueKey(operation: ConvOperation, link: number): string {
  return `${weightsKey(operation, link)}/epilogue`;
}

/** Steps that fill the trunk window. */
export function trunkSteps(context: StepContext): Step[] {
  const operations = context.network.operations.slice(0, tailStart(context.network));
  return operations.flatMap((operation) => {
    if (operation.kind === "input") {
      const output = context.memory.layouts.get(operation.output)!;
      const dispatch = pixelsIn(context.pixels, operation, output);
      return [{
        dispatch,
        bindings: [{ kind: "pixels" as const }, slot(context, operation.output)],
      }];
    }
    if (operation.kind === "depthwise") return [depthwiseStep(context, operation)];
    if (operation.kind === "partialConv") return [partialConvStep(context, operation)];
    if (operation.kind === "norm") return normSteps(context, operation);
    if (operation.kind === "dysample") return [dySampleStep(context, operation)];
    return convSteps(context, operation as ConvOperation, () => ({ x: 0, y: 0 }));
  });
}

/** Steps that compute one tile of the result from the trunk window. */
export function tailSteps(context: StepContext, tile: TailTile): Step[] {
  const tail = tailStart(context.network);
  const operations = context.network.operations;
  const written = new Set(operations.slice(tail).map((op) => "output" in op ? op.output : ""));
  return operations.slice(tail).flatMap((operation) => {
    if (operation.kind === "output") {
      return [outputStep(context, tile, written.has(operation.input))];
    }
    const origin = (tensor: string) =>
      written.has(tensor) ? { x: 0, y: 0 } : { x: tile.windowX, y: tile.windowY };
    return convSteps(context, operation as ConvOperation, origin);
  });
}

/** The rectangle of a tile's result, in output pixels of the trunk window. */
export function resultRectangle(network: Network, tile: TailTile): Rectangle {
  const perCell = outputPerCell(network);
  return {
    x: tile.x * perCell,
    y: tile.y * perCell,
    width: tile.width * perCell,
    height: tile.height * perCell,
  };
}

/** Bytes of the count of pixels that are no finite numbers. */
export const COUNT_BYTES = 4;

/** Bytes of the source pixels of a window. */
export function pixelBytes(context: StepContext): number {
  const { width, height, depth } = context.pixels;
  return width * height * wordsPerPixel(depth) * 4;
}

/** Bytes of the result of a tile. */
export function resultBytes(context: StepContext, tile: TailTile): number {
  const { width, height } = resultRectangle(context.network, tile);
  return width * height * wordsPerPixel(context.depth) * 4;
}

/** Distance between the parameters of two steps: WebGPU's default alignment of uniform offsets. */
export const PARAMS_STRIDE = 256;

/** Bytes of the parameters of all steps of a network. */
export function paramBytes(network: Network): number {
  const steps = network.operations.map(stepCount);
  return PARAMS_STRIDE * steps.reduce((sum, count) => sum + count, 0);
}

function stepCount(operation: Operation): number {
  if (operation.kind === "conv") return operation.inputs.length;
  return operation.kind === "norm" && operation.over === "picture" ? 3 : 1;
}

/** Output pixels per cell, along one side. */
export function outputPerCell(network: Network): number {
  return network.scale * unshuffleOf(network);
}

function convSteps(
  context: StepContext,
  operation: ConvOperation,
  origin: (tensor: string) => { x: number; y: number },
): Step[] {
  const { layouts } = context.memory;
  const { style } = context;
  const output = layouts.get(operation.output)!;
  return operation.inputs.map((tensor, link) => {
    const request = {
      operation,
      input: layouts.get(tensor)!,
      inputAt: origin(tensor),
      output,
      style,
    };
    const weights: Binding = { kind: "weights", key: weightsKey(operation, link) };
    const input = slot(context, tensor);
    const written = slot(context, operation.output);
    const [first = tensor, second = tensor] = tensorsBeside(operation);
    const beside = [slot(context, first), slot(context, second)];
    if (context.matrix !== undefined && output.storage === "matrix") {
      const epilogue: Binding = { kind: "weights", key: epilogueKey(operation, link) };
      return {
        dispatch: matrixConv({ ...request, link, shape: context.matrix }),
        bindings: [weights, epilogue, input, ...beside, written],
      };
    }
    if (operation.upsample === 2) {
      return { dispatch: upconv3x3(request), bindings: [weights, input, written] };
    }
    return {
      dispatch: conv({ ...request, link }),
      bindings: [weights, input, ...beside, written],
    };
  });
}

function depthwiseStep(context: StepContext, operation: DepthwiseOperation): Step {
  const { style } = context;
  const [input, output] = layoutsOf(context, operation);
  return simpleStep(context, operation, depthwise3x3({ operation, input, output, style }));
}

function partialConvStep(context: StepContext, operation: PartialConvOperation): Step {
  const { style } = context;
  const [input, output] = layoutsOf(context, operation);
  return simpleStep(context, operation, partialConv({ operation, input, output, style }));
}

/** An operation with one input. */
type Simple = { name: string; input: string; output: string };

function layoutsOf({ memory }: StepContext, { input, output }: Simple): [Layout, Layout] {
  return [memory.layouts.get(input)!, memory.layouts.get(output)!];
}

/** A step that binds an operation's weights, its input and its output. */
function simpleStep(context: StepContext, operation: Simple, dispatch: Dispatch): Step {
  const { name, input, output } = operation;
  const bindings: Binding[] = [
    { kind: "weights", key: name },
    slot(context, input),
    slot(context, output),
  ];
  return { dispatch, bindings };
}

function dySampleStep(context: StepContext, operation: DySampleOperation): Step {
  const names = [operation.input, operation.offsets, operation.output];
  const [input, offsets, output] = names.map((name) => context.memory.layouts.get(name)!);
  return {
    dispatch: dySample({ operation, input, offsets, output }),
    bindings: [
      { kind: "weights", key: operation.name },
      ...names.map((name) => slot(context, name)),
    ],
  };
}

function normSteps(context: StepContext, operation: NormOperation): Step[] {
  const [from, to] = layoutsOf(context, operation);
  const layer: Binding = { kind: "weights", key: operation.name };
  const [input, output] = [slot(context, operation.input), slot(context, operation.output)];
  const residual = slot(context, operation.residual?.tensor ?? operation.input);
  const planned = norm({ operation, input: from, output: to });
  if (planned.over === "pixel") return [simpleStep(context, operation, planned.norm)];
  return [
    { dispatch: planned.moments, bindings: [layer, input] },
    { dispatch: planned.scales, bindings: [layer, input] },
    { dispatch: planned.apply, bindings: [layer, input, residual, output] },
  ];
}

function outputStep(context: StepContext, tile: TailTile, fromTail: boolean): Step {
  const operation = context.network.operations.at(-1)!;
  if (operation.kind !== "output") throw new RangeError("The network does not end in an output");
  const perCell = outputPerCell(context.network);
  const rectangle = resultRectangle(context.network, tile);
  if (fromTail) {
    rectangle.x -= tile.windowX * perCell;
    rectangle.y -= tile.windowY * perCell;
  }
  const input = context.memory.layouts.get(operation.input)!;
  const base = operation.base ? context.pixels : undefined;
  return {
    dispatch: pixelsOut(input, operation.factor, base, rectangle, context.depth),
    bindings: [
      slot(context, operation.input),
      { kind: "pixels" },
      { kind: "notFinite" },
      { kind: "result" },
    ],
  };
}

function slot(context: StepContext, tensor: string): Binding {
  return { kind: "slot", slot: context.memory.slotOf.get(tensor)! };
}
