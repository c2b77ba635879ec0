/** What can be asked for a picture: all that the program's options can, by the same names. */

import { UsageError } from "../errors.ts";
import type { Detector } from "../inspect/mod.ts";
import type { Picture, PictureFormat } from "../pictures/mod.ts";
import type { Gravity } from "../targets/gravity.ts";
import type { Fit } from "../targets/plan.ts";
import { parseTarget, type Target } from "../targets/target.ts";
import { SCALE_RANGE, type UpscaleOptions, type UpscalerOptions } from "../upscale_options.ts";

/** Red, green and blue, each from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * What is put around a picture that does not fill its canvas: the picture blurred, its edges mirrored,
 * what continues it, or a colour.
 */
export type Pad = "blur" | "mirror" | "extend" | Rgb;

/** What can be found and kept faithful. */
export const PROTECTED = ["faces", "text"] as const;

/** One of {@linkcode PROTECTED}. */
export type Protected = typeof PROTECTED[number];

/** How an {@linkcode Enhancer} is made. */
export interface EnhancerOptions extends Omit<UpscalerOptions, "denoise" | "detail"> {
  /**
   * How much damage is taken away, 0 to 1, of models that can; `auto`: as much as each picture needs.
   * Default: `auto`.
   */
  denoise?: "auto" | number;
}

/** What is asked of the upscaler beside a size. */
export type UpscaleStyle = Pick<
  UpscaleOptions,
  "mode" | "creativity" | "dering" | "tta" | "passes"
>;

/** What is to become of one picture. */
export interface EnhanceOptions extends UpscaleStyle {
  /** `4k`, `3840x2160`, `3840x`, `x2160`, `50mp`, `print:13x18cm@300dpi`: see `parseTarget`. Not together with `scale`. */
  to?: string;
  /** Output pixels per input pixel, 1 to 16. Default: the network's own factor, for each pass. */
  scale?: number;
  /** How the picture meets a size of other proportions. Default: `cover`, which crops. */
  fit?: Fit;
  /** What `cover` keeps; `auto`: the most detailed part. Default: `centre`. */
  gravity?: Gravity | "auto";
  /** What `contain` adds. Default: black, or nothing beside alpha. */
  pad?: Pad;
  /** A picture of the same size: where it is dark, the result stays faithful, whatever the mode. */
  mask?: Picture;
  /** What stays faithful, whatever the mode, and is not copied when a picture is extended. */
  protect?: readonly Protected[];
  /** What finds faces; needed to protect them. */
  detector?: Detector;
  /** What is filled before anything else: what is found of scratches and dust, or where a mask is bright. */
  repair?: "auto" | Picture;
  /** Whether the levels of faded colours are stretched. Default: they are not. */
  tone?: "auto";
  /** What shows through transparent pixels. Default: they stay transparent. */
  background?: Rgb;
  /** Whether colours are converted to sRGB and the ICC profile is left out. Default: false. */
  toSrgb?: boolean;
  /** Whether EXIF, GPS, XMP, IPTC and DPI, and the record, are left out. Default: false. */
  strip?: boolean;
  /**
   * The format that the result is meant for: it decides whether alpha can stay, and what of the metadata
   * has room. Default: `png`, which holds all.
   */
  format?: PictureFormat;
  /** Whether it is written into the result's XMP how it was made. Default: true. */
  record?: boolean;
}

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
  style: UpscaleStyle;
}

/**
 * Returns what the options ask for.
 *
 * @param ownScale The network's factor, which is taken for each pass where no size is asked for.
 * @throws {UsageError} If options contradict each other, or a target is none.
 */
export function targetRequestOf(options: EnhanceOptions, ownScale: number): TargetRequest {
  const { to, scale, fit = "cover", gravity = "centre", pad, passes = 1 } = options;
  const common = { fit, gravity, pad, style: styleOf(options) };
  if (to !== undefined) {
    if (scale !== undefined) throw new UsageError("Expected either a scale or a size but got both");
    return { target: parseTarget(to), label: to.toLowerCase(), ...common, scale: undefined };
  }
  const factor = scale ?? Math.min(SCALE_RANGE.max, ownScale ** passes);
  return {
    target: { kind: "factor", factor },
    label: `x${scaleText(factor)}`,
    ...common,
    scale: factor,
  };
}

/** Says whether parts of the result are to stay faithful while the rest need not. */
export function isProtecting({ mask, protect = [] }: EnhanceOptions): boolean {
  return mask !== undefined || protect.length > 0;
}

/**
 * Refuses what contradicts itself.
 *
 * @throws {UsageError} If nothing is creative, but something is to be kept from that.
 */
export function checkProtection({ mask, mode }: EnhanceOptions): void {
  if (mask === undefined || mode !== "faithful") return;
  throw new UsageError(
    `A mask keeps parts of a creative result faithful; "${mode}" is so everywhere`,
  );
}

/** Writes a factor as names carry it: "4", "1.5", at most three decimals. */
export function scaleText(scale: number): string {
  return String(Number(scale.toFixed(3)));
}

function styleOf(options: EnhanceOptions): UpscaleStyle {
  const { creativity, dering, tta, passes } = options;
  const mode = options.mode ?? (isProtecting(options) ? "creative" : undefined);
  return {
    ...(tta !== undefined && { tta }),
    ...(passes !== undefined && { passes }),
    ...(mode !== undefined && { mode }),
    ...(creativity !== undefined && { creativity }),
    ...(dering !== undefined && { dering }),
  };
}
