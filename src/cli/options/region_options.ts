/** The options that say what of a picture is repaired, kept faithful, and how its tone is mended. */

import { PROTECTED, type Protected } from "../../enhance/options.ts";
import type { EnhanceOptions } from "../../enhance/options.ts";
import { UsageError } from "../../errors.ts";
import type { Detector } from "../../inspect/mod.ts";
import { gatherRows, type Picture } from "../../pictures/mod.ts";
import { naming, type OpenOptions, openPicture } from "../files/input_file.ts";
import {
  choiceOption,
  grouped,
  listOf,
  type Option,
  type OptionValues,
  textOption,
} from "./arguments.ts";

/** The options. */
export const REGION_OPTIONS = {
  ...grouped("Network", {
    mask: textOption({
      value: "MASK",
      help: "a picture of the same size: where it is dark, a creative result stays faithful",
    }),
    protect: protectOption(),
  }),
  ...grouped("Damage", {
    repair: textOption({
      value: "auto|MASK",
      help:
        "fill scratches and dust: auto, as found; or where a picture of the same size is bright",
    }),
    tone: choiceOption({
      words: ["auto"],
      help: "stretch the levels of faded colours",
    }),
  }),
};

/**
 * Returns what the options ask for; masks are read, and what finds faces is fetched if it is needed.
 *
 * @throws {InputError} If a mask cannot be read, or what finds faces cannot be had.
 */
export async function regionOptionsOf(
  { mask, protect, repair, tone }: OptionValues<typeof REGION_OPTIONS>,
  reading: OpenOptions,
): Promise<EnhanceOptions> {
  const read = (path: string) => naming(path, () => readMask(path, reading));
  return {
    ...mask !== undefined && { mask: await read(mask) },
    ...protect !== undefined && { protect },
    ...protect?.includes("faces") && { detector: await loadDetector() },
    ...repair !== undefined && { repair: repair === "auto" ? repair : await read(repair) },
    ...tone !== undefined && { tone },
  };
}

async function loadDetector(): Promise<Detector> {
  const { FaceDetector } = await import("../../inspect/mod.ts");
  return await FaceDetector.load();
}

async function readMask(path: string, reading: OpenOptions): Promise<Picture> {
  using file = await openPicture(path, reading);
  return "rows" in file.picture ? await gatherRows(file.picture) : file.picture;
}

/** An option that takes words with commas between them. */
function protectOption(): Option<readonly Protected[] | undefined> {
  return {
    value: PROTECTED.join("|"),
    help: "keep faces or text of a creative result faithful, and copy neither; or faces,text",
    absent: undefined,
    read(text, flag) {
      const words = text.split(",").map((word) => word.trim());
      const known = PROTECTED.filter((word) => words.includes(word));
      if (words.every((word) => (PROTECTED as readonly string[]).includes(word))) return known;
      throw new UsageError(`Expected ${listOf(PROTECTED)} for ${flag} but received "${text}"`);
    },
  };
}
