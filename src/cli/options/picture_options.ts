/** The options that say what pictures may be, and what becomes of them beside their size. */

import { UsageError } from "../../errors.ts";
import { type EncodeOptions, FORMATS } from "../../pictures/mod.ts";
import {
  choiceOption,
  grouped,
  numberOption,
  type Option,
  type OptionValues,
  switchOption,
} from "./arguments.ts";
import type { EnhanceOptions, Rgb } from "../../enhance/options.ts";

const PIXELS_PER_MEGAPIXEL = 1e6;

/** The most pixels that an input may claim unless asked otherwise, in millions. */
const DEFAULT_MAX_MEGAPIXELS = 268;

/** The quality of each format that has one, as "JPEG 92, WebP 90". */
const QUALITIES = Object.values(FORMATS)
  .flatMap(({ name, quality }) => quality === undefined ? [] : [`${name} ${quality}`]).join(", ");

const NAMED_COLOURS: Readonly<Record<string, Rgb>> = { black: [0, 0, 0], white: [255, 255, 255] };

/** How pictures are read; for every subcommand that does. */
export const INPUT_OPTIONS = {
  "max-pixels": numberOption({
    value: "MP",
    min: 0.000001,
    max: 1e6,
    help: `most megapixels that an input may claim (default: ${DEFAULT_MAX_MEGAPIXELS})`,
  }),
  strict: switchOption("refuse JPEGs that are cut off or damaged; else what is there is read"),
};

/** The same, under the headings that long tables have. */
export const READING_OPTIONS: typeof INPUT_OPTIONS = {
  ...grouped("Damage", { strict: INPUT_OPTIONS.strict }),
  ...grouped("Memory and device", { "max-pixels": INPUT_OPTIONS["max-pixels"] }),
};

/** How results are written. */
export const ENCODING_OPTIONS = {
  quality: numberOption({
    value: "Q",
    min: 1,
    max: 100,
    whole: true,
    help: `1 to 100 (default: ${QUALITIES})`,
  }),
  chroma: choiceOption({
    words: ["auto", "444", "420"],
    help: "colour of JPEG and AVIF (default: auto, 444 from quality 90)",
  }),
  lossless: switchOption("WebP, AVIF and JPEG XL that keep every sample; PNG and TIFF always do"),
  progressive: switchOption("JPEG that shows a coarse picture first; JPEG XL always does"),
  dither: switchOption("noise instead of steps where 16 bits become 8"),
};

/** What is done to pictures before they are upscaled. */
export const TREATMENT_OPTIONS = {
  background: colourOption("what shows through: #rgb, #rrggbb, black, white"),
  "to-srgb": switchOption("convert colours to sRGB and leave the ICC profile out"),
  strip: switchOption("leave EXIF, GPS, XMP, IPTC, texts and DPI out; the ICC profile stays"),
};

/** How pictures are opened. */
export function readingOf(
  { "max-pixels": megapixels, strict }: OptionValues<typeof INPUT_OPTIONS>,
): { maxPixels: number; strict: boolean } {
  return { maxPixels: (megapixels ?? DEFAULT_MAX_MEGAPIXELS) * PIXELS_PER_MEGAPIXEL, strict };
}

/** The encoder's options, apart from the format. */
export function encodingOf(
  { quality, chroma, lossless, progressive, dither }: OptionValues<typeof ENCODING_OPTIONS>,
): Omit<EncodeOptions, "format"> {
  return {
    ...(quality !== undefined && { quality }),
    ...(chroma === "444" && { chroma: "4:4:4" }),
    ...(chroma === "420" && { chroma: "4:2:0" }),
    lossless,
    progressive,
    dither,
  };
}

/** What is to be done to each picture. */
export function treatmentOf(values: OptionValues<typeof TREATMENT_OPTIONS>): EnhanceOptions {
  const { background, "to-srgb": toSrgb, strip } = values;
  return { ...(background !== undefined && { background }), toSrgb, strip };
}

/** An option that takes a colour. */
function colourOption(help: string): Option<Rgb | undefined> {
  return {
    value: "COLOUR",
    help,
    absent: undefined,
    read(text, flag) {
      const colour = colourOf(text);
      if (colour !== undefined) return colour;
      throw new UsageError(
        `Expected black, white, #rgb or #rrggbb for ${flag} but received "${text}"`,
      );
    },
  };
}

/** Returns the colour that a word stands for, if it does. */
export function colourOf(text: string): Rgb | undefined {
  return NAMED_COLOURS[text] ?? readHex(text);
}

/** Reads "#fff" or "#ffffff"; without the #, too, which shells take for a comment. */
function readHex(text: string): Rgb | undefined {
  const digits = /^#?([\da-f]{3}|[\da-f]{6})$/i.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const each = digits.length / 3;
  const [red, green, blue] = [0, 1, 2].map((i) => {
    const part = digits.slice(i * each, (i + 1) * each);
    return parseInt(each === 1 ? part + part : part, 16);
  });
  return [red, green, blue];
}
