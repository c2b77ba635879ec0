/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The picture is there: what it is, how it could look, and how large it is to become. */

import { expectationOf } from "../../src/inspect/expectation.ts";
import type { Size } from "../../src/raster/size.ts";
import { byId, make, paint, partOf, show } from "../dom.ts";
import { type Look, LOOKS, type PictureFacts, type PlanFacts } from "../protocol.ts";
import type { Item, Session } from "../session.ts";
import { sizeFor, type SizeName, SIZES } from "../sizes.ts";
import { text, type TextName } from "../strings.ts";
import { duration } from "../words.ts";

/** The most pixels along a side of a preview. */
const MOST_SHOWN = 1400;

/** Squares along the longer side of a preview that is not there yet. */
const SQUARES = 24;

/** How far an arrow key moves the part that is shown, as a share of the picture. */
const STEP = 0.05;

/** Milliseconds of rest after which a part that was moved, or a size that was typed, counts. */
const REST = 250;

/** Whom the view tells. */
export interface ReadyEvents {
  onGo(plan: PlanFacts): void;
  onOther(): void;
  onOwn(): void;
  onProblem(error: unknown, name: string): void;
}

/** As much of a plan as the previews need. */
type Scaled = Pick<PlanFacts, "scale">;

/** A choice of look: the picture above its name. */
interface Choice {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  time: HTMLElement;
}

