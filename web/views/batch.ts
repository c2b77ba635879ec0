/// <reference lib="dom" />
/** Several pictures: a contact sheet on which each shows its own state. */

import { byId, icon, make, partOf, sharesOf, show } from "../dom.ts";
import { formatFor } from "../formats.ts";
import { Mosaic } from "../mosaic.ts";
import { distinct, nameOf } from "../names.ts";
import type { News, PlanFacts, Wish } from "../protocol.ts";
import { save } from "../save.ts";
import type { Item, Session } from "../session.ts";
import { sizeText, suffixOf } from "../sizes.ts";
import { text } from "../strings.ts";
import { duration, fileSize } from "../words.ts";
import { zipOf } from "../zip.ts";
import { failureOf, isUnknownKind } from "./problem.ts";

/** The widest that a picture of the sheet is shown, in pixels. */
const MOST_SHOWN = 640;

/** Failures after which nothing else could be done. */
const FATAL = ["NoGpuError", "DeviceLostError", "WorkerError"];

/** Whom the view tells. */
export interface BatchEvents {
  onAdd(): void;
  onLeave(): void;
  onProblem(error: unknown): void;
}

/** A picture on the sheet. */
interface Entry {
  item: Item;
  row: HTMLElement;
  picture: HTMLElement;
  line: HTMLElement;
  state: "waiting" | "working" | "done" | "out";
  output: { name: string; file: Blob } | undefined;
  /** Whether it is an animation of which only the first frame was taken. */
  stands: boolean;
}

/** The view. */
export class BatchView {
  readonly #session: Session;
  readonly #events: BatchEvents;
  #entries: Entry[] = [];
  #abort = new AbortController();
  #fraction = 0;
  #start = 0;
  #wish: Wish | undefined;

