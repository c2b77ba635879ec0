/** A TIFF of several pages from file to file: each page is enhanced as a picture of its own. */

import { progressOf } from "../../enhance/animation.ts";
import type { EnhancementRun, Enhancer } from "../../enhance/enhance.ts";
import type { EnhanceOptions } from "../../enhance/options.ts";
import {
  encodeTiffPages,
  gatherRows,
  isPagesNote,
  openTiffPages,
  type Picture,
  type PictureFormat,
  type TiffPages,
} from "../../pictures/mod.ts";
import type { InputFile } from "../files/input_file.ts";
import type { FrameOptions } from "./animation_job.ts";
import type { PhaseClock } from "./job_report.ts";

/** Pages that are to be enhanced, each on its own. */
export interface PagesJob {
  file: TiffPages;
  /** The first page, of which is no longer said that it is alone. */
  first: InputFile["picture"];
  asked: EnhanceOptions;
}

/**
 * Returns the pages of an input, if it has several and its result's format holds them.
 *
 * @param path Of the input, which is read once more unless its bytes are at hand.
 */
export async function pagesOf(
  path: string,
  { picture, bytes }: InputFile,
  format: PictureFormat,
  asked: EnhanceOptions,
  maxPixels: number,
): Promise<PagesJob | undefined> {
  const { notes = [] } = picture;
  if (format !== "tiff" || !notes.some(isPagesNote)) return undefined;
  const file = await openTiffPages(bytes ?? await Deno.readFile(path), maxPixels);
  if (file === undefined) return undefined;
  const first = { ...picture, notes: notes.filter((note) => !isPagesNote(note)) };
  return { file, first, asked };
}

/** What the pages share, and whom to tell about each. */
export interface PageOptions extends FrameOptions {
  onNote: (sentence: string) => void;
}

/**
 * Yields the bytes of the result, page by page.
 *
 * @param firstRun That of the first page.
 */
export async function* encodedPages(
  firstRun: EnhancementRun,
  job: PagesJob,
  enhancer: Enhancer,
  options: PageOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  clock.enter("wait");
  using _turn = await options.turns.take();
  const results = enhancedPages(firstRun, job, enhancer, options, clock);
  yield* encodeTiffPages(results, job.file.count);
}

async function* enhancedPages(
  firstRun: EnhancementRun,
  { file, asked }: PagesJob,
  enhancer: Enhancer,
  { signal, onProgress, onNote }: PageOptions,
  clock: PhaseClock,
): AsyncGenerator<Picture> {
  let page = 0;
  for await (const picture of file.pages()) {
    signal.throwIfAborted();
    clock.enter("upscale");
    const shown = progressOf(page, file.count, onProgress);
    let run = firstRun;
    if (++page > 1) {
      const enhancement = await enhancer.plan(picture, asked);
      for (const { text } of enhancement.notes) onNote(`page ${page}: ${text}`);
      run = enhancement.run({ signal, onProgress: shown });
    }
    const { data } = await gatherRows(run);
    clock.enter("encode");
    yield { ...run.header(), data };
  }
}
