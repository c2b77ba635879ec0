/**
 * A network on a device: its weights, packed and uploaded once, and its pipelines.
 */

import type { Gpu } from "../gpu/device.ts";
import { packConv } from "../kernels/conv.ts";
import type { Storage } from "../kernels/dispatch.ts";
import type { Style } from "../kernels/styles.ts";
import { chosenStyle } from "../kernels/tuning.ts";
import { packDepthwise3x3 } from "../kernels/depthwise3x3.ts";
import { packDySample } from "../kernels/dysample.ts";
import { packNorm } from "../kernels/norm.ts";
import { packPartialConv } from "../kernels/partial_conv.ts";
import { packUpconv3x3 } from "../kernels/upconv3x3.ts";
import { tensorChannels } from "../networks/analysis.ts";
import type { ConvOperation, Network } from "../networks/network.ts";
import { weightsKey } from "./steps.ts";

/** A network's weights in GPU memory. */
export class Program {
  readonly gpu: Gpu;
  readonly network: Network;
  readonly storage: Storage;
  readonly style: Style;
  readonly #weights: Map<string, GPUBuffer>;

  private constructor(
    gpu: Gpu,
    network: Network,
    storage: Storage,
    style: Style,
    weights: Map<string, GPUBuffer>,
  ) {
    this.gpu = gpu;
    this.network = network;
    this.storage = storage;
    this.style = style;
    this.#weights = weights;
  }

  /**
   * Packs and uploads the weights.
   *
   * @throws {OutOfGpuMemoryError} If they do not fit.
   */
  static async create(gpu: Gpu, network: Network, storage: Storage): Promise<Program> {
    const weights = new Map<string, GPUBuffer>();
    const { style } = await chosenStyle(gpu);
    const program = new Program(gpu, network, storage, style, weights);
    try {
      await gpu.checked("the weights", () => {
        for (const [key, data] of packedWeights(network)) weights.set(key, upload(gpu, key, data));
      });
    } catch (error) {
      program.destroy();
      throw error;
    }
    return program;
  }

  /** The same network with activations stored in another way; the weights are shared. */
  withStorage(storage: Storage): Program {
    return new Program(this.gpu, this.network, storage, this.style, this.#weights);
  }

  /** The buffer of one link of a convolution. */
  weights(key: string): GPUBuffer {
    return this.#weights.get(key)!;
  }

  /** Bytes of all weights. */
  get weightBytes(): number {
    return [...this.#weights.values()].reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** Gives the weights back, also those of programs that share them. */
  destroy(): void {
    for (const buffer of this.#weights.values()) this.gpu.destroyBuffer(buffer);
    this.#weights.clear();
  }
}

function* packedWeights(network: Network): Generator<[string, Float32Array]> {
  const channels = tensorChannels(network);
  for (const operation of network.operations) {
    if (operation.kind === "depthwise") yield [operation.name, packDepthwise3x3(operation)];
    if (operation.kind === "partialConv") yield [operation.name, packPartialConv(operation)];
    if (operation.kind === "norm") yield [operation.name, packNorm(operation)];
    if (operation.kind === "dysample") yield [operation.name, packDySample(operation)];
    if (operation.kind !== "conv") continue;
    const inputChannels = operation.inputs.map((tensor) => channels.get(tensor)!);
    for (let link = 0; link < operation.inputs.length; link++) {
      yield [weightsKey(operation, link), pack(operation, link, inputChannels)];
    }
  }
}

function pack(operation: ConvOperation, link: number, inputChannels: number[]): Float32Array {
  if (operation.upsample === 2) return packUpconv3x3(operation);
  return packConv(operation, link, inputChannels);
}

function upload(gpu: Gpu, label: string, data: Float32Array): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = gpu.createBuffer(`weights ${label}`, data.byteLength, usage);
  gpu.writeBuffer(buffer, data);
  return buffer;
}
