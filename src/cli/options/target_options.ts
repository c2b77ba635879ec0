/** The options that say how large results become, what of a picture they show, and in what style. */

import { UsageError } from "../../errors.ts";
import type { EnhanceOptions, Pad } from "../../enhance/options.ts";
import { GRAVITIES } from "../../targets/gravity.ts";
import { FITS } from "../../targets/plan.ts";
import { parseTarget, SCREENS } from "../../targets/target.ts";
import { choiceOption, grouped, listOf, type Option, type OptionValues } from "./arguments.ts";
import { colourOf } from "./picture_options.ts";
import { STYLE_OPTIONS, styleOf } from "./style_options.ts";

const PAD_KINDS = ["blur", "mirror", "extend"] as const;

/** The options. */
export const TARGET_OPTIONS = {
  ...grouped("Size", {
    to: targetOption(`${Object.keys(SCREENS).join(", ")}, WxH, Wx, xH, 50mp or print:WxHcm`),
    fit: choiceOption({
      value: "HOW",
      words: FITS,
      help: "cover (crops), contain (pads), inside, exact (default: cover)",
    }),
    gravity: choiceOption({
      value: "WHERE",
      words: [...GRAVITIES, "auto"],
      help: "what cover keeps: centre (default), top, top-left ... or auto",
    }),
    pad: padOption("what contain adds (default: black, or nothing beside alpha)"),
  }),
  ...STYLE_OPTIONS,
};

/**
 * Returns what the options ask of a picture's size and style.
 *
 * @throws {UsageError} If options contradict each other.
 */
export function enhanceOptionsOf(
  values: OptionValues<typeof TARGET_OPTIONS> & { scale?: number | undefined },
): EnhanceOptions {
  checkTogether(values);
  const { to, scale, fit, gravity, pad } = values;
  return {
    ...styleOf(values),
    ...(to !== undefined && { to }),
    ...(scale !== undefined && { scale }),
    ...(fit !== undefined && { fit }),
    ...(gravity !== undefined && { gravity }),
    ...(pad !== undefined && { pad }),
  };
}

function checkTogether(
  values: OptionValues<typeof TARGET_OPTIONS> & { scale?: number | undefined },
): void {
  if (values.to !== undefined) {
    if (values.scale === undefined) return;
    throw new UsageError("Expected either --scale or --to but received both");
  }
  for (const name of ["fit", "gravity", "pad"] as const) {
    if (values[name] === undefined) continue;
    throw new UsageError(`--${name} needs a size to fit: give one with --to, as in --to 4k`);
  }
}

/** An option that takes a target; its spelling is kept, as names and records show it. */
export function targetOption(help: string): Option<string | undefined> {
  return {
    value: "SIZE",
    help,
    absent: undefined,
    read(text) {
      parseTarget(text);
      return text.toLowerCase();
    },
  };
}

function padOption(help: string): Option<Pad | undefined> {
  return {
    value: ["COLOUR", ...PAD_KINDS].join("|"),
    help,
    absent: undefined,
    read(text, flag) {
      const pad = PAD_KINDS.find((kind) => kind === text) ?? colourOf(text);
      if (pad !== undefined) return pad;
      throw new UsageError(
        `Expected ${listOf([...PAD_KINDS, "black", "white", "#rgb", "#rrggbb"])} for ${flag} ` +
          `but received "${text}"`,
      );
    },
  };
}
