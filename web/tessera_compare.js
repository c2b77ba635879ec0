// @ts-check
/// <reference lib="dom" />
/**
 * `<tessera-compare>`: two pictures of the same thing, one over the other, with a slider, a zoom and a
 * lens, by mouse, touch and keyboard. It needs nothing else, so that a page of the command line can
 * hold it as it is: that is why this file is JavaScript, and imports nothing.
 *
 * ```html
 * <tessera-compare lens>
 *   <img slot="before" src="small.jpg" alt="Before">
 *   <img slot="after" src="large.png" alt="After">
 * </tessera-compare>
 * ```
 *
 * The pictures are `<img>` or `<canvas>`, and may be of different sizes: both are shown at the size of
 * the larger one. The element fills the box that it is given. Attributes:
 *
 * - `split`: how much of the width shows the picture from before, in percent. Default: 50.
 * - `zoom`: `fit`, or `100` for one pixel of the picture on one of the screen. Default: `fit`.
 * - `lens`: a round piece of both at 100 %, before on its left and after on its right.
 * - `pixels`: pixels of an enlarged picture are squares.
 * - `before-label`, `after-label`, `slider-label`: its words.
 *
 * Its property `detail` has the rows of a large picture of which the element in `after` is a small copy;
 * they are read where they are looked at.
 *
 * It fires `change` when a person changes the zoom or the lens.
 */

const STYLE = `
:host { display: block; position: relative; min-width: 0; min-height: 0; container-type: size;
  overflow: hidden; touch-action: pan-y; user-select: none; -webkit-user-select: none; cursor: ew-resize; }
:host([zoomed]) { cursor: grab; touch-action: none; }
[hidden] { display: none !important; }
#paper { position: absolute; left: 0; top: 0; background:
  repeating-conic-gradient(#8c8c8c 0 25%, #999 0 50%) 0 0 / 16px 16px; }
::slotted(*) { position: absolute !important; left: 0; top: 0; max-width: none !important;
  margin: 0 !important; pointer-events: none; object-fit: cover; }
#detail { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.tag { position: absolute; padding: 3px 9px; font-size: .8125rem; line-height: 1.5; color: #fff;
  background: rgb(0 0 0 / .74); border-radius: 4px; pointer-events: none; white-space: nowrap; }
#handle { position: absolute; top: 0; bottom: 0; width: 44px; margin-left: -22px; cursor: ew-resize;
  display: grid; place-items: center; touch-action: none; outline: 0; }
#handle::before { content: ""; position: absolute; left: 21px; width: 2px; height: 100%;
  background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / .4); }
#handle i { position: relative; width: 44px; height: 44px; display: grid; place-items: center;
  background: #fff; color: #171717; border-radius: 4px; box-shadow: 0 0 0 1px rgb(0 0 0 / .4); }
#handle:focus-visible i { outline: 3px solid var(--accent, Highlight); outline-offset: 2px; }
svg { width: 22px; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round;
  stroke-linejoin: round; }
#lens { position: absolute; width: clamp(112px, 24cqmin, 300px); aspect-ratio: 1; translate: -50% -50%;
  border-radius: 50%; box-shadow: 0 0 0 2px #fff, 0 0 0 3px rgb(0 0 0 / .5); pointer-events: none;
  background: #777; }
@media (min-width: 700px) { #lens { width: clamp(180px, 36cqmin, 360px); } }
`;

const SHADOW = `
<div id="paper" part="paper"></div>
<slot name="after"></slot>
<canvas id="detail" hidden aria-hidden="true"></canvas>
<slot name="before"></slot>
<span class="tag" id="before-tag"></span>
<span class="tag" id="after-tag"></span>
<div id="handle" role="slider" tabindex="0" aria-valuemin="0" aria-valuemax="100"><i>
  <svg viewBox="0 0 20 20" aria-hidden="true"><path d="m7.5 5-5 5 5 5m5-10 5 5-5 5"/></svg>
</i></div>
<canvas id="lens" hidden aria-hidden="true"></canvas>
`;

/** How far a key moves the slider, in percent; with the shift key, less. */
const STEP = { plain: 2, shift: 0.5 };

/** How far an arrow key moves a picture that is larger than its box, as a part of the box. */
const PAN = 0.1;

