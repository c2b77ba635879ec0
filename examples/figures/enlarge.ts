/**
 * The pictures that are compared: a small one, clean or damaged, enlarged in several ways.
 */

import type { Gpu } from "../../src/gpu/device.ts";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import type { Picture } from "../../src/pictures/picture.ts";
import type { Mode } from "../../src/upscale_options.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { FACTOR } from "../scene/scenes.ts";

/** A way to enlarge. */
export interface Way {
  /** In the table. */
  label: string;
  model: string;
  /** Default: the model's own. */
  mode?: Mode;
}

/** What is compared. */
export const WAYS: Way[] = [
  ...["bicubic", "fast-x4", "photo-x4", "restore-x4", "detail-x4"].map((model) => ({
    label: model,
    model,
  })),
  { label: "detail-x4 alone", model: "detail-x4", mode: "network" },
];

/** What the small picture has gone through. */
export interface Damage {
  /** In the names of files. */
  name: string;
  /** In the table. */
  label: string;
  /** Returns the picture as it comes out. */
  apply(small: Picture): Picture | Promise<Picture>;
}

/** All kinds of damage that are compared. */
export const DAMAGES: Damage[] = [
  { name: "clean", label: "clean", apply: (small) => small },
  { name: "jpeg", label: "JPEG, quality 40", apply: (small) => throughJpeg(small, 40) },
];

/** Enlarges a picture with one model, whatever damage is seen in it. */
export async function enlarge(
  gpu: Gpu,
  { model, mode }: Way,
  small: Picture,
): Promise<Picture> {
  const upscaler = await Upscaler.create({ model, device: gpu });
  try {
    return await upscaler.upscale(small, { scale: FACTOR, ...mode && { mode } });
  } finally {
    upscaler.destroy();
  }
}

/** As most programs write it: colour at half size. */
async function throughJpeg(small: Picture, quality: number): Promise<Picture> {
  return await decodePicture(
    await encodePicture(small, { format: "jpeg", quality, chroma: "4:2:0" }),
  );
}
