/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Small things that all views do with the document. */

import type { Region, Size } from "../src/raster/size.ts";
import type { Pixels } from "./protocol.ts";
import { spoken, text, type TextName } from "./strings.ts";

/** The states that the page can be in. */
export type View = "empty" | "ready" | "working" | "done" | "batch" | "problem";

/** Returns the element of an id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Shows one view, and moves the focus to its heading. */
export function show(view: View): void {
  const before = document.body.dataset.state;
  for (const each of document.querySelectorAll<HTMLElement>("[data-view]")) {
    each.hidden = each.dataset.view !== view;
  }
  document.body.dataset.state = view;
  if (view === before) return;
  scrollTo(0, 0);
  byId(`h-${view}`).focus({ preventScroll: true });
}

/** The view that is shown. */
export function shown(): View {
  return document.body.dataset.state as View;
}

/** Tells people who do not see the page. */
export function say(words: string): void {
  byId("live").textContent = words;
}

/** Puts every text of the page into the language that is spoken. */
export function translate(): void {
  document.documentElement.lang = spoken();
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = text(element.dataset.text as TextName);
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-html]")) {
    element.replaceChildren(...rich(text(element.dataset.html as TextName)));
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
    element.setAttribute("aria-label", text(element.dataset.label as TextName));
  }
}

/** Makes nodes of a text with `<b>` and `<code>` in it. */
export function rich(words: string): Node[] {
  return words.split(/(<b>.*?<\/b>|<code>.*?<\/code>)/).map((part) => {
    const [, tag, inner] = /^<(b|code)>(.*)<\//.exec(part) ?? [];
    return tag === undefined ? new Text(part) : make(tag as "b" | "code", {}, inner);
  });
}

/** Makes an element. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Makes one of the icons of the page. */
export function icon(name: "down"): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

/** Gives a canvas the size of some pixels, and the pixels. */
export function paint(canvas: HTMLCanvasElement, pixels: Pixels): void {
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  const image = new ImageData(pixels.data, pixels.width, pixels.height);
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

/** Returns a part of some pixels as a canvas. @param part Its place and size, as shares of theirs. */
export function partOf(pixels: Pixels, part: Region): HTMLCanvasElement {
  const whole = make("canvas");
  paint(whole, pixels);
  const canvas = make("canvas");
  canvas.width = Math.max(1, Math.round(part.width * pixels.width));
  canvas.height = Math.max(1, Math.round(part.height * pixels.height));
  const [x, y] = [part.x * pixels.width, part.y * pixels.height];
  const [width, height] = [part.width * pixels.width, part.height * pixels.height];
  const context = canvas.getContext("2d")!;
  context.drawImage(whole, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Returns a region of a frame in shares of the frame. */
export function sharesOf({ x, y, width, height }: Region, frame: Size): Region {
  return {
    x: x / frame.width,
    y: y / frame.height,
    width: width / frame.width,
    height: height / frame.height,
  };
}