/** A step of the zoom by key, and the most CSS pixels for a pixel of the picture. */
const ZOOM = { step: 1.25, most: 8 };

/** Milliseconds until a finger that rests opens the lens, and the pixels it may move meanwhile. */
const REST = { time: 350, slack: 8 };

/** How far above a finger the lens is, as a part of its own size. */
const ABOVE_FINGER = 0.75;

/** Space between a label and the edge of the picture, in CSS pixels. */
const GAP = 12;

/** @typedef {HTMLImageElement | HTMLCanvasElement} Shown */
/** @typedef {{ x: number, y: number }} Point */
/** Where a picture is drawn, and pixels there for one of it. @typedef {{ left: number, top: number, scale: number }} Drawn */

/**
 * A picture too large to be in memory, of which the element in its slot is a small copy.
 *
 * @typedef {object} Detail
 * @property {number} width
 * @property {number} height
 * @property {(y: number, count: number) => Promise<ImageData>} rows
 */

/** The rows of a large picture that are read together at least, and the most pixels. */
const ROWS = { least: 1024, mostPixels: 2 ** 25 };

/** The pixels of a picture, or 0 x 0 until they are there. @param {Shown} picture */
function sizeOf(picture) {
  return picture instanceof HTMLImageElement
    ? { width: picture.naturalWidth, height: picture.naturalHeight }
    : { width: picture.width, height: picture.height };
}

/** @param {number} least @param {number} value @param {number} most */
function between(least, value, most) {
  return Math.max(least, Math.min(value, most));
}

export class TesseraCompare extends HTMLElement {
  static observedAttributes = [
    "split",
    "zoom",
    "lens",
    "pixels",
    "before-label",
    "after-label",
    "slider-label",
  ];

  #shadow = this.attachShadow({ mode: "open" });
  #split = 50;
  /** CSS pixels for one pixel of the larger picture; undefined: as large as the box allows. */
  #zoom = /** @type {number | undefined} */ (undefined);
  /** What is in the middle of the box, each from 0 to 1. */
  #centre = { x: 0.5, y: 0.5 };
  /** Where the lens looks, each from 0 to 1, and by how much it is shown higher than that. */
  #spot = { x: 0.5, y: 0.5 };
  #raised = 0;
  /** @type {Map<number, Point>} */
  #pointers = new Map();
  /** What a drag does. */
  #drag = /** @type {"split" | "pan" | "pinch" | "lens" | undefined} */ (undefined);
  #rest = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  #frame = 0;
  /** @type {Detail | undefined} */
  #detail;
  /** Rows of it that were read, from `y` on. */
  #read = { y: 0, canvas: document.createElement("canvas") };
  #isReading = false;
  #resizes = new ResizeObserver(() => this.#draw());

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#shadow.adoptedStyleSheets = [sheet];
    this.#shadow.innerHTML = SHADOW;
    this.#shadow.addEventListener("slotchange", () => this.#listenToPictures());
    this.addEventListener("pointerdown", (event) => this.#press(event));
    this.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      this.addEventListener(name, (event) => this.#release(/** @type {PointerEvent} */ (event)));
    }
    this.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.addEventListener("dblclick", (event) => this.#toggleZoom(this.#placeOf(event)));
    this.addEventListener("contextmenu", (event) => {
      if (this.#drag === "lens") event.preventDefault();
    });
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  connectedCallback() {
    this.#resizes.observe(this);
    this.#listenToPictures();
  }

  disconnectedCallback() {
    this.#resizes.disconnect();
  }

  /** @param {string} name @param {string | null} _before @param {string | null} value */
  attributeChangedCallback(name, _before, value) {
    if (name === "split") this.#split = between(0, Number(value ?? 50), 100);
    if (name === "zoom" && value !== "free") {
      this.#zoom = value === "100" ? 1 / devicePixelRatio : undefined;
    }
    this.#draw();
  }

  /** Draws again, after the pictures have changed. */
  refresh() {
    this.#draw();
  }

  /** @param {Detail | undefined} detail */
  set detail(detail) {
    this.#detail = detail;
    this.#read.canvas.width = this.#read.canvas.height = 0;
    this.#draw();
  }

  get #before() {
    return /** @type {Shown | null} */ (this.querySelector(":scope > [slot=before]"));
  }

  get #after() {
    return /** @type {Shown | null} */ (this.querySelector(":scope > [slot=after]"));
  }

  /** @param {string} id */
  #part(id) {
    return /** @type {HTMLElement} */ (this.#shadow.getElementById(id));
  }

  #listenToPictures() {
    for (const picture of [this.#before, this.#after]) {
      picture?.addEventListener("load", () => this.#draw());
    }
    this.#draw();
  }

  /** @param {Shown} picture */
  #sizeOf(picture) {
    return picture === this.#after && this.#detail ? this.#detail : sizeOf(picture);
  }

  /** The pixels of the larger picture. */
  #size() {
    const [before, after] = [this.#before, this.#after].map((picture) =>
      picture === null ? { width: 0, height: 0 } : this.#sizeOf(picture)
    );
    return before.width * before.height > after.width * after.height ? before : after;
  }

