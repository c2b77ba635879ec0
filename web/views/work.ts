/// <reference lib="dom" />
/** One picture on its way to its size, and what it became. */

import { byId, make, paint, partOf, rich, say, sharesOf, show } from "../dom.ts";
import { formatFor, FORMATS, formatsOf, type OfferedFormat } from "../formats.ts";
import { Mosaic } from "../mosaic.ts";
import type { News, PictureFacts, Pixels, PlanFacts, ResultFacts } from "../protocol.ts";
import { nameOf } from "../names.ts";
import { save } from "../save.ts";
import type { Session } from "../session.ts";
import { suffixOf } from "../sizes.ts";
import { text } from "../strings.ts";
import { duration, fileSize, taken } from "../words.ts";

/** The share of the work after which the time left is told. */
const ENOUGH = 0.1;

/** The most pixels that rows are shown in, along the width. */
const MOST_SHOWN = 1600;

/** Whom the views tell. */
export interface WorkEvents {
  onCancel(): void;
  onDone(): void;
  onAgain(): void;
  onNext(): void;
  onProblem(error: unknown): void;
}

/** Both views: while it is made, and when it is done. */
export class WorkViews {
  readonly #session: Session;
  readonly #events: WorkEvents;
  #abort = new AbortController();
  /** Files of the result that is shown, by format. */
  #files = new Map<OfferedFormat, Promise<Blob>>();
  /** Addresses of pictures that are shown. */
  #urls: string[] = [];

