/// <reference lib="dom" />
/**
 * A picture that is its own progress bar: coarse squares, finer where something is computed, and sharp
 * where rows are done.
 */

import { make } from "./dom.ts";
import type { Strip } from "./protocol.ts";

/** Squares along the longer side. */
const SQUARES = { coarse: 32, fine: 128 } as const;

/** Tiles along the longer side. */
const TILES = 16;

/** Shows one picture in an element, which gets the picture's proportions. */
export class Mosaic {
  readonly #fine: HTMLCanvasElement;
  readonly #sharp: HTMLCanvasElement;
  readonly #tile = make("i");
  readonly #columns: number;
  readonly #rows: number;
  #sharpRows = 0;
  #height = 1;

  /**
   * @param element What it is shown in; emptied first.
   * @param picture What is shown of the picture as it is.
   */
  constructor(element: HTMLElement, picture: HTMLCanvasElement) {
    const { width, height } = picture;
    const longer = Math.max(width, height);
    this.#columns = Math.max(1, Math.round(TILES * width / longer));
    this.#rows = Math.max(1, Math.round(TILES * height / longer));
    this.#fine = squares(picture, SQUARES.fine);
    this.#sharp = make("canvas", { class: "layer" });
    const coarse = squares(picture, SQUARES.coarse);
    coarse.classList.add("coarse");
    element.style.setProperty("--ratio", String(width / height));
    element.replaceChildren(coarse, this.#fine, this.#sharp, this.#tile);
    this.#tile.style.width = `${100 / this.#columns}%`;
    this.#tile.style.height = `${100 / this.#rows}%`;
    this.progress(0);
  }

  /** Shows how much is computed, 0 to 1. */
  progress(fraction: number): void {
    const { width: columns, height: rows } = { width: this.#columns, height: this.#rows };
    const tile = Math.min(columns * rows - 1, Math.floor(fraction * columns * rows));
    const [x, y] = [tile % columns, Math.floor(tile / columns)];
    const [right, top, bottom] = [(x + 1) / columns, y / rows, (y + 1) / rows].map(percent);
    this.#fine.style.clipPath =
      `polygon(0 0, 100% 0, 100% ${top}, ${right} ${top}, ${right} ${bottom}, 0 ${bottom})`;
    this.#tile.style.left = percent(x / columns);
    this.#tile.style.top = percent(y / rows);
    this.#tile.hidden = this.#sharpRows >= this.#height;
  }

  /** Lays rows that are done. @param whole The size of all strips together. */
  lay(strip: Strip, whole: { width: number; height: number }): void {
    if (this.#sharpRows === 0) {
      this.#sharp.width = whole.width;
      this.#sharp.height = whole.height;
      this.#height = whole.height;
    }
    const image = new ImageData(strip.data, strip.width, strip.height);
    this.#sharp.getContext("2d")!.putImageData(image, 0, strip.y);
    this.#sharpRows = strip.y + strip.height;
    this.#tile.hidden = this.#sharpRows >= this.#height;
  }
}

function squares(picture: HTMLCanvasElement, most: number): HTMLCanvasElement {
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  const small = make("canvas", { class: "layer pixels" });
  small.width = Math.max(1, Math.round(picture.width * scale));
  small.height = Math.max(1, Math.round(picture.height * scale));
  const context = small.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, small.width, small.height);
  return small;
}

function percent(share: number): string {
  return `${100 * share}%`;
}
