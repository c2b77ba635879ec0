/** How a picture would meet a size of other proportions: cut, or with something around it, side by side. */

import { copyOf } from "../../enhance/aim.ts";
import { enhance } from "../../enhance/enhance.ts";
import type { EnhanceOptions } from "../../enhance/options.ts";
import type { Gpu } from "../../gpu/device.ts";
import { convertDepth, flattenAlpha, type Picture } from "../../pictures/mod.ts";
import { parseTarget } from "../../targets/target.ts";
import { type OpenOptions, openPicture } from "../files/input_file.ts";

/** The longer side of what is shown, and of the copy that it is made of, in pixels. */
const SHOWN_SIDE = 512;
const COPY_SIDE = 640;

/** Shows through transparent pixels. */
const WHITE = [255, 255, 255] as const;

/** The ways that are shown, as the command line has them. */
const WAYS: readonly (readonly [label: string, options: EnhanceOptions])[] = [
  ["--fit cover --gravity auto", { fit: "cover", gravity: "auto" }],
  ["--fit contain --pad blur", { fit: "contain", pad: "blur" }],
  ["--fit contain --pad mirror", { fit: "contain", pad: "mirror" }],
  ["--fit contain --pad extend", { fit: "contain", pad: "extend" }],
];

/** One way. */
export interface FitTrial {
  label: string;
  picture: Picture;
  /** What there is to say about it. */
  remark: string;
}

/**
 * Tries the ways on a small copy of a picture; none where the size keeps the picture's proportions.
 *
 * @param to What `--to` takes.
 * @throws {InputError} If the picture cannot be used.
 */
export async function tryFits(
  path: string,
  reading: OpenOptions,
  to: string,
  { device, signal }: { device: Gpu; signal: AbortSignal },
): Promise<FitTrial[]> {
  const target = parseTarget(to);
  if (target.kind !== "size") return [];
  using file = await openPicture(path, reading);
  const copy = flattenAlpha(convertDepth(await copyOf(file.picture, COPY_SIDE), 8), WHITE);
  const scale = SHOWN_SIDE / Math.max(target.width, target.height);
  const [width, height] = [target.width, target.height].map((side) => Math.round(side * scale));
  const trials: FitTrial[] = [];
  for (const [label, options] of WAYS) {
    const asked = { ...options, model: "bicubic", to: `${width}x${height}`, record: false };
    const { picture, notes } = await enhance(copy, { ...asked, device, signal });
    trials.push({ label, picture, remark: notes.map(({ text }) => text).join("; ") });
  }
  return trials;
}