  constructor(session: Session, events: WorkEvents) {
    this.#session = session;
    this.#events = events;
    byId("cancel").addEventListener("click", () => {
      this.stop();
      events.onCancel();
    });
    byId("again").addEventListener("click", () => events.onAgain());
    byId("next").addEventListener("click", () => events.onNext());
    byId("download").addEventListener("click", () => this.#download());
    byId<HTMLInputElement>("lens-on").addEventListener("change", (event) => {
      this.#setLens((event.target as HTMLInputElement).checked);
    });
    byId<HTMLInputElement>("plays").addEventListener("change", () => this.#fillCompare());
    for (const radio of document.querySelectorAll<HTMLInputElement>("[name=zoom]")) {
      radio.addEventListener("change", () => byId("compare").setAttribute("zoom", radio.value));
    }
    byId("compare").addEventListener("change", () => this.#followCompare());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Ends what is at work, if anything is. */
  stop(): void {
    this.#abort.abort();
  }

  /** Enlarges the session's picture. */
  async run(plan: PlanFacts): Promise<void> {
    const { engine, items: [item], facts, wish } = this.#session;
    if (facts === undefined) return;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    byId("h-working").textContent = text("working.title", { ...plan.size });
    const look = text(`look.${wish.look}`);
    byId("working-line").textContent = text("working.line", { name: item.name, look });
    show("working");
    const progress = new ProgressFigures(this.#mosaicOf(plan, facts), plan);
    const slider = import("../tessera_compare.js");
    slider.catch(() => {});
    try {
      const stripWidth = Math.min(MOST_SHOWN, byId("mosaic").clientWidth * devicePixelRatio);
      const asks = { ...item, wish, stripWidth };
      const result = await engine.call("enhance", asks, { signal, onNews: progress.take });
      await slider;
      signal.throwIfAborted();
      this.#session.dropResult();
      this.#session.result = result;
      this.#showResult(result, plan, look);
      this.#events.onDone();
    } catch (error) {
      if (!signal.aborted) this.#events.onProblem(error);
    }
  }

  #mosaicOf(plan: PlanFacts, facts: PictureFacts): Mosaic {
    return new Mosaic(byId("mosaic"), partOf(facts.thumb, sharesOf(plan.crop, facts)));
  }

  #showResult(result: ResultFacts, plan: PlanFacts, look: string): void {
    const { width, height, seconds, moving } = result;
    byId("h-done").textContent = text("done.title", { width, height });
    const { width: wide, height: high } = plan.crop;
    const line = text("done.line", { width: wide, height: high, look, time: taken(seconds) });
    const frames = moving && text("done.frames", { frames: moving.frames });
    byId("done-line").textContent = frames === undefined ? line : `${frames} ${line}`;
    const plays = byId<HTMLInputElement>("plays");
    plays.closest("label")!.hidden = moving === undefined;
    plays.checked = moving !== undefined && !matchMedia("(prefers-reduced-motion)").matches;
    const compare = byId("compare");
    compare.setAttribute("zoom", "fit");
    compare.setAttribute("split", "50");
    this.#fillCompare();
    this.#files = new Map();
    this.#fillFormats(result);
    show("done");
    this.#write();
    say(text("done.said"));
  }

  /** Shows the result beside what was before; an animation plays, if it is to. */
  #fillCompare(): void {
    const { result, items: [item], settings } = this.#session;
    if (result === undefined) return;
    const { before, after, rows, moving, width, height } = result;
    const compare = byId<HTMLElement & { detail: unknown }>("compare");
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = [];
    const plays = moving !== undefined && this.#plays;
    const small = plays ? this.#image(moving.before) : canvasOf(before);
    const large = plays ? this.#image(moving.after) : canvasOf(after);
    small.slot = "before";
    large.slot = "after";
    large.setAttribute("role", "img");
    large.setAttribute("aria-label", `${item.name}, ${width} × ${height}`);
    compare.setAttribute("before-label", text("done.before"));
    compare.setAttribute("after-label", text("done.after"));
    compare.setAttribute("slider-label", text("done.slider"));
    // Both begin with their first frames at the same time; the lens shows none but the first.
    compare.toggleAttribute("lens", settings.lens && !plays);
    compare.replaceChildren(small, large);
    compare.detail = rows && { width, height, rows: reader(rows, width) };
    this.#followCompare();
  }

  #image(blob: Blob): HTMLImageElement {
    const src = URL.createObjectURL(blob);
    this.#urls.push(src);
    return make("img", { src, alt: "" });
  }

  /** Formats that cannot hold the result are not offered. */
  #fillFormats(result: ResultFacts): void {
    const possible = formatsOf(result);
    const chosen = formatFor(this.#session.settings, result);
    const labels = possible.map((format) => {
      const input = make("input", { type: "radio", name: "format", value: format });
      input.checked = format === chosen;
      input.addEventListener("change", () => {
        this.#session.choose(result.moving === undefined ? { format } : { movingFormat: format });
        this.#write();
      });
      const words = make("span", {}, ...rich(text(`format.${format}`)));
      const size = make("span", { class: "num", id: `size-${format}` });
      return make("label", {}, input, words, size);
    });
    const legend = byId("formats").querySelector("legend")!;
    byId("formats").replaceChildren(legend, ...labels);
  }

  /** The format of the file that is offered now. */
  get #chosen(): OfferedFormat {
    const input = byId("formats").querySelector<HTMLInputElement>("input:checked");
    return (input?.value ?? "png") as OfferedFormat;
  }

  /** Has the file written in the format that is chosen, and says how large it is. */
  async #write(): Promise<void> {
    const { result } = this.#session;
    const format = this.#chosen;
    if (result === undefined) return;
    byId("file-name").textContent = this.#fileName(format);
    byId("file-size").textContent = text("done.writing", { format: FORMATS[format].name });
    try {
      const size = fileSize((await this.#fileFor(format)).size);
      if (this.#session.result !== result) return;
      byId(`size-${format}`).textContent = size;
      if (this.#chosen !== format) return;
      byId("file-size").textContent = this.#remark(result, format, size);
    } catch {
      if (this.#session.result !== result || this.#chosen !== format) return;
      byId("file-size").textContent = text("done.failed", { format: FORMATS[format].name });
    }
  }

  #remark({ file, transparent, moving }: ResultFacts, format: OfferedFormat, size: string): string {
    if (file !== undefined) return text("done.rows", { size });
    const written = text("done.written", { format: FORMATS[format].name, size });
    const wanted = this.#session.settings.format;
    const replaced = transparent && moving === undefined && wanted === "jpeg";
    return replaced ? `${written}. ${text("done.opaque")}` : written;
  }

  #fileFor(format: OfferedFormat): Promise<Blob> {
    const { engine, result } = this.#session;
    let file = this.#files.get(format);
    if (file === undefined) {
      file = engine.call("encode", { result: result!.result, format });
      this.#files.set(format, file);
    }
    return file;
  }

  #fileName(format: OfferedFormat): string {
    const { settings: { size, custom }, items: [item] } = this.#session;
    return nameOf(item.name, suffixOf(size, custom), format);
  }

  async #download(): Promise<void> {
    const format = this.#chosen;
    try {
      await save(this.#fileFor(format), this.#fileName(format), `image/${format}`);
    } catch (error) {
      byId("file-size").textContent = text("done.unsaved", { message: (error as Error).message });
    }
  }

  #setLens(lens: boolean): void {
    this.#session.choose({ lens });
    if (this.#plays && lens) {
      byId<HTMLInputElement>("plays").checked = false;
      this.#fillCompare();
    }
    byId("compare").toggleAttribute("lens", lens);
    byId<HTMLInputElement>("lens-on").checked = lens;
  }