  /** How large and where the picture is in the box, in CSS pixels. */
  #place() {
    const size = this.#size();
    const box = { width: this.clientWidth, height: this.clientHeight };
    const fit = Math.min(box.width / size.width, box.height / size.height);
    const zoom = Math.max(this.#zoom ?? fit, Math.min(fit, 1 / devicePixelRatio));
    const [width, height] = [size.width * zoom, size.height * zoom];
    const at = (/** @type {number} */ room, /** @type {number} */ side, /** @type {number} */ to) =>
      side <= room ? (room - side) / 2 : between(room - side, room / 2 - to * side, 0);
    return {
      ...{ width, height, zoom, fit, box },
      left: at(box.width, width, this.#centre.x),
      top: at(box.height, height, this.#centre.y),
    };
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#drawNow());
  }

  #drawNow() {
    const place = this.#place();
    if (!(place.width > 0)) return;
    const { left, top, width, height, box } = place;
    this.toggleAttribute("zoomed", width > box.width + 1 || height > box.height + 1);
    for (const part of [this.#part("paper"), this.#before, this.#after]) {
      if (part === null) continue;
      part.style.width = `${width}px`;
      part.style.height = `${height}px`;
      part.style.transform = `translate(${left}px, ${top}px)`;
      part.style.imageRendering = this.hasAttribute("pixels") ? "pixelated" : "";
    }
    const seen = {
      top: Math.max(0, top),
      left: Math.max(0, left),
      right: Math.min(box.width, left + width),
      bottom: Math.min(box.height, top + height),
    };
    const line = seen.left + (seen.right - seen.left) * this.#split / 100;
    if (this.#before !== null) {
      this.#before.style.clipPath = `inset(0 ${left + width - line}px 0 0)`;
    }
    if (this.#after !== null) this.#after.style.clipPath = `inset(0 0 0 ${line - left}px)`;
    this.#drawOverlay(place, line);
    this.#drawHandle(seen, line);
    this.#drawTags(seen, line);
    this.#drawLens(place);
  }

  /** @param {{ top: number, bottom: number }} seen @param {number} line */
  #drawHandle(seen, line) {
    const handle = this.#part("handle");
    const percent = Math.round(this.#split);
    handle.style.left = `${line}px`;
    handle.style.top = `${seen.top}px`;
    handle.style.bottom = `${this.clientHeight - seen.bottom}px`;
    handle.setAttribute("aria-label", this.getAttribute("slider-label") ?? "Before and after");
    handle.setAttribute("aria-valuenow", `${percent}`);
    handle.setAttribute("aria-valuetext", `${percent} % ${this.#word("before")}`);
  }

  /** @param {"before" | "after"} which */
  #word(which) {
    return this.getAttribute(`${which}-label`) ?? (which === "before" ? "Before" : "After");
  }

  /** @param {{ left: number, right: number, bottom: number }} seen @param {number} line */
  #drawTags(seen, line) {
    for (const which of /** @type {const} */ (["before", "after"])) {
      const tag = this.#part(`${which}-tag`);
      tag.textContent = this.#word(which);
      tag.style.bottom = `${this.clientHeight - seen.bottom + GAP}px`;
      const room = which === "before" ? line - seen.left : seen.right - line;
      tag.hidden = room < tag.offsetWidth + 2 * GAP && !(tag.hidden && room > 96);
    }
    this.#part("before-tag").style.left = `${seen.left + GAP}px`;
    this.#part("after-tag").style.right = `${this.clientWidth - seen.right + GAP}px`;
  }

  /** @param {{ left: number, top: number, width: number, height: number, zoom: number }} place */
  #drawLens({ left, top, width, height, zoom }) {
    const lens = /** @type {HTMLCanvasElement} */ (this.#part("lens"));
    const [before, after] = [this.#before, this.#after];
    lens.hidden = !this.hasAttribute("lens") || before === null || after === null;
    if (lens.hidden || before === null || after === null) return;
    const side = lens.offsetWidth;
    const x = between(0, left + this.#spot.x * width, this.clientWidth);
    const y = between(0, top + this.#spot.y * height, this.clientHeight);
    lens.style.left = `${x}px`;
    lens.style.top = `${y - this.#raised * side}px`;
    lens.width = lens.height = Math.round(side * devicePixelRatio);
    const context = /** @type {CanvasRenderingContext2D} */ (lens.getContext("2d"));
    // Where the picture is hardly smaller than at 100 %, twice its size.
    const scale = Math.max(1, 2 * zoom * devicePixelRatio > 1.5 ? 2 * zoom * devicePixelRatio : 1);
    const half = lens.width / 2;
    context.arc(half, half, half, 0, 2 * Math.PI);
    context.clip();
    const { width: pixels } = this.#size();
    this.#drawHalf(context, before, scale * pixels, { from: 0, to: half });
    this.#drawHalf(context, after, scale * pixels, { from: half, to: 2 * half });
    context.fillStyle = "#fff";
    context.fillRect(half - devicePixelRatio / 2, 0, devicePixelRatio, 2 * half);
  }

  /**
   * Draws what a picture has around the spot into a part of the lens.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Shown} picture
   * @param {number} wide How wide the whole picture would be, in pixels of the lens.
   * @param {{ from: number, to: number }} part
   */
  #drawHalf(context, picture, wide, { from, to }) {
    const { width, height } = this.#sizeOf(picture);
    const whole = this.#size();
    const high = wide * whole.height / whole.width;
    // As `object-fit: cover` has it where proportions differ.
    const scale = Math.max(wide / width, high / height);
    const half = context.canvas.width / 2;
    const left = half - this.#spot.x * wide + (wide - width * scale) / 2;
    const top = half - this.#spot.y * high + (high - height * scale) / 2;
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, 2 * half);
    context.clip();
    context.imageSmoothingEnabled = scale <= 1 || !this.hasAttribute("pixels");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, left, top, width * scale, height * scale);
    if (picture === this.#after) this.#drawDetail(context, { left, top, scale });
    context.restore();
  }

  /**
   * Draws a large picture over its small copy, where that is too small.
   *
   * @param {{ left: number, top: number, zoom: number, box: { width: number, height: number } }} place
   * @param {number} line
   */
  #drawOverlay({ left, top, zoom, box }, line) {
    const overlay = /** @type {HTMLCanvasElement} */ (this.#part("detail"));
    const drawn = {
      left: left * devicePixelRatio,
      top: top * devicePixelRatio,
      scale: zoom * devicePixelRatio,
    };
    overlay.hidden = !this.#isCoarse(drawn);
    if (overlay.hidden) return;
    overlay.width = Math.round(box.width * devicePixelRatio);
    overlay.height = Math.round(box.height * devicePixelRatio);
    overlay.style.clipPath = `inset(0 0 0 ${line}px)`;
    this.#drawDetail(/** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d")), drawn);
  }

  /** Whether the small copy of a large picture has less than is shown. @param {Drawn} drawn */
  #isCoarse({ scale }) {
    if (this.#detail === undefined || this.#after === null) return false;
    return scale * this.#detail.width > 1.02 * sizeOf(this.#after).width;
  }

  /**
   * Draws the rows of a large picture that were read, and has those read that are wanted.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Drawn} drawn
   */
  #drawDetail(context, drawn) {
    if (this.#detail === undefined || !this.#isCoarse(drawn)) return;
    const { left, top, scale } = drawn;
    const { width, height } = this.#detail;
    const first = between(0, Math.floor(-top / scale), height);
    const last = between(0, Math.ceil((context.canvas.height - top) / scale), height);
    this.#want(first, last);
    const { y, canvas } = this.#read;
    if (canvas.height === 0) return;
    context.drawImage(canvas, left, top + y * scale, width * scale, canvas.height * scale);
  }

  /** Reads rows, unless they are there. @param {number} first @param {number} last */
  async #want(first, last) {
    const detail = this.#detail;
    const { y, canvas } = this.#read;
    const isThere = first >= y && last <= y + canvas.height;
    if (detail === undefined || isThere || this.#isReading) return;
    const least = Math.min(ROWS.least, Math.floor(ROWS.mostPixels / detail.width));
    const count = Math.min(detail.height, Math.max(least, last - first));
    if (count * detail.width > ROWS.mostPixels) return;
    const from = between(0, Math.round((first + last - count) / 2), detail.height - count);
    this.#isReading = true;
    try {
      const rows = await detail.rows(from, count);
      if (detail !== this.#detail) return;
      canvas.width = rows.width;
      canvas.height = rows.height;
      /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(rows, 0, 0);
      this.#read.y = from;
      this.#draw();
    } catch {
      // What was on the disk is gone: the small copy is what there is.
    } finally {
      this.#isReading = false;
      // Another picture came meanwhile, of which no rows were read yet.
      if (detail !== this.#detail) this.#draw();
    }
  }

  /** Where in the picture a pointer is, each from 0 to 1. @param {MouseEvent | Point} at */
  #placeOf(at) {
    const { left, top, width, height } = this.#place();
    const box = this.getBoundingClientRect();
    const [x, y] = at instanceof MouseEvent
      ? [at.clientX - box.left, at.clientY - box.top]
      : [at.x, at.y];
    return { x: between(0, (x - left) / width, 1), y: between(0, (y - top) / height, 1) };
  }

  /** @param {PointerEvent} event */
  #pointOf(event) {
    const box = this.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    const point = this.#pointOf(event);
    this.#pointers.set(event.pointerId, point);
    this.setPointerCapture(event.pointerId);
    const onHandle = event.composedPath().includes(this.#part("handle"));
    if (this.#pointers.size === 2) this.#drag = "pinch";
    else this.#drag = this.hasAttribute("zoomed") && !onHandle ? "pan" : "split";
    clearTimeout(this.#rest);
    if (event.pointerType === "touch" && !onHandle && this.#pointers.size === 1) {
      this.#rest = setTimeout(() => this.#openUnderFinger(point), REST.time);
    } else if (this.#drag === "split") this.#splitAt(point);
    if (onHandle) this.#part("handle").focus();
  }

  /** @param {Point} point */
  #openUnderFinger(point) {
    this.#drag = "lens";
    this.#raised = ABOVE_FINGER;
    this.#spot = this.#placeOf(point);
    this.toggleAttribute("lens", true);
    this.#tell();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const point = this.#pointOf(event);
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== "touch") this.#lookAt(point);
      return;
    }
    const far = Math.hypot(point.x - before.x, point.y - before.y) > REST.slack;
    if (this.#drag !== "lens" && event.pointerType === "touch" && !far && this.#drag === "split") {
      return;
    }
    if (far) clearTimeout(this.#rest);
    if (this.#drag === "lens") this.#spot = this.#placeOf(point);
    if (this.#drag === "split") this.#splitAt(point);
    if (this.#drag === "pan") this.#pan(point.x - before.x, point.y - before.y);
    if (this.#drag === "pinch") this.#pinch(event.pointerId, point);
    if (this.#drag !== "split" || event.pointerType !== "touch") {
      this.#pointers.set(event.pointerId, point);
    }
    if (event.pointerType !== "touch") this.#lookAt(point);
    this.#draw();
  }

  /** @param {PointerEvent} event */
  #release(event) {
    clearTimeout(this.#rest);
    this.#pointers.delete(event.pointerId);
    if (this.#pointers.size === 0) {
      this.#drag = undefined;
      this.#raised = 0;
    } else this.#drag = "pan";
    this.#draw();
  }

  /** @param {Point} point */
  #lookAt(point) {
    this.#raised = 0;
    this.#spot = this.#placeOf(point);
    this.#draw();
  }

  /** @param {Point} point */
  #splitAt(point) {
    const { left, width, box } = this.#place();
    const from = Math.max(0, left);
    const to = Math.min(box.width, left + width);
    this.#split = between(0, 100 * (point.x - from) / (to - from), 100);
    this.#draw();
  }

  /** Moves a picture that is larger than its box, by CSS pixels. @param {number} x @param {number} y */
  #pan(x, y) {
    const { left, top, width, height, box } = this.#place();
    const to = (/** @type {number} */ at, /** @type {number} */ room, /** @type {number} */ side) =>
      side <= room ? 0.5 : (room / 2 - between(room - side, at, 0)) / side;
    this.#centre = { x: to(left + x, box.width, width), y: to(top + y, box.height, height) };
    this.#draw();
  }

  /** @param {number} id @param {Point} point */
  #pinch(id, point) {
    const other = [...this.#pointers].find(([key]) => key !== id)?.[1];
    const before = this.#pointers.get(id);
    if (other === undefined || before === undefined) return;
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(point.x - other.x, point.y - other.y);
    const middle = { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 };
    if (was > 0) this.#zoomBy(is / was, middle);
    this.#pan((point.x - before.x) / 2, (point.y - before.y) / 2);
  }

  /** Zooms so that what is at a point of the box stays there. @param {number} factor @param {Point} [at] */
  #zoomBy(factor, at = { x: this.clientWidth / 2, y: this.clientHeight / 2 }) {
    const { zoom, fit } = this.#place();
    const place = this.#placeOf(at);
    const wanted = Math.min(zoom * factor, ZOOM.most);
    this.#zoom = wanted <= fit ? undefined : wanted;
    const { width, height } = this.#place();
    const { clientWidth, clientHeight } = this;
    this.#centre = {
      x: place.x - (at.x - clientWidth / 2) / width,
      y: place.y - (at.y - clientHeight / 2) / height,
    };
    this.#draw();
    this.#tellZoom();
  }

  /** @param {Point} place */
  #toggleZoom(place) {
    this.#zoom = this.#zoom === undefined ? 1 / devicePixelRatio : undefined;
    this.#centre = place;
    this.#draw();
    this.#tellZoom();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey && this.#zoom === undefined) return;
    event.preventDefault();
    this.#zoomBy(
      2 ** (-event.deltaY / (event.ctrlKey ? 100 : 400)),
      this.#pointOf(
        /** @type {PointerEvent} */ (/** @type {unknown} */ (event)),
      ),
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? STEP.shift : STEP.plain;
    const arrows = this.hasAttribute("zoomed") && event.shiftKey
      ? {
        ArrowLeft: () => this.#pan(PAN * this.clientWidth, 0),
        ArrowRight: () => this.#pan(-PAN * this.clientWidth, 0),
        ArrowUp: () => this.#pan(0, PAN * this.clientHeight),
        ArrowDown: () => this.#pan(0, -PAN * this.clientHeight),
      }
      : {
        ArrowLeft: () => this.#setSplit(this.#split - step),
        ArrowRight: () => this.#setSplit(this.#split + step),
        ArrowDown: () => this.#setSplit(this.#split - step),
        ArrowUp: () => this.#setSplit(this.#split + step),
      };
    const keys = /** @type {Record<string, () => void>} */ ({
      ...arrows,
      Home: () => this.#setSplit(0),
      End: () => this.#setSplit(100),
      "+": () => this.#zoomBy(ZOOM.step),
      "-": () => this.#zoomBy(1 / ZOOM.step),
      "0": () => this.setAttribute("zoom", "fit"),
      "1": () => this.setAttribute("zoom", "100"),
      l: () => {
        this.toggleAttribute("lens");
        this.#tell();
      },
    });
    const work = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (work === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    work();
    if ("01".includes(event.key)) this.#tell();
  }

  /** @param {number} percent */
  #setSplit(percent) {
    this.#split = between(0, percent, 100);
    this.#draw();
  }

  /** Says in the attribute what the zoom is now. */
  #tellZoom() {
    const zoom = this.#zoom;
    const isWhole = zoom !== undefined && Math.abs(zoom * devicePixelRatio - 1) < 0.01;
    const word = zoom === undefined ? "fit" : isWhole ? "100" : "free";
    if (this.getAttribute("zoom") === word) return;
    this.setAttribute("zoom", word);
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

customElements.define("tessera-compare", TesseraCompare);
