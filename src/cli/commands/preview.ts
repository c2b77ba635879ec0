/** `tessera preview photo.jpg`: what each network makes of a picture, before the time is spent. */

import { basename } from "node:path";
import { UsageError } from "../../errors.ts";
import { type Mode, MODES, SCALE_RANGE } from "../../upscale_options.ts";
import type { UpscaleStyle } from "../../enhance/options.ts";
import { detailShare } from "../../enhance/upscaler_pool.ts";
import type { Upscaler } from "../../upscaler.ts";
import { defaultModel, embeddedModels, type LibraryEntry } from "../../weights/library.ts";
import {
  choiceOption,
  describeOptions,
  grouped,
  listOf,
  numberOption,
  type OptionValues,
  parseOptions,
  switchOption,
  textOption,
} from "../options/arguments.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { naming } from "../files/input_file.ts";
import { InterruptListener } from "../terminal/interrupt.ts";
import { STYLE_OPTIONS, styleOf } from "../options/style_options.ts";
import { OutputFile } from "../files/output_file.ts";
import { pagePath } from "../pages/page.ts";
import { INPUT_OPTIONS, readingOf } from "../options/picture_options.ts";
import { type PreviewSample, readSample } from "../pages/preview_sample.ts";
import { describeMethod, previewPage } from "../pages/preview_sheet.ts";
import { shrinkPart, type Trial, tryUpscaler } from "../pages/preview_trial.ts";
import { type FitTrial, tryFits } from "../pages/preview_fits.ts";
import { targetOption } from "../options/target_options.ts";
import { printNote, printResult } from "../terminal/print.ts";
import { formatDuration } from "../terminal/progress.ts";
import { createUpscaler, UPSCALER_OPTIONS } from "../options/upscaler_options.ts";

/** The modes that networks are tried in. */
const TRIED_MODES: readonly Mode[] = ["faithful", "creative"];

const OPTIONS = {
  ...UPSCALER_OPTIONS,
  ...STYLE_OPTIONS,
  ...grouped("Size", {
    scale: numberOption({
      short: "s",
      value: "S",
      unit: "x",
      ...SCALE_RANGE,
      help: `factor, whole or not (default: ${defaultModel().scale})`,
    }),
    to: targetOption("also show how the picture would meet a size: cut, blur, mirror, extend"),
  }),
  ...grouped("Network", {
    mode: choiceOption({
      value: "HOW",
      words: MODES,
      help: `only ${listOf(MODES)} (default: ${TRIED_MODES.join(" and ")})`,
    }),
    model: textOption({
      value: "MODEL,...",
      help: "names, paths or URLs of networks to try beside the embedded ones",
    }),
  }),
  ...grouped("Result file", {
    output: textOption({
      short: "o",
      value: "FILE",
      help: "where the sheet goes (default: photo-preview.html beside photo.jpg)",
    }),
    overwrite: switchOption("replace a sheet that exists"),
  }),
  ...grouped("Memory and device", INPUT_OPTIONS),
  quiet: switchOption("only the result", "q"),
  json: switchOption("one JSON line on stdout"),
  help: switchOption("this text", "h"),
};

type PreviewValues = OptionValues<typeof OPTIONS>;

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (inputs.length !== 1) {
    throw new UsageError(
      `Expected one picture but received ${inputs.length}: tessera preview photo.jpg`,
    );
  }
  await preview(inputs[0], values);
  return EXIT.done;
}

async function preview(input: string, values: PreviewValues): Promise<void> {
  const { scale = defaultModel().scale } = values;
  const path = pagePath(values.output, input, "preview");
  using file = new OutputFile(path, values);
  using interrupt = new InterruptListener();
  const sample = await naming(input, () => readSample(input, readingOf(values), scale));
  const { trials, fits } = await tryAll(input, sample, scale, values, interrupt.signal);
  for (const bytes of await previewPage(basename(input), sample, scale, trials, fits)) {
    await file.write(bytes);
  }
  await file.commit();
  if (values.json) printResult(asJson(input, path, sample, scale, trials));
  else printResult(describe(input, sample, scale, trials));
  if (!values.quiet) printNote(`Wrote ${path}`);
}

/**
 * Tries bicubic, every embedded network and those that were named, and the ways to meet a size, all on one
 * device.
 */
