/** The options that say how networks are run, and how far a result may leave its picture. */

import type { UpscaleStyle } from "../../enhance/options.ts";
import { DEFAULT_CREATIVITY, DEFAULT_DERING, MODES, PASSES_RANGE } from "../../upscale_options.ts";
import {
  choiceOption,
  grouped,
  numberOption,
  type OptionValues,
  switchOption,
} from "./arguments.ts";

/** The options. */
export const STYLE_OPTIONS = grouped("Network", {
  mode: choiceOption({
    value: "HOW",
    words: MODES,
    help:
      "faithful (shrinking gives the picture back; for our networks), network (as it is), creative",
  }),
  creativity: numberOption({
    value: "C",
    min: 0,
    max: 1,
    help: `for --mode creative: how much is left to invention (default: ${DEFAULT_CREATIVITY})`,
  }),
  dering: numberOption({
    value: "D",
    min: 0,
    max: 1,
    help: `keeps edges from ringing, unless --mode network (default: ${DEFAULT_DERING})`,
  }),
  tta: switchOption("average the eight flips and turns: eight times the work"),
  passes: numberOption({
    value: "N",
    ...PASSES_RANGE,
    whole: true,
    help: "runs, one after the other; without a size, each by the network's factor",
  }),
});

/** Returns what the options ask for. */
export function styleOf(
  { mode, creativity, dering, tta, passes }: OptionValues<typeof STYLE_OPTIONS>,
): UpscaleStyle {
  return {
    tta,
    ...(passes !== undefined && { passes }),
    ...(mode !== undefined && { mode }),
    ...(creativity !== undefined && { creativity }),
    ...(dering !== undefined && { dering }),
  };
}
