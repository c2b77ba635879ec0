/** The page that `tessera preview` makes of its trials. */

import { encodePicture } from "../../pictures/mod.ts";
import tokens from "../../../web/tokens.css" with { type: "text" };
import { fillPage, inlined } from "./page.ts";
import figureTemplate from "./preview_figure.html" with { type: "text" };
import pageTemplate from "./preview_page.html" with { type: "text" };
import type { PreviewSample } from "./preview_sample.ts";
import type { FitTrial } from "./preview_fits.ts";
import type { Trial } from "./preview_trial.ts";
import { formatDuration } from "../terminal/progress.ts";

/** Returns the page, in parts. */
export async function previewPage(
  name: string,
  sample: PreviewSample,
  scale: number,
  trials: readonly Trial[],
  fits: readonly FitTrial[] = [],
): Promise<Iterable<Uint8Array>> {
  const best = Math.max(...trials.map(({ psnrY }) => psnrY ?? 0));
  const figures = await Promise.all(trials.map((trial) => figureOf(trial, trial.psnrY === best)));
  const { width, height } = sample.whole;
  const result = `${Math.round(width * scale)} x ${Math.round(height * scale)}`;
  return fillPage(pageTemplate, {
    tokens: inlined("style", tokens),
    name,
    sizes: `${width} x ${height} pixels, enlarged ${scale} times to ${result}. At 100 %:`,
    figures: figures.flat(),
    fits: (await Promise.all(fits.map(fitFigureOf))).flat(),
    method: describeMethod(sample, scale),
  });
}

/** Says what was measured, and what of it is to be taken with care. */
export function describeMethod({ part, region, denoise }: PreviewSample, scale: number): string {
  const method = `Scores: the ${part.width} x ${part.height} pixels at ${region.x}, ${region.y} ` +
    `shrunk to 1/${scale}, enlarged again and compared with what they were (luma, PSNR in dB).`;
  if (denoise === 0) return method;
  return `${method} This picture is damaged, and the damage counts as truth: what takes it away ` +
    `scores lower than it looks.`;
}

/** One way to meet a size, at a small size of its own. */
async function fitFigureOf({ label, picture, remark }: FitTrial): Promise<Uint8Array[]> {
  return [...fillPage(figureTemplate, {
    rank: "other",
    crop: { type: "image/png", bytes: await encodePicture(picture, { format: "png" }) },
    width: String(picture.width),
    height: String(picture.height),
    label,
    remark: "",
    facts: remark,
  })];
}

async function figureOf(trial: Trial, isBest: boolean): Promise<Uint8Array[]> {
  const { label, seconds, psnrY, ssimY, crop } = trial;
  const time = `${formatDuration(seconds)} for the whole picture`;
  const score = psnrY === null || ssimY === null
    ? "too small for a score"
    : `PSNR ${psnrY.toFixed(2)} dB, SSIM ${ssimY.toFixed(4)}`;
  return [...fillPage(figureTemplate, {
    rank: isBest ? "best" : "other",
    crop: { type: "image/png", bytes: await encodePicture(crop, { format: "png" }) },
    width: String(crop.width),
    height: String(crop.height),
    label,
    remark: isBest ? "(best score)" : "",
    facts: `${score}; ${time}`,
  })];
}