async function tryAll(
  input: string,
  sample: PreviewSample,
  scale: number,
  values: PreviewValues,
  signal: AbortSignal,
): Promise<{ trials: Trial[]; fits: FitTrial[] }> {
  const bicubic = await createUpscaler({ ...values, model: "bicubic", blend: undefined }, {
    denoise: 0,
  });
  try {
    const shrunk = await shrinkPart(sample, bicubic, { scale, signal });
    const attempt = async (upscaler: Upscaler, style: UpscaleStyle) => {
      if (!values.quiet) {
        printNote(`Trying ${[upscaler.label, style.mode ?? []].flat().join(", ")}`);
      }
      return await tryUpscaler(upscaler, sample, { scale, shrunk, style, signal });
    };
    const trials = [await attempt(bicubic, {})];
    for (const { model, denoise } of candidates(sample, scale, values)) {
      // A network is loaded once for all modes that want the same weights.
      const byDetail = Map.groupBy(stylesOf(values), (style) => detailShare(model, style));
      for (const [detail, styles] of byDetail) {
        const options = { denoise, detail, device: bicubic.gpu };
        const upscaler = await createUpscaler({ ...values, model }, options);
        try {
          for (const style of styles) trials.push(await attempt(upscaler, style));
        } finally {
          upscaler.destroy();
        }
      }
    }
    const device = bicubic.gpu;
    const fits = values.to === undefined
      ? []
      : await tryFits(input, readingOf(values), values.to, { device, signal });
    return { trials, fits };
  } finally {
    bicubic.destroy();
  }
}

/** The networks to try; the default one also as it would treat this picture's damage. */
function candidates(
  sample: PreviewSample,
  scale: number,
  { model, denoise = "auto" }: PreviewValues,
): { model: string; denoise: number }[] {
  const strength = denoise === "auto" ? sample.denoise : denoise;
  const names = [...familiesFor(scale), ...model?.split(",") ?? []];
  const plain = names.map((name) => ({ model: name, denoise: 0 }));
  return strength === 0 ? plain : [{ model: defaultModel().name, denoise: strength }, ...plain];
}

/** One network of each family, whose other factors come with it: the smallest that suffices. */
function familiesFor(scale: number): string[] {
  const families = new Map<string, LibraryEntry>();
  for (const entry of embeddedModels().toSorted((a, b) => b.scale - a.scale)) {
    if (!families.has(entry.family) || entry.scale >= scale) families.set(entry.family, entry);
  }
  return [...families.values()].map(({ name }) => name);
}

/** What is asked of a network beside the size, mode by mode. */
function stylesOf(values: PreviewValues): UpscaleStyle[] {
  const { creativity, ...others } = styleOf(values);
  const modes = values.mode === undefined ? TRIED_MODES : [values.mode];
  return modes.map((mode) => ({
    ...others,
    mode,
    ...mode === "creative" && creativity !== undefined && { creativity },
  }));
}

function asJson(
  input: string,
  output: string,
  { region }: PreviewSample,
  scale: number,
  trials: Trial[],
): string {
  const results = trials.map(({ label, seconds, psnrY, ssimY }) => {
    return { label, seconds, psnrY, ssimY };
  });
  return JSON.stringify({ input, output, scale, region, results });
}

function describe(input: string, sample: PreviewSample, scale: number, trials: Trial[]): string {
  const rows = trials.map(({ label, seconds, psnrY, ssimY }) => [
    label,
    psnrY?.toFixed(2) ?? "-",
    ssimY?.toFixed(4) ?? "-",
    formatDuration(seconds),
  ]);
  const table = [["", "PSNR-Y", "SSIM-Y", "whole picture"], ...rows];
  return [`${input}, ${scale}x`, ...alignColumns(table), describeMethod(sample, scale)].join("\n");
}

/** Names to the left, figures to the right. */
function alignColumns(table: string[][]): string[] {
  const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)));
  return table.map(([name, ...figures]) => {
    const aligned = figures.map((figure, i) => figure.padStart(widths[i + 1]));
    return `  ${[name.padEnd(widths[0]), ...aligned].join("  ")}`;
  });
}

function help(): string {
  return `Makes a contact sheet: the most detailed part of a picture at 100 % as each
network renders it, with the time that the whole picture would take, and a
score: the picture is shrunk by the factor, upscaled and compared with what it
was. The sheet is one page with the pictures in it, and fetches nothing.

Usage: tessera preview PICTURE [options]

  tessera preview photo.jpg
  tessera preview tall.jpg --to 4k
  tessera preview photo.jpg --scale 2 -o sheet.html --model ESRGAN.safetensors

${describeOptions(OPTIONS)}`;
}
