/** Every option of the upscaling itself; also what presets may hold. */

import { UsageError } from "../../errors.ts";
import { formatOfName, FORMATS, type PictureFormat } from "../../pictures/mod.ts";
import {
  choiceOption,
  grouped,
  listOf,
  type Option,
  type OptionValues,
  switchOption,
  textOption,
} from "./arguments.ts";
import { DEFAULT_PATTERN } from "./name_pattern.ts";
import { ENCODING_OPTIONS, READING_OPTIONS, TREATMENT_OPTIONS } from "./picture_options.ts";
import { PRESET_OPTIONS } from "./preset_options.ts";
import { REGION_OPTIONS } from "./region_options.ts";
import { SHARD_OPTION } from "../batch/shard.ts";
import { TARGET_OPTIONS } from "./target_options.ts";
import { UPSCALER_OPTIONS } from "./upscaler_options.ts";

const FORMAT_NAMES = Object.keys(FORMATS) as PictureFormat[];

/** An option that takes a format, by its name or by any ending that its files have. */
function formatOption(help: string): Option<PictureFormat | undefined> {
  return {
    value: "NAME",
    help,
    absent: undefined,
    read(text, flag) {
      const word = text.toLowerCase().replace(/^\./, "");
      const format = FORMAT_NAMES.find((name) => name === word) ?? formatOfName(`.${word}`);
      if (format !== undefined) return format;
      throw new UsageError(`Expected ${listOf(FORMAT_NAMES)} for ${flag} but received "${text}"`);
    },
  };
}

/** The options. */
export const UPSCALE_OPTIONS = {
  ...PRESET_OPTIONS,
  ...UPSCALER_OPTIONS,
  ...TARGET_OPTIONS,
  ...REGION_OPTIONS,
  ...grouped("Result file", {
    output: textOption({
      short: "o",
      value: "FILE|FOLDER|-",
      help: "where the result goes; -: stdout (default: photo-x4.jpg beside photo.jpg)",
    }),
    format: formatOption(`${listOf(FORMAT_NAMES)} (default: as -o or the input is named)`),
    "save-mask": textOption({
      value: "FILE.png",
      help: "also a picture that is white where --repair has filled",
    }),
    overwrite: switchOption("replace results that exist, and make those again that are done"),
    "keep-date": switchOption("give each result the date of its file"),
    ...ENCODING_OPTIONS,
    frames: choiceOption({
      words: ["all", "first"],
      help: "of animations to PNG, WebP or GIF, and pages of TIFF to TIFF (default: all)",
    }),
    ...TREATMENT_OPTIONS,
  }),
  ...grouped("Many pictures", {
    name: textOption({
      value: "PATTERN",
      help: `name of each result in the folder of -o (default: ${DEFAULT_PATTERN})`,
    }),
    "files-from": textOption({
      value: "FILE|-",
      help: "a list of pictures, by lines or with NUL between them; -: stdin",
    }),
    "dry-run": switchOption("estimate time, memory and disk, and write nothing"),
    shard: SHARD_OPTION,
  }),
  ...READING_OPTIONS,
  quiet: switchOption("only errors", "q"),
  json: switchOption("one JSON line per picture on stdout"),
  version: switchOption("version of Tessera", "V"),
  help: switchOption("this text", "h"),
};

/** Their values. */
export type UpscaleValues = OptionValues<typeof UPSCALE_OPTIONS>;
