/** What each call does. */

import type { Enhancer } from "../../src/enhance/enhance.ts";
import { mostDetailed } from "../../src/targets/detail.ts";
import { framesIn } from "../../src/pictures/animation/note.ts";
import { UsageError } from "../../src/errors.ts";
import type { CallName, Calls, PictureFacts, PlanFacts, ResultFacts, Wish } from "../protocol.ts";
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
    const { aim, scale } = await planOf(await pictures.get(picture), wish);
    const { width, height } = aim.canvas;
    return { size: { width, height }, crop: aim.crop, scale } satisfies PlanFacts;
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
    return speed === undefined ? undefined : flopOf(await planOf(opened, wish)) / speed;
  },

  enhance: async ({ picture, wish, stripWidth }, { signal, tell }) => {
    const opened = await pictures.get(picture);
    const start = performance.now();
    const enhancement = await planOf(opened, wish);
    const run = enhancement.run({
      signal,
      onProgress: ({ fraction, secondsLeft }) => tell({ kind: "progress", fraction, secondsLeft }),
      onRetry: () => tell({ kind: "retry" }),
    });
    const strips = new Strips(run, stripWidth, (strip) => tell({ kind: "strip", strip }));
    const kept = await results.keep({ ...run, rows: strips.passing(run.rows) }, run.header);
    const seconds = (performance.now() - start) / 1000;
    return {
      ...kept,
      before: await pixelsOf(opened.partOf(enhancement.aim.crop)),
      seconds,
      consistency: run.report().consistency,
    } satisfies ResultFacts;
  },

  encode: ({ result, format }) => results.encode(result, format),

  drop: async ({ result, picture }) => {
    if (picture !== undefined) pictures.drop(picture);
    if (result !== undefined) await results.drop(result);
    return undefined;
  },

  weights: async ({ file }) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return await engines.useOwn(bytes);
  },
};

async function planOf(opened: OpenPicture, wish: Wish) {
  const enhancer = await engines.enhancerFor(wish, opened.inspection.denoise);
  const enhancement = await enhancer.plan(opened.picture, {
    ...wish.size,
    ...engines.styleOf(wish),
    fit: wish.whole ? "inside" : "cover",
    gravity: wish.detailed ? "auto" : "centre",
  });
  if (enhancement.scale < 1) {
    const { width, height } = enhancement.aim.canvas;
    throw new UsageError(`The picture is larger than ${width} x ${height} already`);
  }
  return enhancement;
}

async function factsOf({ picture, kind, inspection, small }: OpenPicture): Promise<PictureFacts> {
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
    frames: Math.max(1, ...notes.map((note) => framesIn(note) ?? 1)),
    notes: notes.filter((note) => framesIn(note) === undefined),
  };
}
