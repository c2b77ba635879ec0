/** The options that say how large results become, what of a picture they show, and in what style. */

import { UsageError } from "../errors.ts";
import { GRAVITIES, type Gravity } from "../targets/gravity.ts";
import { type Fit, FITS } from "../targets/plan.ts";
import { parseTarget, SCREENS, type Target } from "../targets/target.ts";
import { SCALE_RANGE } from "../upscale_options.ts";
import { choiceOption, listOf, type Option, type OptionValues } from "./arguments.ts";
import { scaleText } from "./name_pattern.ts";
import { colourOf } from "./picture_options.ts";
import { type Style, STYLE_OPTIONS, styleOf } from "./style_options.ts";
import type { Rgb } from "./treatment.ts";

const PAD_KINDS = ["blur", "mirror"] as const;

/** What `--pad` names. */
export type Pad = typeof PAD_KINDS[number] | Rgb;

/** The options. */
export const TARGET_OPTIONS = {
  to: targetOption(`${Object.keys(SCREENS).join(", ")}, WxH, Wx, xH or 50mp`),
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
  ...STYLE_OPTIONS,
};

/** What results are to be like. */
export interface TargetRequest {
  target: Target;
  /** How names and people say it: `4k`, `3840x2160`, `x4`. */
  label: string;
  /** The factor; undefined where it follows from the picture. */
  scale: number | undefined;
  fit: Fit;
  gravity: Gravity | "auto";
  /** Undefined: black, or transparent where the picture has alpha. */
  pad: Pad | undefined;
  /** What is asked of the upscaler beside the size. */
  style: Style;
}

/**
 * Returns what the options ask for.
 *
 * @param ownScale The network's factor, which is taken for each pass where no size is asked for.
 * @throws {UsageError} If options contradict each other.
 */
export function targetRequestOf(
  values: OptionValues<typeof TARGET_OPTIONS> & { scale?: number | undefined },
  ownScale: number,
): TargetRequest {
  checkTogether(values);
  const { fit = "cover", gravity = "centre", pad, passes = 1 } = values;
  const common = { fit, gravity, pad, style: styleOf(values) };
  if (values.to !== undefined) return { ...values.to, ...common, scale: undefined };
  const factor = values.scale ?? Math.min(SCALE_RANGE.max, ownScale ** passes);
  const target = { kind: "factor", factor } as const;
  return { target, label: `x${scaleText(factor)}`, ...common, scale: factor };
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

/** An option that takes a target, and keeps how it was spelt. */
function targetOption(help: string): Option<{ target: Target; label: string } | undefined> {
  return {
    value: "SIZE",
    help,
    absent: undefined,
    read: (text) => ({ target: parseTarget(text), label: text.toLowerCase() }),
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
