/**
 * The upscalers of a run. They differ only in how much damage they take away, which `--denoise auto`
 * chooses for each picture, and in how much texture they invent; all share one device.
 */

import { type Inspection, inspectPicture } from "../inspect/inspection.ts";
import type { Picture, PictureRows } from "../pictures/mod.ts";
import { DEFAULT_CREATIVITY } from "../upscale_options.ts";
import { Upscaler } from "../upscaler.ts";
import {
  defaultModel,
  embeddedModel,
  type LibraryEntry,
  type ModelSource,
} from "../weights/library.ts";
import type { EnhancerOptions, UpscaleStyle } from "./options.ts";

/** The shares of helping networks in an upscaler's weights. */
interface Shares {
  /** The restorer's. */
  denoise: number;
  /** The detailer's. */
  detail: number;
}

/** What a picture is upscaled with. */
export interface Choice extends Shares {
  upscaler: Upscaler;
  /** What `denoise` was chosen by; `undefined` if it was not chosen, but asked for. */
  inspection: Inspection | undefined;
}

/**
 * Hands out upscalers. Strengths that are chosen come in quarters, so there are few; each keeps only
 * its weights on the device while it is not at work, and none goes before the others.
 */
export class UpscalerPool {
  /** The one with the strength asked for, and with none if that is to be chosen; it invents nothing. */
  readonly first: Upscaler;
  readonly #options: EnhancerOptions;
  /** What the model is among the embedded ones, if nothing else has a part in its weights. */
  readonly #entry: LibraryEntry | undefined;
  readonly #strength: number;
  readonly #byShares: Map<string, Promise<Upscaler>>;

  private constructor(first: Upscaler, strength: number, options: EnhancerOptions) {
    const { model = defaultModel().name, blend, before = [] } = options;
    const mixed = blend !== undefined || before.length > 0;
    this.first = first;
    this.#options = options;
    this.#entry = mixed ? undefined : embeddedModel(model);
    this.#strength = strength;
    this.#byShares = new Map([[keyOf({ denoise: strength, detail: 0 }), Promise.resolve(first)]]);
  }

  /**
   * Loads the model and opens the device.
   *
   * @throws As `Upscaler.create`.
   */
  static async create(options: EnhancerOptions): Promise<UpscalerPool> {
    const strength = typeof options.denoise === "number" ? options.denoise : 0;
    const first = await Upscaler.create({ ...options, denoise: strength });
    return new UpscalerPool(first, strength, options);
  }

  /**
   * Returns the upscaler for a picture. Of one that comes in rows, nothing is looked at: it counts as
   * clean.
   *
   * @param style A creative result has texture of the model's detailer, if there is one.
   * @param file The bytes it was decoded from, where they are at hand.
   */
  async upscalerFor(
    picture: Picture | PictureRows,
    style: UpscaleStyle,
    file?: Uint8Array,
  ): Promise<Choice> {
    const isAsked = typeof this.#options.denoise === "number" || !this.#entry?.restorer;
    const inspection = isAsked || "rows" in picture ? undefined : inspectPicture(picture, file);
    const shares = {
      denoise: inspection?.denoise ?? this.#strength,
      detail: detailShare(this.#entry?.name, style),
    };
    return { ...shares, upscaler: await this.#withShares(shares), inspection };
  }

  /** Gives back everything; the device belongs to the first. */
  destroy(): void {
    for (const upscaler of this.#byShares.values()) {
      upscaler.then((other) => other === this.first || other.destroy(), () => {});
    }
    this.#byShares.clear();
    this.first.destroy();
  }

  #withShares(shares: Shares): Promise<Upscaler> {
    const key = keyOf(shares);
    let upscaler = this.#byShares.get(key);
    if (upscaler === undefined) {
      upscaler = Upscaler.create({ ...this.#options, ...shares, device: this.first.gpu });
      this.#byShares.set(key, upscaler);
      upscaler.catch(() => this.#byShares.delete(key));
    }
    return upscaler;
  }
}

/** Returns the share of its detailer in a model's weights: what creative results may invent. */
export function detailShare(
  model: ModelSource | undefined,
  { mode, creativity = DEFAULT_CREATIVITY }: UpscaleStyle,
): number {
  const entry = embeddedModel(model);
  return mode === "creative" && entry?.detailer ? creativity : 0;
}

function keyOf({ denoise, detail }: Shares): string {
  return `${denoise} ${detail}`;
}
