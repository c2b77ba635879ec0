/**
 * The networks at hand: the one that was asked for, and its siblings of other factors. Siblings are
 * loaded when a plan needs them, and programs are made of networks when they first run.
 */

import { Program } from "./engine/program.ts";
import type { Gpu } from "./gpu/device.ts";
import type { QuadStorage, Storage } from "./kernels/dispatch.ts";
import { isMatrixNetwork } from "./kernels/matrix_conv.ts";
import type { Network } from "./networks/network.ts";
import {
  embeddedModel,
  embeddedModels,
  type LibraryEntry,
  loadModel,
  type LoadOptions,
} from "./weights/library.ts";

/** A network and what people call it. */
export interface NamedNetwork {
  label: string;
  network: Network;
}

/** Networks that differ only in their factor, and their programs on one device. */
export class NetworkFamily {
  /** The network that was asked for. */
  readonly main: NamedNetwork;
  /** Whether it comes with Tessera. */
  readonly embedded: boolean;
  /** The share of what it sees that it takes for damage, 0 to 1. */
  readonly cleaning: number;
  readonly #siblings: LibraryEntry[];
  readonly #networks: Map<number, Promise<NamedNetwork>>;
  readonly #programs = new Map<string, Promise<Program>>();

  /**
   * @param entry What it is among the networks that come with Tessera; undefined if it is another.
   * @param blended Whether other weights are mixed into its own.
   */
  private constructor(
    main: NamedNetwork,
    entry: LibraryEntry | undefined,
    denoise: number,
    blended: boolean,
  ) {
    this.main = main;
    this.embedded = entry !== undefined;
    this.cleaning = isRestorer(entry) ? 1 : denoise;
    this.#networks = new Map([[main.network.scale, Promise.resolve(main)]]);
    // A blend has no siblings: they would have to be blended as well.
    this.#siblings = blended || entry === undefined
      ? []
      : embeddedModels().filter(({ family, name }) =>
        family === entry.family && name !== entry.name
      );
  }

  /**
   * Loads the network that is asked for.
   *
   * @throws {UsageError} If `denoise` or `detail` is above 0 and it has no such network, or a blend.
   * @throws {ModelError} If it cannot be used, or not be blended.
   */
  static async load(
    model: string | URL | Uint8Array,
    { denoise = 0, detail = 0, blend, before = [] }: LoadOptions,
  ): Promise<NetworkFamily> {
    const main = await loadModel(model, { denoise, detail, blend, before });
    const foreign = before.length > 0 ||
      blend !== undefined && embeddedModel(blend.model) === undefined;
    const entry = foreign ? undefined : embeddedModel(model);
    const mixed = denoise > 0 || detail > 0 || blend !== undefined;
    return new NetworkFamily(main, entry, denoise, mixed);
  }

  /** Factors at hand. */
  get factors(): number[] {
    return [this.main.network.scale, ...this.#siblings.map(({ scale }) => scale)];
  }

  /** What people call the network of a factor. */
  labelOf(factor: number): string {
    return this.#siblings.find(({ scale }) => scale === factor)?.name ?? this.main.label;
  }

  /** The network of a factor on a device. */
  program(gpu: Gpu, factor: number, storage: Storage): Promise<Program> {
    const key = `${factor} ${storage}`;
    let program = this.#programs.get(key);
    if (program === undefined) {
      const other = this.#programs.get(`${factor} ${storage === "f32" ? "f16" : "f32"}`);
      program = storage !== "matrix" && other?.then((known) => inStorage(known, storage)) ||
        this.#network(factor).then(({ network }) => Program.create(gpu, network, storage));
      this.#programs.set(key, program);
      program.catch(() => this.#programs.delete(key));
    }
    return program;
  }

  /** Whether the network of a factor computes on matrix units, where a device has them. */
  async isForMatrixUnits(factor: number): Promise<boolean> {
    return isMatrixNetwork((await this.#network(factor)).network);
  }

  /** Gives the weights on the device back. */
  destroy(): void {
    for (const program of this.#programs.values()) program.then((p) => p.destroy(), () => {});
    this.#programs.clear();
  }

  #network(factor: number): Promise<NamedNetwork> {
    let network = this.#networks.get(factor);
    if (network === undefined) {
      network = loadModel(this.labelOf(factor));
      this.#networks.set(factor, network);
      network.catch(() => this.#networks.delete(factor));
    }
    return network;
  }
}

/** The program with activations stored in another way, with its weights on the device. */
async function inStorage(known: Program, storage: QuadStorage): Promise<Program> {
  const program = known.withStorage(storage);
  await program.ready();
  return program;
}

/** Says whether an embedded network is one for damaged pictures. */
function isRestorer(entry: LibraryEntry | undefined): boolean {
  return embeddedModels().some(({ restorer }) => restorer !== null && restorer === entry?.name);
}
