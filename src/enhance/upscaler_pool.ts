/**
 * The upscalers of a run. They differ only in how much damage they take away, which `--denoise auto`
 * chooses for each picture; all share one device.
 */

import { type Inspection, inspectPicture } from "../inspect/mod.ts";
import type { Picture, PictureRows } from "../pictures/mod.ts";
import { Upscaler } from "../upscaler.ts";
import { defaultModel, embeddedModels } from "../weights/library.ts";
import type { EnhancerOptions } from "./options.ts";

/** What a picture is upscaled with. */
export interface Choice {
  upscaler: Upscaler;
  /** The share of the restorer in its weights. */
  denoise: number;
  /** What that was chosen by; `undefined` if it was not chosen, but asked for. */
  inspection: Inspection | undefined;
}

/**
 * Hands out upscalers. Strengths come in quarters, so there are five at most; each keeps only its
 * weights on the device while it is not at work, and none goes before the others.
 */
export class UpscalerPool {
  /** The one with the strength asked for, and with none if that is to be chosen. */
  readonly first: Upscaler;
  readonly #options: EnhancerOptions;
  readonly #byStrength: Map<number, Promise<Upscaler>>;

  private constructor(first: Upscaler, strength: number, options: EnhancerOptions) {
    this.first = first;
    this.#options = options;
    this.#byStrength = new Map([[strength, Promise.resolve(first)]]);
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
   * @param file The bytes it was decoded from, where they are at hand.
   */
  async upscalerFor(picture: Picture | PictureRows, file?: Uint8Array): Promise<Choice> {
    const { denoise, model, blend, before = [] } = this.#options;
    const isAsked = typeof denoise === "number" || blend !== undefined || before.length > 0;
    if (isAsked || !canDenoise(model) || "rows" in picture) {
      const [strength] = this.#byStrength.keys();
      return { upscaler: this.first, denoise: strength, inspection: undefined };
    }
    const inspection = inspectPicture(picture, file);
    const upscaler = await this.#withStrength(inspection.denoise);
    return { upscaler, denoise: inspection.denoise, inspection };
  }

  /** Gives back everything; the device belongs to the first. */
  destroy(): void {
    for (const upscaler of this.#byStrength.values()) {
      upscaler.then((other) => other === this.first || other.destroy(), () => {});
    }
    this.#byStrength.clear();
    this.first.destroy();
  }

  #withStrength(denoise: number): Promise<Upscaler> {
    let upscaler = this.#byStrength.get(denoise);
    if (upscaler === undefined) {
      upscaler = Upscaler.create({ ...this.#options, denoise, device: this.first.gpu });
      this.#byStrength.set(denoise, upscaler);
      upscaler.catch(() => this.#byStrength.delete(denoise));
    }
    return upscaler;
  }
}

/** Says whether a model can be blended with a restorer. */
function canDenoise(model: EnhancerOptions["model"] = defaultModel().name): boolean {
  return embeddedModels().some(({ name, restorer }) => name === model && restorer !== null);
}
