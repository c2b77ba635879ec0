/**
 * A checkpoint under canonical names: compared with what a network expects, then read.
 *
 * Every complaint names tensors as the checkpoint's owner knows them, with both shapes.
 */

import { ModelError } from "../errors.ts";
import { quote, type TensorView, toFloat32 } from "../weights/tensor.ts";
import type { Dialect } from "./architecture.ts";

/** Shape of each tensor by canonical name. */
export type Shapes = Map<string, readonly number[]>;

/** Names that an error lists before it only counts. */
const LISTED = 5;

/** The tensors of one checkpoint, and how they are called. */
export class Checkpoint {
  readonly #tensors: ReadonlyMap<string, TensorView>;
  /** Canonical name to the checkpoint's own, wrappers included. */
  readonly #names = new Map<string, string>();
  readonly #dialect: Dialect | undefined;

  /**
   * Translates the names; nothing is read yet.
   *
   * @param tensors by their own names
   * @param unwrapped the names without wrappers, each with the one it was
   * @throws {ModelError} when two names mean the same tensor
   */
  constructor(
    tensors: ReadonlyMap<string, TensorView>,
    unwrapped: ReadonlyMap<string, string>,
    dialect?: Dialect,
  ) {
    this.#tensors = tensors;
    this.#dialect = dialect;
    for (const [name, own] of unwrapped) {
      const canonical = dialect?.translate(name) ?? name;
      const other = this.#names.get(canonical);
      if (other !== undefined) {
        throw new ModelError(
          `Tensors ${quote(other)} and ${quote(own)} both mean ${quote(canonical)}`,
        );
      }
      this.#names.set(canonical, own);
    }
  }

  /** Canonical names of all tensors. */
  get names(): string[] {
    return [...this.#names.keys()];
  }

  /** Returns the checkpoint's own name, or the canonical one of a tensor that it lacks. */
  ownName(name: string): string {
    return this.#names.get(name) ?? name;
  }

  /** Returns the checkpoint's own name of a layer with a weight, for labels. */
  layerName(layer: string): string {
    return this.ownName(`${layer}.weight`).replace(/\.weight$/, "");
  }

  /** Returns the shape, or undefined when there is no such tensor. */
  shape(name: string): readonly number[] | undefined {
    return this.#view(name)?.shape;
  }

  /**
   * Counts layers that are numbered 0, `step`, 2 * `step`...
   *
   * @param pattern finds a layer's number in a canonical name
   * @param nameOf the tensor that is missing when no name has that number
   * @throws {ModelError} when a number before the last is missing
   */
  countLayers(pattern: RegExp, step: number, nameOf: (number: number) => string): number {
    const matches = this.names.map((name) => pattern.exec(name)).filter((match) => match !== null);
    const numbers = new Set(matches.map((match) => Number(match[1])));
    for (let i = 0; i < numbers.size; i++) {
      if (!numbers.has(i * step)) this.#refuseMissing([nameOf(i * step)]);
    }
    return numbers.size;
  }

  /**
   * Returns the shape of a convolution's weight, from which a network's sizes are read.
   *
   * @param kernel taps along each side
   * @throws {ModelError} when it is missing, or no `[out][in][kernel][kernel]` with at least one of each
   */
  convShape<K extends number = 3>(
    layer: string,
    kernel: K = 3 as K,
  ): { outChannels: number; inChannels: number; kernel: K } {
    const name = `${layer}.weight`;
    const shape = this.shape(name);
    if (shape === undefined) this.#refuseMissing([name]);
    const [outChannels, inChannels, height, width] = shape;
    const empty = outChannels * inChannels === 0;
    if (shape.length !== 4 || height !== kernel || width !== kernel || empty) {
      throw new ModelError(
        `Tensor ${quote(this.ownName(name))} is [${shape.join(", ")}], ` +
          `expected [out, in, ${kernel}, ${kernel}]`,
      );
    }
    return { outChannels, inChannels, kernel };
  }

  /**
   * Returns the factor of the pixel shuffle that follows a layer, from the channels that it gives.
   *
   * @throws {ModelError} when they are not those of an RGB picture enlarged by 1 to 4
   */
  shuffleFactor(layer: string): 1 | 2 | 3 | 4 {
    return this.factorOf(this.convShape(layer).outChannels, layer);
  }

  /** The same from the channels themselves. */
  factorOf(outChannels: number, layer: string): 1 | 2 | 3 | 4 {
    const factor = ([1, 2, 3, 4] as const).find((factor) => 3 * factor ** 2 === outChannels);
    if (factor !== undefined) return factor;
    throw new ModelError(
      `Tensor ${
        quote(this.ownName(`${layer}.weight`))
      } gives ${outChannels} channels, expected 3, ` +
        "12, 27 or 48 (RGB, scale 1 to 4)",
    );
  }

  /**
   * Checks that the checkpoint has exactly the expected tensors.
   *
   * @param network what the checkpoint seems to be, for the message
   * @throws {ModelError} naming what is missing, surplus or of another shape
   */
  expect(shapes: Shapes, network: string): void {
    const missing = [...shapes.keys()].filter((name) => !this.#names.has(name));
    const surplus = this.names.filter((name) => !shapes.has(name));
    if (missing.length > 0) this.#refuseMissing(missing, surplus, network);
    if (surplus.length > 0) {
      throw new ModelError(
        `${network} has no place for ${surplus.length} of the tensors: ${this.#list(surplus)}`,
      );
    }
    for (const [name, expected] of shapes) {
      const found = this.shape(name)!;
      if (found.join() !== expected.join()) {
        throw new ModelError(
          `Tensor ${quote(this.ownName(name))} is [${found.join(", ")}], ` +
            `but ${network} expects [${expected.join(", ")}]`,
        );
      }
    }
  }

  /**
   * Reads a tensor in single precision.
   *
   * @throws {ModelError} when its type is not supported or a value is not finite
   */
  read(name: string): Float32Array {
    const values = toFloat32(this.#view(name)!);
    let first = -1;
    let bad = 0;
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) continue;
      if (bad === 0) first = i;
      bad++;
    }
    if (bad > 0) {
      throw new ModelError(
        `Tensor ${quote(this.ownName(name))} has ${bad} of ${values.length} values that are not ` +
          `finite, the first at index ${first}`,
      );
    }
    return values;
  }

  #view(name: string): TensorView | undefined {
    const own = this.#names.get(name);
    return own === undefined ? undefined : this.#tensors.get(own);
  }

  #list(names: string[]): string {
    const listed = names.slice(0, LISTED).map((name) => quote(this.ownName(name))).join(", ");
    return names.length > LISTED ? `${listed} and ${names.length - LISTED} more` : listed;
  }

  #refuseMissing(missing: string[], surplus: string[] = [], network = "The network"): never {
    const { name = "", canonical = "" } = this.#dialect ?? {};
    const translated = name === canonical
      ? ""
      : ` in ${canonical}'s names; the checkpoint uses those of ${name}`;
    const rest = surplus.length === 0 ? "" : `; ${surplus.length} unknown: ${this.#list(surplus)}`;
    throw new ModelError(
      `${network} lacks ${missing.length} of its tensors: ${
        this.#list(missing)
      }${translated}${rest}`,
    );
  }
}