/** The view. */
export class ReadyView {
  readonly #session: Session;
  readonly #events: ReadyEvents;
  #abort = new AbortController();
  #choices = new Map<Look | "none", Choice>();
  #centre = { x: 0.5, y: 0.5 };
  #plan: PlanFacts | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session, events: ReadyEvents) {
    this.#session = session;
    this.#events = events;
    byId("go").addEventListener("click", () => this.#go());
    byId("other").addEventListener("click", () => events.onOther());
    byId("own").addEventListener("click", () => events.onOwn());
    for (const name of ["quick", "clean", "whole", "detailed", "moving"] as const) {
      const box = byId<HTMLInputElement>(name);
      box.addEventListener("change", () => this.#choose({ [name]: box.checked }));
    }
    for (const id of ["custom-width", "custom-height"]) {
      byId(id).addEventListener("input", () => this.#typeSize());
    }
    this.#listenToThumb();
    addEventListener("resize", () => this.#soon());
  }

  /** Opens the first of the session's pictures, and shows it. */
  async open(): Promise<void> {
    const [item] = this.#session.items;
    this.stop();
    this.#plan = undefined;
    byId("h-ready").textContent = text("ready.reading", { name: item.name });
    byId("ready-line").textContent = "";
    this.#fillIn();
    this.#label();
    show("ready");
    try {
      this.#session.facts = await this.#session.engine.call("open", item);
      // Another picture may have been given meanwhile.
      if (this.#session.items[0] !== item) return;
      this.#centre = this.#session.facts.focus;
      this.again();
    } catch (error) {
      if (this.#session.items[0] === item) this.#events.onProblem(error, item.name);
    }
  }

  /** Shows the picture that is open, as things are chosen now. */
  again(): void {
    const { facts, items } = this.#session;
    if (facts === undefined) return;
    this.#fillIn();
    this.#describe(facts, items);
    show("ready");
    paint(byId("thumb").querySelector("canvas")!, {
      ...facts.thumb,
      data: new Uint8ClampedArray(facts.thumb.data),
    });
    this.#refresh();
  }

  /** Ends the previews. */
  stop(): void {
    clearTimeout(this.#rest);
    this.#abort.abort();
  }

  #describe(facts: PictureFacts, items: readonly Item[]): void {
    const { width, height, kind, quality } = facts;
    const title = quality === undefined || kind !== "JPEG"
      ? text("ready.title", { width, height, kind })
      : text("ready.title.quality", { width, height, kind, quality });
    const several = items.length > 1;
    const first = text("ready.first", { name: items[0].name });
    byId("h-ready").textContent = several
      ? text("ready.title.several", { count: items.length })
      : title;
    const lead = several ? `${first} ${title}.` : `${items[0].name}.`;
    const { frames } = facts;
    const made = this.#plan?.frames ?? 1;
    const moves = made > 1
      ? "ready.frames"
      : this.#session.settings.moving
      ? "ready.frames.large"
      : "ready.frames.first";
    const parts = [
      ...[lead, this.#cleaning(facts)],
      ...frames > 1 && this.#plan !== undefined ? [text(moves, { frames })] : [],
      ...this.#session.portrait === true ? [text("ready.portrait")] : [],
      ...facts.notes,
    ];
    byId("ready-line").textContent = parts.join(" ");
  }

  #cleaning({ denoise, quality }: PictureFacts): string {
    if (denoise === 0) return text("ready.sound");
    if (!this.#session.settings.clean) return text("ready.kept");
    return text(quality === undefined ? "ready.noise" : "ready.marks");
  }

  /** Puts the choices there, and what of them is chosen. */
  #fillIn(): void {
    const { settings, own, portrait, facts, items, wish: { look: chosen } } = this.#session;
    const looks: Look[] = [
      ...portrait === true ? ["portrait" as const] : [],
      ...LOOKS,
      ...own === undefined ? [] : ["own" as const],
    ];
    this.#choices = new Map([["none", this.#choice("none", false)]]);
    for (const look of looks) this.#choices.set(look, this.#choice(look, look === chosen));
    const fieldset = byId("choices");
    fieldset.querySelectorAll(".choice").forEach((element) => element.remove());
    fieldset.append(...[...this.#choices.values()].map(({ element }) => element));
    this.#countChoices();
    byId<HTMLInputElement>("quick").checked = this.#session.quick;
    for (const name of ["clean", "whole", "detailed", "moving"] as const) {
      byId<HTMLInputElement>(name).checked = settings[name];
    }
    // Of several pictures only the first is known here.
    byId("moving").closest("label")!.hidden = items.length === 1 && (facts?.frames ?? 1) === 1;
    byId<HTMLInputElement>("custom-width").value = String(settings.custom.width);
    byId<HTMLInputElement>("custom-height").value = String(settings.custom.height);
    this.#fillSizes();
  }

  #choice(look: Look | "none", checked: boolean): Choice {
    const canvas = make("canvas");
    const time = make("span", { class: "t num" });
    const caption = make(
      "span",
      { class: "cap" },
      make("b", {}, text(`look.${look}`)),
      time,
      make(
        "span",
        { class: "d" },
        text(`look.${look}.about`, { name: this.#session.own?.name ?? "" }),
      ),
    );
    const picture = make("span", { class: "pic" }, canvas);
    if (look === "none") {
      return { element: make("div", { class: "choice none" }, picture, caption), canvas, time };
    }
    const input = make("input", { type: "radio", name: "look", value: look });
    input.checked = checked;
    input.addEventListener("change", () => {
      this.#session.special = look === "own" || look === "portrait" ? look : undefined;
      if (look !== "own" && look !== "portrait") this.#session.choose({ look });
      this.#label();
    });
    return { element: make("label", { class: "choice" }, input, picture, caption), canvas, time };
  }

  #fillSizes(): void {
    const { settings, facts } = this.#session;
    const chips = SIZES.map((name) => {
      const input = make("input", { type: "radio", name: "size", value: name });
      if (name === "custom") input.className = "custom";
      input.checked = name === settings.size;
      input.addEventListener("change", () => this.#choose({ size: name }));
      const below = this.#sizeText(name, facts);
      const label = make("span", {}, make("b", {}, text(`size.${name}`)), below);
      return make("label", {}, input, label);
    });
    byId("sizes").replaceChildren(...chips);
  }

  #sizeText(name: SizeName, facts: Size | undefined): HTMLElement {
    if (name === "custom") return make("span", {}, text("size.any"));
    if (facts === undefined && name.startsWith("x")) return make("span", {}, "\u00a0");
    const { width, height } = sizeFor(
      name,
      this.#session.settings.custom,
      facts ?? { width: 0, height: 0 },
    );
    return make("span", { class: "num" }, `${width} × ${height}`);
  }

  #choose(choice: Parameters<Session["choose"]>[0]): void {
    this.#session.choose(choice);
    if (this.#session.facts !== undefined) {
      this.#describe(this.#session.facts, this.#session.items);
      this.#refresh();
    }
  }

  #typeSize(): void {
    const side = (id: string) => Number(byId<HTMLInputElement>(id).value);
    const custom = { width: side("custom-width"), height: side("custom-height") };
    const fits = Object.values(custom).every((value) => Number.isInteger(value) && value > 0);
    byId("sum-expect").textContent = fits ? "" : text("ready.badsize");
    byId<HTMLButtonElement>("go").disabled = !fits;
    if (!fits) return this.stop();
    this.#session.choose({ custom });
    this.#soon();
  }

  #soon(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      if (!byId("go").closest<HTMLElement>(".view")!.hidden) this.#refresh();
    }, REST);
  }

  /** Plans, and makes the previews one after the other. */
  #refresh(): void {
    this.stop();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#plan = undefined;
    for (const { time } of this.#choices.values()) time.textContent = "";
    this.#label();
    this.#previewAll(signal).catch((error) => {
      if (signal.aborted) return;
      this.#cannot(error);
    });
  }

