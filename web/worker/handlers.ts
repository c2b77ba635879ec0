/** What each call does. */

import type { EnhancementRun, Enhancer } from "../../src/enhance/enhance.ts";
import { askedOfFrames } from "../../src/enhance/animation.ts";
import type { EnhanceOptions } from "../../src/enhance/options.ts";
import { mostDetailed } from "../../src/targets/detail.ts";
import { framesIn } from "../../src/pictures/animation/note.ts";
import { UsageError } from "../../src/errors.ts";
import type { Progress } from "../../src/progress.ts";
import type { Size } from "../../src/raster/size.ts";
import type { CallName, Calls, PictureFacts, PlanFacts, Wish } from "../protocol.ts";
import { enlargeFrames } from "./animation.ts";
import { Engines } from "./engines.ts";
import { type OpenPicture, OpenPictures } from "./open_pictures.ts";
import { pixelsOf } from "./pixels.ts";
import { enlargePart, flopOf } from "./preview.ts";
import { Results } from "./results.ts";
import { Strips } from "./strips.ts";
import type { CallContext } from "../engine_worker.ts";

const pictures = new OpenPictures();
const engines = new Engines();
const results = new Results();

/** The most that previews have shown of each enhancer's speed, in operations a second. */
const speeds = new WeakMap<Enhancer, number>();

/** The most pixels of all frames of an animation together: they are in memory, packed. */
const MOST_OF_FRAMES = 2 ** 29;

/** The share of a picture around whose middle it is most detailed. */
const FOCUS_SHARE = 0.25;

type Handlers = {
  [Name in CallName]: (
    asks: Calls[Name]["asks"],
    context: CallContext,
  ) => Promise<Calls[Name]["gives"]>;
};

export const HANDLERS: Handlers = {
  adapter: async () => await engines.adapter(),

  open: async ({ picture, file }) => {
    const opened = await pictures.add(picture, file);
    return await factsOf(opened);
  },

  portrait: async ({ picture }) => {
    const opened = await pictures.get(picture);
    const { isPortraitPicture } = await import("./portrait.ts");
    return await isPortraitPicture(opened.picture);
  },

  plan: async ({ picture, wish }) => {
    const opened = await pictures.get(picture);
    const enhancement = await planOf(opened, wish);
    const { aim: { canvas, crop }, scale } = enhancement;
    const { width, height } = canvas;
    const frames = framesToMake(opened, wish, canvas);
    return { size: { width, height }, crop, scale, frames } satisfies PlanFacts;
  },

  preview: async ({ picture, wish, centre, shown }, { signal }) => {
    const opened = await pictures.get(picture);
    const { scale } = await planOf(opened, wish);
    const enhancer = await engines.enhancerFor(wish, opened.inspection.denoise);
    const options = { style: engines.styleOf(wish), scale, centre, shown, signal };
    const { pixels, before, speed } = await enlargePart(enhancer, opened.picture, options);
    speeds.set(enhancer, Math.max(speed, speeds.get(enhancer) ?? 0));
    return { pixels, before };
  },

  estimate: async ({ picture, wish }) => {
    const opened = await pictures.get(picture);
    const enhancer = await engines.enhancerFor(wish, opened.inspection.denoise);
    const speed = speeds.get(enhancer);
    if (speed === undefined) return undefined;
    const enhancement = await planOf(opened, wish);
    return framesToMake(opened, wish, enhancement.aim.canvas) * flopOf(enhancement) / speed;
  },

  enhance: async ({ picture, wish, stripWidth }, { signal, tell }) => {
    const opened = await pictures.get(picture);
    const start = performance.now();
    const enhancement = await planOf(opened, wish);
    const { crop, canvas } = enhancement.aim;
    const onProgress = ({ fraction, secondsLeft, frame }: Told) =>
      tell({ kind: "progress", fraction, secondsLeft, ...frame !== undefined && { frame } });
    const onRetry = () => tell({ kind: "retry" });
    const through = (run: EnhancementRun) => {
      const strips = new Strips(run, stripWidth, (strip) => tell({ kind: "strip", strip }));
      return { ...run, rows: strips.passing(run.rows) };
    };
    const before = async () => await pixelsOf(opened.partOf(crop));
    const seconds = () => (performance.now() - start) / 1000;
    if (framesToMake(opened, wish, canvas) > 1) {
      const enhancer = await engines.enhancerFor(wish, opened.inspection.denoise);
      const asked = askedOfFrames(askedFor(wish));
      const options = { asked, signal, through, onProgress, onRetry };
      const { first, moving } = await enlargeFrames(opened.file, enhancer, options);
      const kept = await results.keepMoving(first, moving, crop);
      return { ...kept, before: await before(), seconds: seconds(), consistency: undefined };
    }
    const run = enhancement.run({ signal, onProgress, onRetry });
    const kept = await results.keep(through(run), run.header);
    const { consistency } = run.report();
    return { ...kept, before: await before(), seconds: seconds(), consistency };
  },

  encode: ({ result, format }) => results.encode(result, format),

  drop: async ({ result, rowsOf, picture }) => {
    if (picture !== undefined) pictures.drop(picture);
    if (result !== undefined) await results.drop(result);
    if (rowsOf !== undefined) await results.dropRows(rowsOf);
    return undefined;
  },

  weights: async ({ file }) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return await engines.useOwn(bytes);
  },
};

/** What is told of progress; of an animation, also the frame. */
type Told = Progress & { frame?: number };

/** What a wish is for the enhancer. */
function askedFor(wish: Wish): EnhanceOptions {
  return {
    ...wish.size,
    ...engines.styleOf(wish),
    fit: wish.whole ? "inside" : "cover",
    gravity: wish.detailed ? "auto" : "centre",
  };
}

/** How many frames become part of a result of a size. */
function framesToMake({ frames }: OpenPicture, { moving }: Wish, { width, height }: Size): number {
  return moving && frames * width * height <= MOST_OF_FRAMES ? frames : 1;
}

async function planOf(opened: OpenPicture, wish: Wish) {
  const enhancer = await engines.enhancerFor(wish, opened.inspection.denoise);
  const asked = askedFor(wish);
  const isMoving = wish.moving && opened.frames > 1;
  const enhancement = await enhancer.plan(opened.picture, isMoving ? askedOfFrames(asked) : asked);
  if (enhancement.scale < 1) {
    const { width, height } = enhancement.aim.canvas;
    throw new UsageError(`The picture is larger than ${width} x ${height} already`);
  }
  return enhancement;
}

async function factsOf(
  { picture, kind, inspection, small, frames }: OpenPicture,
): Promise<PictureFacts> {
  const { notes = [] } = picture;
  const { quality, noise, blur, content, denoise } = inspection;
  const share = { width: FOCUS_SHARE, height: FOCUS_SHARE };
  const anchor = mostDetailed(small, share);
  return {
    ...{ width: picture.width, height: picture.height },
    ...{ kind, quality, noise, blur, content, denoise },
    transparent: picture.channels % 2 === 0,
    focus: {
      x: FOCUS_SHARE / 2 + anchor.x * (1 - FOCUS_SHARE),
      y: FOCUS_SHARE / 2 + anchor.y * (1 - FOCUS_SHARE),
    },
    thumb: await pixelsOf(small),
    frames,
    notes: notes.filter((note) => framesIn(note) === undefined),
  };
}
