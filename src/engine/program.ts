/**
 * A network on a device: its weights, packed and uploaded, and how its activations are stored, and in which
 * style of convolution it runs.
 */

import type { Gpu } from "../gpu/device.ts";
import { packConv } from "../kernels/conv.ts";
import type { Storage } from "../kernels/dispatch.ts";
import type { Style } from "../kernels/styles.ts";
import { type ChosenStyles, chosenStyles } from "../kernels/tuning.ts";
import { packDepthwise3x3 } from "../kernels/depthwise3x3.ts";
import { packDySample } from "../kernels/dysample.ts";
import { isMatrixNetwork, packMatrixConv } from "../kernels/matrix_conv.ts";
import type { MatrixShape } from "../kernels/matrix_shape.ts";
import { packNorm } from "../kernels/norm.ts";
import { packPartialConv } from "../kernels/partial_conv.ts";
import { packUpconv3x3 } from "../kernels/upconv3x3.ts";
import { tensorChannels } from "../networks/analysis.ts";
import type { ConvOperation, Network } from "../networks/network.ts";
import { matrixUnits } from "./matrix_units.ts";
import { epilogueKey, weightsKey } from "./steps.ts";

/** A network's weights in GPU memory. */
export class Program {
  readonly gpu: Gpu;
  readonly network: Network;
  readonly storage: Storage;
  readonly style: Style;
  /** Of the matrix units, where activations are stored for them. */
  readonly matrix: MatrixShape | undefined;
  readonly #shared: Shared;

  private constructor(shared: Shared, storage: Storage) {
    this.#shared = shared;
    this.gpu = shared.gpu;
    this.network = shared.network;
    this.storage = storage;
    this.style = shared.styles[storage === "f32" ? "f32" : "f16"].style;
    this.matrix = storage === "matrix" ? shared.matrix : undefined;
  }

  /**
   * Packs and uploads the weights.
   *
   * @throws {OutOfGpuMemoryError} If they do not fit.
   * @throws {RangeError} If they are to be for matrix units that are not used, or not by this network.
   */
  static async create(gpu: Gpu, network: Network, storage: Storage): Promise<Program> {
    const styles = await chosenStyles(gpu);
    const matrix = storage === "matrix" ? (await matrixUnits(gpu)).shape : undefined;
    if (storage === "matrix" && !(matrix !== undefined && isMatrixNetwork(network))) {
      throw new RangeError(`Matrix units are not used for ${network.description}`);
    }
    const program = new Program({ gpu, network, styles, matrix, weights: new Map() }, storage);
    await program.ready();
    return program;
  }

  /**
   * The same network with activations stored in another way, in quads. Weights are shared where both run
   * in the same style; else they are to be made {@linkcode ready}.
   */
  withStorage(storage: "f32" | "f16"): Program {
    return new Program(this.#shared, storage);
  }

  /**
   * Sees to it that the weights are on the device: a lost one took them along.
   *
   * @throws {OutOfGpuMemoryError} If they do not fit.
   */
  async ready(): Promise<void> {
    await this.#weights.ready();
  }

  /** The buffer of one link of a convolution. */
  weights(key: string): GPUBuffer {
    return this.#weights.buffers.get(key)!;
  }

  /** Bytes of all weights. */
  get weightBytes(): number {
    return [...this.#weights.buffers.values()].reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** Gives the weights back, also those of programs that share them. */
  destroy(): void {
    for (const weights of this.#shared.weights.values()) weights.destroy();
  }

  get #weights(): Weights {
    const { style, network, gpu } = this;
    const packing = this.storage === "matrix" ? "matrix" : style;
    let weights = this.#shared.weights.get(packing);
    if (weights === undefined) {
      const pack = () =>
        packing === "matrix" ? packedMatrixWeights(network) : packedWeights(network, packing);
      weights = new Weights(gpu, pack);
      this.#shared.weights.set(packing, weights);
    }
    return weights;
  }
}

/** What programs of one network on one device have in common. */
interface Shared {
  gpu: Gpu;
  network: Network;
  styles: ChosenStyles;
  matrix: MatrixShape | undefined;
  /** By what they are packed for; each is uploaded when it is needed. */
  weights: Map<Style | "matrix", Weights>;
}

type Packed = [key: string, data: Float32Array | Uint32Array];

/** Packed weights on whichever device is open. */
class Weights {
  readonly buffers = new Map<string, GPUBuffer>();
  readonly #gpu: Gpu;
  readonly #pack: () => Iterable<Packed>;
  #generation: number | undefined;

  constructor(gpu: Gpu, pack: () => Iterable<Packed>) {
    this.#gpu = gpu;
    this.#pack = pack;
  }

  async ready(): Promise<void> {
    if (this.#generation === this.#gpu.generation) return;
    this.destroy();
    const { generation } = this.#gpu;
    try {
      await this.#gpu.checked("the weights", () => {
        for (const [key, data] of this.#pack()) {
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

function* packedMatrixWeights(network: Network): Generator<Packed> {
  const channels = tensorChannels(network);
  for (const operation of network.operations) {
    if (operation.kind !== "conv") continue;
    const inputChannels = operation.inputs.map((tensor) => channels.get(tensor)!);
    for (let link = 0; link < operation.inputs.length; link++) {
      const { weights, epilogue } = packMatrixConv(operation, link, inputChannels);
      yield [weightsKey(operation, link), weights];
      yield [epilogueKey(operation, link), epilogue];
    }
  }
}

function* packedWeights(network: Network, style: Style): Generator<Packed> {
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
): Packed[1] {
  if (operation.upsample === 2) return packUpconv3x3(operation, style);
  return packConv(operation, link, inputChannels, style);
}

function upload(gpu: Gpu, label: string, data: Packed[1]): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = gpu.createBuffer(`weights ${label}`, data.byteLength, usage);
  gpu.writeBuffer(buffer, data);
  return buffer;
}
