/** `tessera bench`: how fast this adapter is, and how good the networks are. */

import { DEFAULT_SECTIONS, runBench, type Section, SECTIONS } from "../../../bench/run.ts";
import { formatReport } from "../../../bench/table.ts";
import { UsageError } from "../../errors.ts";
import { MODES } from "../../upscale_options.ts";
import { embeddedModels } from "../../weights/library.ts";
import {
  choiceOption,
  describeOptions,
  numberOption,
  type Option,
  parseOptions,
  switchOption,
  textOption,
} from "../options/arguments.ts";
import { BACKEND_OPTIONS, gpuOf } from "../options/upscaler_options.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { InterruptListener } from "../terminal/interrupt.ts";
import { printNote, printResult } from "../terminal/print.ts";

const DEFAULT_SECONDS = 1;

/** Longest side that `--size` takes. */
const MAX_SIDE = 8192;

const OPTIONS = {
  ...BACKEND_OPTIONS,
  only: wordsOption(
    SECTIONS,
    `parts of the bench, of ${SECTIONS.join(",")} (default: all but texture)`,
  ),
  model: textOption({
    value: "NAME|PATH|URL,...",
    help: "networks to measure (default: the embedded ones)",
  }),
  images: textOption({
    value: "FOLDER",
    help: "large pictures, on which quality is measured",
  }),
  jpeg: numberOption({
    value: "Q",
    min: 1,
    max: 100,
    whole: true,
    help: "quality is measured on pictures that went through a JPEG of quality Q",
  }),
  mode: choiceOption({
    words: MODES,
    help: "how results are treated for that (default: faithful for our networks)",
  }),
  denoise: numberOption({
    value: "D",
    words: ["auto"],
    min: 0,
    max: 1,
    help: "how much of the damage is taken away for that (default: 0)",
  }),
  size: sizeOption("what kernels and networks work on (default: by the adapter)"),
  seconds: numberOption({
    value: "N",
    min: 0,
    max: 3600,
    help: `of timing for each figure (default: ${DEFAULT_SECONDS})`,
  }),
  quiet: switchOption("only the result", "q"),
  json: switchOption("one JSON document on stdout"),
  help: switchOption("this text", "h"),
};

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (inputs.length > 0) throw new UsageError(`Unexpected argument "${inputs[0]}"`);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  using interrupt = new InterruptListener();
  const report = await runBench({
    ...await gpuOf(values.backend),
    sections: values.only ?? DEFAULT_SECTIONS,
    models: values.model?.split(",") ?? embeddedModels().map(({ name }) => name),
    images: values.images,
    quality: { jpeg: values.jpeg, mode: values.mode, denoise: values.denoise },
    size: values.size,
    seconds: values.seconds ?? DEFAULT_SECONDS,
    signal: interrupt.signal,
    onStart: values.quiet ? undefined : (label) => printNote(`Measuring ${label}`),
  });
  printResult(values.json ? JSON.stringify(report) : formatReport(report));
  return EXIT.done;
}

function help(): string {
  return `Measures this adapter, the kernels and networks on it, and the quality of their
results.

Usage: tessera bench [options]

  tessera bench --only peak,kernels
  tessera bench --only quality --images Set5
  tessera bench --only texture --images Kodak24

Each kernel is checked before it is timed. Times are medians.

${describeOptions(OPTIONS)}`;
}

/** An option that takes some of a few words, with commas between them. */
function wordsOption(
  words: readonly Section[],
  help: string,
): Option<Section[] | undefined> {
  return {
    value: "PART,...",
    help,
    absent: undefined,
    read(text, flag) {
      return text.split(",").map((word) => {
        const known = words.find((known) => known === word);
        if (known !== undefined) return known;
        throw new UsageError(
          `Expected some of ${words.join(",")} for ${flag} but received "${word}"`,
        );
      });
    },
  };
}

/** An option that takes a size such as `640x480`. */
function sizeOption(help: string): Option<{ width: number; height: number } | undefined> {
  return {
    value: "WxH",
    help,
    absent: undefined,
    read(text, flag) {
      const [width, height] = /^(\d+)x(\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
      if (width >= 1 && width <= MAX_SIDE && height >= 1 && height <= MAX_SIDE) {
        return { width, height };
      }
      throw new UsageError(
        `Expected a size such as 640x480, up to ${MAX_SIDE}, for ${flag} but received "${text}"`,
      );
    },
  };
}