  get #plays(): boolean {
    return byId<HTMLInputElement>("plays").checked;
  }

  #followCompare(): void {
    const compare = byId("compare");
    if (!this.#plays) this.#session.choose({ lens: compare.hasAttribute("lens") });
    byId<HTMLInputElement>("lens-on").checked = compare.hasAttribute("lens");
    for (const radio of document.querySelectorAll<HTMLInputElement>("[name=zoom]")) {
      radio.checked = radio.value === compare.getAttribute("zoom");
    }
  }

  #key({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): void {
    if (byId("h-done").closest<HTMLElement>(".view")!.hidden) return;
    if (key.toLowerCase() !== "l" || ctrlKey || metaKey || altKey) return;
    this.#setLens(!this.#session.settings.lens);
  }
}

/** Reads rows of pixels in a file. */
function reader(file: Blob, width: number) {
  return async (y: number, count: number): Promise<ImageData> => {
    const bytes = await file.slice(4 * width * y, 4 * width * (y + count)).arrayBuffer();
    return new ImageData(new Uint8ClampedArray(bytes), width, count);
  };
}

function canvasOf(pixels: Pixels): HTMLCanvasElement {
  const canvas = make("canvas");
  paint(canvas, pixels);
  return canvas;
}

/** Percent and time left, in numbers, in the picture and in words. */
class ProgressFigures {
  readonly #mosaic: Mosaic;
  readonly #plan: PlanFacts;
  #said = 0;

  constructor(mosaic: Mosaic, plan: PlanFacts) {
    this.#mosaic = mosaic;
    this.#plan = plan;
    this.#show(0, text("working.begins"));
  }

  readonly take: (news: News) => void = (news) => {
    if (news.kind === "retry") byId("left").textContent = text("working.retry");
    if (news.kind === "strip") {
      const { width } = news.strip;
      const { size } = this.#plan;
      const height = Math.max(1, Math.round(size.height * width / size.width));
      this.#mosaic.lay(news.strip, { width, height });
    }
    if (news.kind !== "progress") return;
    const { fraction, secondsLeft, frame } = news;
    const known = fraction >= ENOUGH && secondsLeft !== undefined;
    const left = known ? text("working.left", { time: duration(secondsLeft) }) : "";
    const { frames } = this.#plan;
    this.#show(
      fraction,
      frame === undefined ? left : text("working.frame", { frame, frames, left }),
    );
    this.#mosaic.progress(fraction);
  };

  #show(fraction: number, left: string): void {
    const percent = Math.floor(100 * fraction);
    byId("percent").textContent = `${percent} %`;
    byId("left").textContent = left;
    const bar = byId("mosaic");
    bar.setAttribute("aria-valuenow", `${percent}`);
    bar.setAttribute("aria-valuetext", `${percent} %. ${left}`);
    const quarter = Math.floor(percent / 25);
    if (quarter <= this.#said || quarter === 4) return;
    this.#said = quarter;
    say(text("working.said", { percent: 25 * quarter }));
  }
}
