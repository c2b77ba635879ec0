/**
 * A network on a device: its weights, packed and uploaded, how its activations are stored, and in which
 * style of convolution it runs.
 */

import type { Gpu } from "../gpu/device.ts";
import { packConv } from "../kernels/conv.ts";
import type { Storage } from "../kernels/dispatch.ts";
import type { Style } from "../kernels/styles.ts";
import { type ChosenStyles, chosenStyles } from "../kernels/tuning.ts";
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
  readonly #styles: ChosenStyles;
  readonly #weights: WeightsByStyle;

  private constructor(
    gpu: Gpu,
    network: Network,
    storage: Storage,
    styles: ChosenStyles,
    weights: WeightsByStyle,
  ) {
    this.gpu = gpu;
    this.network = network;
    this.storage = storage;
    this.#styles = styles;
    this.#weights = weights;
  }

  /**
   * Packs and uploads the weights.
   *
   * @throws {OutOfGpuMemoryError} If they do not fit.
   */
  static async create(gpu: Gpu, network: Network, storage: Storage): Promise<Program> {
    const styles = await chosenStyles(gpu);
    const weights = new WeightsByStyle(gpu, network);
    const program = new Program(gpu, network, storage, styles, weights);
    await program.ready();
    return program;
  }

  /**
   * The same network with activations stored in another way. Where both run in the same style they share
   * the weights; else they are to be made {@linkcode ready}.
   */
  withStorage(storage: Storage): Program {
    return new Program(this.gpu, this.network, storage, this.#styles, this.#weights);
  }

  /** The style of its convolutions. */
  get style(): Style {
    return this.#styles[this.storage].style;
  }

  /**
   * Sees to it that the weights are on the device: a lost one took them along.
   *
   * @throws {OutOfGpuMemoryError} If they do not fit.
   */
  async ready(): Promise<void> {
    await this.#weights.of(this.style).ready();
  }

  /** The buffer of one link of a convolution. */
  weights(key: string): GPUBuffer {
    return this.#weights.of(this.style).buffers.get(key)!;
  }

  /** Bytes of all weights. */
  get weightBytes(): number {
    const { buffers } = this.#weights.of(this.style);
    return [...buffers.values()].reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** Gives the weights back, also those of programs that share them. */
  destroy(): void {
    this.#weights.destroy();
  }
}

/** A network's weights for each style that runs it. */
class WeightsByStyle {
  readonly #gpu: Gpu;
  readonly #network: Network;
  readonly #all = new Map<Style, Weights>();

  constructor(gpu: Gpu, network: Network) {
    this.#gpu = gpu;
    this.#network = network;
  }

  of(style: Style): Weights {
    let weights = this.#all.get(style);
    if (weights === undefined) {
      weights = new Weights(this.#gpu, this.#network, style);
      this.#all.set(style, weights);
    }
    return weights;
  }

  destroy(): void {
    for (const weights of this.#all.values()) weights.destroy();
  }
}

/** Packed weights on whichever device is open. */
class Weights {
  readonly buffers = new Map<string, GPUBuffer>();
  readonly #gpu: Gpu;
  readonly #network: Network;
  readonly #style: Style;
  #generation: number | undefined;

  constructor(gpu: Gpu, network: Network, style: Style) {
    this.#gpu = gpu;
    this.#network = network;
    this.#style = style;
  }

  async ready(): Promise<void> {
    if (this.#generation === this.#gpu.generation) return;
    this.destroy();
    const { generation } = this.#gpu;
    try {
      await this.#gpu.checked("the weights", () => {
        for (const [key, data] of packedWeights(this.#network, this.#style)) {
          this.buffers.set(key, upload(this.#gpu, key, data));
        }
      });
      this.#generation = generation;
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  destroy(): void {
    this.#generation = undefined;
    for (const buffer of this.buffers.values()) this.#gpu.destroyBuffer(buffer);
    this.buffers.clear();
  }
}

function* packedWeights(
  network: Network,
  style: Style,
): Generator<[string, Float32Array | Uint32Array]> {
  const channels = tensorChannels(network);
  for (const operation of network.operations) {
    if (operation.kind === "depthwise") yield [operation.name, packDepthwise3x3(operation)];
    if (operation.kind === "partialConv") yield [operation.name, packPartialConv(operation)];
    if (operation.kind === "norm") yield [operation.name, packNorm(operation)];
    if (operation.kind === "dysample") yield [operation.name, packDySample(operation)];
    if (operation.kind !== "conv") continue;
    const inputChannels = operation.inputs.map((tensor) => channels.get(tensor)!);
    for (let link = 0; link < operation.inputs.length; link++) {
      yield [weightsKey(operation, link), pack(operation, link, inputChannels, style)];
    }
  }
}

function pack(
  operation: ConvOperation,
  link: number,
  inputChannels: number[],
  style: Style,
): Float32Array | Uint32Array {
  if (operation.upsample === 2) return packUpconv3x3(operation);
  return packConv(operation, link, inputChannels, style);
}

function upload(gpu: Gpu, label: string, data: Float32Array | Uint32Array): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = gpu.createBuffer(`weights ${label}`, data.byteLength, usage);
  gpu.writeBuffer(buffer, data);
  return buffer;
}
