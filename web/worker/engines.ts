/** The device, and what runs on it: one enhancer for each network and strength that was asked for. */

import { Enhancer } from "../../src/enhance/enhance.ts";
import type { UpscaleStyle } from "../../src/enhance/options.ts";
import type { Mode } from "../../src/upscale_options.ts";
import { UsageError } from "../../src/errors.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { defaultModel, embeddedModel, loadModel } from "../../src/weights/library.ts";
import type { AdapterFacts, Look, Wish } from "../protocol.ts";

/** GPU memory that a page takes, in bytes, and on machines that say they have little memory. */
const MEMORY = { usual: 1.5e9, little: 5e8 } as const;

/** Gigabytes below which a machine has little; phones say 4 or less. */
const LITTLE = 5;

/** The network of the same factor that is quickest. */
const QUICK = "fast-x4";

/** The network for pictures that a face fills. */
const PORTRAIT = "portrait-x4";

const MODES: Readonly<Record<Look, Mode>> = {
  faithful: "faithful",
  photo: "network",
  detail: "creative",
  portrait: "network",
  own: "network",
};

/** Opens the device when it is first needed, and keeps enhancers. */
export class Engines {
  #gpu: Promise<Gpu> | undefined;
  #enhancers = new Map<string, Promise<Enhancer>>();
  #own: Uint8Array | undefined;
  #ownCount = 0;

  /** Opens the device and says what it is. */
  async adapter(): Promise<AdapterFacts> {
    const { description, software } = (await this.#device()).adapter;
    return { name: description, software };
  }

  /** Returns the enhancer for a wish and a picture that needs so much cleaning. */
  async enhancerFor(wish: Wish, needed: number): Promise<Enhancer> {
    const gpu = await this.#device();
    const { model, name } = this.#modelFor(wish);
    const restorer = embeddedModel(name)?.restorer ?? null;
    const denoise = restorer !== null && wish.clean ? needed : 0;
    const key = `${name} ${denoise}`;
    let enhancer = this.#enhancers.get(key);
    if (enhancer === undefined) {
      enhancer = Enhancer.create({ model, denoise, device: gpu, memory: memory() });
      this.#enhancers.set(key, enhancer);
      enhancer.catch(() => this.#enhancers.delete(key));
    }
    return await enhancer;
  }

  /** Returns what a look asks of the upscaler. */
  styleOf({ look }: Wish): UpscaleStyle {
    return { mode: MODES[look] };
  }

  /**
   * Takes a person's own weights.
   *
   * @throws {ModelError} If they are no network that is known.
   */
  async useOwn(bytes: Uint8Array): Promise<{ architecture: string; scale: number }> {
    const { network } = await loadModel(bytes);
    this.#own = bytes;
    this.#ownCount++;
    return { architecture: network.architecture, scale: network.scale };
  }

  #modelFor({ look, quick }: Wish): { model: string | Uint8Array; name: string } {
    if (look !== "own") {
      const name = look === "portrait" ? PORTRAIT : quick ? QUICK : defaultModel().name;
      return { model: name, name };
    }
    if (this.#own === undefined) throw new UsageError("There are no weights of your own");
    return { model: this.#own, name: `own ${this.#ownCount}` };
  }

  /** A device that was given up for lost is replaced, with all that was on it. */
  async #device(): Promise<Gpu> {
    const opened = await this.#gpu?.catch(() => undefined);
    if (opened?.lost) await opened.reopen().catch(() => this.#forget());
    this.#gpu ??= Gpu.open();
    return await this.#gpu.catch((error) => {
      this.#gpu = undefined;
      throw error;
    });
  }

  #forget(): void {
    this.#gpu = undefined;
    this.#enhancers = new Map();
  }
}

function memory(): number {
  const { deviceMemory = LITTLE } = navigator as { deviceMemory?: number };
  return deviceMemory < LITTLE ? MEMORY.little : MEMORY.usual;
}