  async #previewAll(signal: AbortSignal): Promise<void> {
    const { engine, wish, items: [item], facts } = this.#session;
    if (facts === undefined) return;
    const scale = this.#scaleFor(facts);
    if (scale < 1) return this.#say(text("ready.larger"));
    // Squares and the frame on the small copy are there at once; the first plan has a device opened.
    this.#mark({ scale });
    this.#layMosaics(this.#choices.values(), { scale }, facts);
    const plan = await engine.call("plan", { ...item, wish }, { signal });
    this.#plan = plan;
    this.#describe(facts, this.#session.items);
    this.#sum(plan, facts);
    // The small network first, so that there is soon something to see.
    if (!wish.quick) await this.#preview("faithful", true, signal);
    for (const look of this.#looks()) {
      await this.#preview(look, wish.quick, signal);
      await this.#estimate(look, signal);
    }
    // The first of them also measured how long shaders take to compile.
    for (const look of this.#looks()) await this.#estimate(look, signal);
    if (await this.#findPortrait(signal)) {
      await this.#preview("portrait", wish.quick, signal);
      await this.#estimate("portrait", signal);
    }
  }

  /** Looks for a face once for each picture, and offers its look where one is found for the first time. */
  async #findPortrait(signal: AbortSignal): Promise<boolean> {
    const { engine, items: [item], facts, portrait } = this.#session;
    if (portrait !== undefined || facts?.content !== "photo") return false;
    const { picture } = item;
    // Without the detector the picture can be enlarged all the same.
    const found = await engine.call("portrait", { picture }, { signal }).catch(() => false);
    signal.throwIfAborted();
    this.#session.portrait = found;
    if (!found) return false;
    const choice = this.#choice("portrait", false);
    const [none, ...others] = this.#choices;
    this.#choices = new Map([none, ["portrait", choice], ...others]);
    none[1].element.after(choice.element);
    this.#countChoices();
    if (this.#plan !== undefined) this.#layMosaics([choice], this.#plan, facts);
    this.#describe(facts, this.#session.items);
    return true;
  }

  #countChoices(): void {
    byId("choices").style.setProperty("--looks", String(this.#choices.size));
  }

  async #estimate(look: Look, signal: AbortSignal): Promise<void> {
    const { engine, wish, items: [item] } = this.#session;
    const asks = { ...item, wish: { ...wish, look } };
    const seconds = await engine.call("estimate", asks, { signal });
    if (seconds === undefined) return;
    this.#choices.get(look)!.time.textContent = duration(seconds);
    this.#label();
  }

  /** The looks, what is chosen before the others. */
  #looks(): Look[] {
    const looks = [...this.#choices.keys()].filter((look) => look !== "none");
    const { look } = this.#session.wish;
    return [look, ...looks.filter((other) => other !== look)];
  }

