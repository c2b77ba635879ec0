/** What all views share: the engine, what was chosen, and the pictures at hand. */

import type { Engine } from "./engine.ts";
import type { AdapterFacts, PictureFacts, ResultFacts, Wish } from "./protocol.ts";
import { saveSettings, type Settings } from "./settings.ts";
import { asksFor } from "./sizes.ts";

/** A picture that a person gave. */
export interface Item {
  /** The number that the engine knows it by. */
  picture: number;
  file: Blob;
  name: string;
}

/** Weights that a person gave. */
export interface OwnWeights {
  name: string;
  scale: number;
}

/** One visit. */
export class Session {
  readonly engine: Engine;
  readonly settings: Settings;
  items: Item[] = [];
  /** What the first picture is. */
  facts: PictureFacts | undefined;
  adapter: AdapterFacts | undefined;
  own: OwnWeights | undefined;
  /** Whether a face fills the first picture; undefined until it was searched. */
  portrait: boolean | undefined;
  /** A look that only some can have, if it is what is wanted now: it is not remembered. */
  special: "own" | "portrait" | undefined;
  result: ResultFacts | undefined;
  #last = 0;

  constructor(engine: Engine, settings: Settings) {
    this.engine = engine;
    this.settings = settings;
  }

  /** Takes in files as pictures. */
  itemsOf(files: readonly File[]): Item[] {
    return files.map((file) => ({ picture: ++this.#last, file, name: file.name }));
  }

  /** Whether the small network is used: as was chosen, or as the device is. */
  get quick(): boolean {
    return this.settings.quick ?? this.adapter?.software ?? false;
  }

  /** What is asked for now. */
  get wish(): Wish {
    const { size, custom, clean, whole, detailed, moving, look } = this.settings;
    return {
      size: asksFor(size, custom),
      look: this.special ?? look,
      quick: this.quick,
      ...{ clean, whole, detailed, moving },
    };
  }

  /** Remembers a choice. */
  choose(choice: Partial<Settings>): void {
    Object.assign(this.settings, choice);
    saveSettings(this.settings);
  }

  /** Lets go of the result that is shown. */
  dropResult(): void {
    if (this.result !== undefined) this.engine.call("drop", { result: this.result.result });
    this.result = undefined;
  }

  /** Lets go of all pictures, and takes others. */
  replaceItems(items: Item[]): void {
    this.dropResult();
    for (const { picture } of this.items) this.engine.call("drop", { picture });
    this.items = items;
    this.facts = undefined;
    this.portrait = undefined;
    if (this.special === "portrait") this.special = undefined;
  }
}