  constructor(session: Session, events: BatchEvents) {
    this.#session = session;
    this.#events = events;
    byId("add").addEventListener("click", () => events.onAdd());
    byId("zip").addEventListener("click", () => this.#downloadAll());
    byId("batch-cancel").addEventListener("click", () => {
      if (this.#isAtWork) this.stop();
      else events.onLeave();
    });
  }

  get #isAtWork(): boolean {
    return this.#entries.some(({ state }) => state === "waiting" || state === "working");
  }

  /** Ends what is at work; what is done stays. */
  stop(): void {
    this.#abort.abort();
  }

  /** Enlarges all pictures of the session, as things are chosen now. */
  async run(): Promise<void> {
    this.#wish = this.#session.wish;
    this.#entries = [];
    byId("sheet").replaceChildren();
    this.#append(this.#session.items);
    show("batch");
    await this.#work();
  }

  /** Takes more pictures in. */
  async add(items: readonly Item[]): Promise<void> {
    const wasAtWork = this.#isAtWork;
    this.#session.items.push(...items);
    this.#append(items);
    if (!wasAtWork) await this.#work();
  }

  #append(items: readonly Item[]): void {
    for (const item of items) {
      const picture = make("div", { class: "pic fit" });
      const line = make("span", { class: "num" }, text("batch.waiting"));
      const words = make("div", { class: "words" }, make("b", {}, item.name), line);
      const row = make("li", { class: "wait" }, picture, words);
      byId("sheet").append(row);
      this.#entries.push({
        item,
        row,
        picture,
        line,
        state: "waiting",
        output: undefined,
        stands: false,
      });
      layWaiting(picture, item.file);
    }
    this.#tell();
  }

  async #work(): Promise<void> {
    this.#abort = new AbortController();
    this.#start = performance.now();
    for (let next; (next = this.#entries.find(({ state }) => state === "waiting"));) {
      if (this.#abort.signal.aborted) this.#leaveOut(next, text("batch.stopped"));
      else await this.#one(next);
    }
    this.#fraction = 0;
    this.#tell();
  }

  async #one(entry: Entry): Promise<void> {
    const { signal } = this.#abort;
    entry.state = "working";
    entry.row.className = "";
    entry.line.textContent = text("batch.reading");
    this.#fraction = 0;
    try {
      entry.output = await this.#enlarge(entry, signal);
      entry.state = "done";
      const done = text("batch.done", { size: fileSize(entry.output.file.size) });
      entry.line.textContent = entry.stands ? `${done}. ${text("batch.frame")}` : done;
      entry.row.append(this.#downloadButton(entry));
    } catch (error) {
      if (signal.aborted) this.#leaveOut(entry, text("batch.stopped"));
      else this.#fail(entry, error);
    }
    this.#tell();
  }

  async #enlarge(entry: Entry, signal: AbortSignal) {
    const { item, picture, line } = entry;
    const { engine } = this.#session;
    const wish = this.#wish!;
    const facts = await engine.call("open", item, { signal });
    picture.replaceChildren(partOf(facts.thumb, { x: 0, y: 0, width: 1, height: 1 }));
    const plan = await engine.call("plan", { ...item, wish }, { signal });
    entry.stands = facts.frames > plan.frames;
    const mosaic = new Mosaic(picture, partOf(facts.thumb, sharesOf(plan.crop, facts)));
    const stripWidth = Math.min(MOST_SHOWN, picture.clientWidth * devicePixelRatio);
    const onNews = (news: News) => this.#follow(news, mosaic, plan, line);
    const result = await engine.call("enhance", { ...item, wish, stripWidth }, {
      signal,
      onNews,
    });
    try {
      const { size, custom } = this.#session.settings;
      const format = formatFor(this.#session.settings, result);
      const file = await engine.call("encode", { result: result.result, format }, { signal });
      return { name: nameOf(item.name, suffixOf(size, custom), format), file };
    } finally {
      // A file on the disk stays for the download; what is in memory, or beside it, is done with.
      const done = result.result;
      engine.call("drop", result.file === undefined ? { result: done } : { rowsOf: done });
      engine.call("drop", { picture: item.picture });
    }
  }

  #follow(news: News, mosaic: Mosaic, { size }: PlanFacts, line: HTMLElement): void {
    if (news.kind === "strip") {
      const { width } = news.strip;
      mosaic.lay(news.strip, { width, height: Math.round(size.height * width / size.width) });
    }
    if (news.kind !== "progress") return;
    this.#fraction = news.fraction;
    mosaic.progress(news.fraction);
    line.textContent = text("batch.progress", { percent: Math.floor(100 * news.fraction) });
    this.#tell();
  }

  #downloadButton({ output }: Entry): HTMLElement {
    const { name, file } = output!;
    const label = text("batch.download", { name });
    const button = make("button", { class: "icon", "aria-label": label }, icon("down"));
    button.addEventListener("click", () => this.#save(Promise.resolve(file), name, file.type));
    return button;
  }

  #fail(entry: Entry, error: unknown): void {
    const failure = failureOf(error);
    const { name, message } = failure;
    const reason = /larger than/.test(message)
      ? text("batch.larger")
      : isUnknownKind(failure)
      ? text("batch.unknown")
      : message;
    this.#leaveOut(entry, text("batch.out", { reason }));
    if (!entry.picture.hasChildNodes()) {
      entry.row.className = "none";
      entry.picture.textContent = text("batch.none");
    }
    if (!FATAL.includes(name)) return;
    this.#abort.abort();
    this.#events.onProblem(error);
  }

  #leaveOut(entry: Entry, words: string): void {
    entry.state = "out";
    entry.row.className = "out";
    entry.line.textContent = words;
  }

  #tell(): void {
    const count = (state: Entry["state"]) =>
      this.#entries.filter((entry) => entry.state === state).length;
    const [done, out, all] = [count("done"), count("out"), this.#entries.length];
    const { size, custom } = this.#session.settings;
    byId("h-batch").textContent = text("batch.title", { count: all, size: sizeText(size, custom) });
    const waiting = all - done - out;
    byId("batch-line").textContent = text("batch.line", { done, waiting, out });
    const fraction = all === 0 ? 0 : (done + out + (waiting > 0 ? this.#fraction : 0)) / all;
    // At the end the line says it; of what was stopped, 100 % would be wrong.
    byId("batch-percent").textContent = waiting > 0 ? `${Math.floor(100 * fraction)} %` : "";
    byId("batch-left").textContent = this.#timeLeft(fraction, waiting);
    const zip = byId<HTMLButtonElement>("zip");
    zip.disabled = done === 0;
    zip.querySelector("span")!.textContent = text("batch.zip", { count: done });
    byId("batch-cancel").textContent = text(waiting > 0 ? "cancel" : "batch.again");
  }

  #timeLeft(fraction: number, waiting: number): string {
    if (waiting === 0 || fraction < 0.1) return "";
    const seconds = (performance.now() - this.#start) / 1000;
    return text("working.left", { time: duration(seconds * (1 - fraction) / fraction) });
  }

  async #downloadAll(): Promise<void> {
    const outputs = this.#entries.flatMap(({ output }) => output ?? []);
    const names = distinct(outputs.map(({ name }) => name));
    const archive = zipOf(outputs.map(({ file }, i) => ({ name: names[i], file })));
    if (archive === undefined) byId("batch-left").textContent = text("batch.large");
    else await this.#save(archive, "tessera.zip", "application/zip");
  }

  async #save(file: Promise<Blob>, name: string, type: string): Promise<void> {
    try {
      await save(file, name, type);
    } catch (error) {
      byId("batch-left").textContent = text("done.unsaved", { message: (error as Error).message });
    }
  }
}

/** Shows a picture that waits as squares, if the browser itself can read it. */
async function layWaiting(element: HTMLElement, file: Blob): Promise<void> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined || element.hasChildNodes()) return bitmap?.close();
  const canvas = make("canvas");
  const scale = Math.min(1, MOST_SHOWN / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  new Mosaic(element, canvas);
}