  async #preview(
    look: Look,
    quick: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, wish, items: [item] } = this.#session;
    const { canvas } = this.#choices.get(look)!;
    const asks = {
      ...item,
      wish: { ...wish, look, quick },
      centre: this.#centre,
      shown: this.#shownSize(),
    };
    const { pixels, before } = await engine.call("preview", asks, { signal });
    const none = this.#choices.get("none")!.canvas;
    canvas.className = "";
    none.className = "";
    paint(canvas, pixels);
    atFullSize(canvas, pixels);
    const source = partOf(before, { x: 0, y: 0, width: 1, height: 1 });
    none.width = pixels.width;
    none.height = pixels.height;
    const context = none.getContext("2d")!;
    context.imageSmoothingQuality = "high";
    context.drawImage(source, 0, 0, pixels.width, pixels.height);
    atFullSize(none, pixels);
  }

  #shownSize(): Size {
    const { clientWidth, clientHeight } = this.#choices.get("none")!.canvas.parentElement!;
    const side = (css: number) => Math.max(64, Math.min(MOST_SHOWN, css * devicePixelRatio));
    return { width: Math.ceil(side(clientWidth)), height: Math.ceil(side(clientHeight)) };
  }

  /** The part that the previews show, as shares of the picture. */
  #seen({ scale }: Scaled, { width, height }: Size) {
    const { width: wide, height: high } = this.#shownSize();
    const share = { x: Math.min(1, wide / scale / width), y: Math.min(1, high / scale / height) };
    const at = (middle: number, part: number) => Math.max(0, Math.min(middle - part / 2, 1 - part));
    return {
      x: at(this.#centre.x, share.x),
      y: at(this.#centre.y, share.y),
      width: share.x,
      height: share.y,
    };
  }

  #mark(plan: Scaled): void {
    const { facts } = this.#session;
    if (facts === undefined) return;
    const { x, y, width, height } = this.#seen(plan, facts);
    const { style } = byId("thumb").querySelector("i")!;
    style.left = `${100 * x}%`;
    style.top = `${100 * y}%`;
    style.width = `${100 * width}%`;
    style.height = `${100 * height}%`;
  }

  #layMosaics(choices: Iterable<Choice>, plan: Scaled, facts: PictureFacts): void {
    const seen = this.#seen(plan, facts);
    const part = partOf(facts.thumb, seen);
    const scale = Math.min(1, SQUARES / Math.max(part.width, part.height));
    const size = { width: facts.width * seen.width * plan.scale, height: 0 };
    size.height = facts.height * seen.height * plan.scale;
    for (const { canvas } of choices) {
      canvas.width = Math.max(1, Math.round(part.width * scale));
      canvas.height = Math.max(1, Math.round(part.height * scale));
      canvas.getContext("2d")!.drawImage(part, 0, 0, canvas.width, canvas.height);
      canvas.className = "pixels";
      atFullSize(canvas, size);
    }
  }

  /** Result pixels per pixel of the picture, as things are chosen. */
  #scaleFor(facts: PictureFacts): number {
    const { settings: { size, custom, whole } } = this.#session;
    const wanted = sizeFor(size, custom, facts);
    const factors = [wanted.width / facts.width, wanted.height / facts.height];
    return whole ? Math.min(...factors) : Math.max(...factors);
  }

  #sum({ crop, size, scale }: PlanFacts, facts: PictureFacts): void {
    const { width, height } = crop;
    const isCut = width < facts.width || height < facts.height;
    const cut: TextName = this.#session.settings.detailed ? "ready.cut.detailed" : "ready.cut";
    byId("sum-part").textContent = isCut
      ? text(cut, { width, height })
      : this.#session.settings.whole
      ? text("ready.result", { ...size })
      : text("ready.wholly");
    const expectation = expectationOf(scale, facts);
    byId("sum-expect").textContent = expectation === "no enlarging"
      ? ""
      : text(`ready.${expectation}`);
  }

  /** Says why it cannot be done as things are chosen. */
  #say(reason: string): void {
    byId("sum-part").textContent = "";
    byId("sum-expect").textContent = reason;
    byId<HTMLButtonElement>("go").disabled = true;
  }

  #cannot(error: unknown): void {
    const { failure } = error as { failure?: { name: string; message: string } };
    if (failure?.name === "UsageError") return this.#say(`${failure.message}.`);
    this.#events.onProblem(error, this.#session.items[0].name);
  }

  #label(): void {
    const { items, wish } = this.#session;
    const button = byId<HTMLButtonElement>("go");
    const time = this.#choices.get(wish.look)?.time.textContent ?? "";
    button.disabled = this.#session.facts === undefined;
    button.textContent = items.length > 1
      ? text("ready.go.several", { count: items.length })
      : time === ""
      ? text("ready.go")
      : text("ready.go.time", { time });
  }

  #go(): void {
    const { facts, wish, items: [item] } = this.#session;
    if (facts === undefined) return;
    this.stop();
    if (this.#plan !== undefined) return this.#events.onGo(this.#plan);
    this.#session.engine.call("plan", { ...item, wish }).then(
      (plan) => this.#events.onGo(plan),
      (error) => this.#cannot(error),
    );
  }

  #listenToThumb(): void {
    const thumb = byId("thumb");
    const place = (event: PointerEvent) => {
      const { left, top, width, height } = thumb.getBoundingClientRect();
      this.#moveTo((event.clientX - left) / width, (event.clientY - top) / height);
    };
    thumb.addEventListener("pointerdown", (event) => {
      thumb.setPointerCapture(event.pointerId);
      place(event);
    });
    thumb.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) place(event);
    });
    const arrows: Record<string, [number, number]> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, -STEP],
      ArrowDown: [0, STEP],
    };
    thumb.addEventListener("keydown", (event) => {
      const step = arrows[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.#moveTo(this.#centre.x + step[0], this.#centre.y + step[1]);
    });
  }

  #moveTo(x: number, y: number): void {
    const within = (value: number) => Math.max(0, Math.min(value, 1));
    this.#centre = { x: within(x), y: within(y) };
    if (this.#plan !== undefined) this.#mark(this.#plan);
    this.#soon();
  }
}

/** Shows a canvas at 100 %: one of its pixels, or of the size given, is one of the screen. */
function atFullSize(canvas: HTMLCanvasElement, { width, height }: Size): void {
  canvas.style.width = `${width / devicePixelRatio}px`;
  canvas.style.height = `${height / devicePixelRatio}px`;
}
