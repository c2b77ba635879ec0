/** What is done to a picture between the decoder and the network. */

import { UsageError } from "../errors.ts";
import {
  flattenAlpha,
  FORMATS,
  lossesOf,
  type Picture,
  type PictureFormat,
  splitAlpha,
  stripMetadata,
  toSrgb,
  whiteOf,
} from "../pictures/mod.ts";

/** Red, green and blue, each from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** What was asked for. */
export interface Treatment {
  /** What shows through transparent pixels; without it they stay transparent. */
  background: Rgb | undefined;
  toSrgb: boolean;
  strip: boolean;
}

/**
 * Makes of a picture what was asked for and what its format can hold.
 *
 * @param onLoss Receives sentences about what of the input the output will not show.
 * @throws {UsageError} If the format has no transparency, the picture has, and no background is given.
 */
export async function treat(
  picture: Picture,
  format: PictureFormat,
  { background, toSrgb: convert, strip }: Treatment,
  onLoss: (loss: string) => void,
): Promise<Picture> {
  const stripped = strip ? stripMetadata(picture) : picture;
  const converted = convert ? await toSrgb(stripped) : stripped;
  const flat = background === undefined ? converted : flattenAlpha(converted, background);
  const fitting = FORMATS[format].alpha ? flat : withoutAlpha(flat, FORMATS[format].name);
  for (const sentence of [...picture.notes ?? [], ...lossesOf(fitting, format)]) onLoss(sentence);
  return fitting;
}

function withoutAlpha(picture: Picture, format: string): Picture {
  const { colour, alpha, constant = whiteOf(picture.depth) } = splitAlpha(picture);
  if (alpha === undefined && constant === whiteOf(picture.depth)) return colour;
  throw new UsageError(
    `${format} cannot hold the picture's transparency: choose --format png, or a --background`,
  );
}
