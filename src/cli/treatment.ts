/** What is done to a picture between the decoder and the network. */

import { UsageError } from "../errors.ts";
import {
  allocateSamples,
  flattenAlpha,
  FORMATS,
  lossesOf,
  type Metadata,
  type Picture,
  type PictureFormat,
  type PictureHeader,
  type Samples,
  splitAlpha,
  stripMetadata,
  toSrgb,
  whiteOf,
} from "../pictures/mod.ts";
import type { PictureRows } from "../upscaler.ts";

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
  picture: Picture | PictureRows,
  format: PictureFormat,
  { background, toSrgb: convert, strip }: Treatment,
  onLoss: (loss: string) => void,
): Promise<Picture | PictureRows> {
  const stripped = strip ? { ...picture, metadata: strippedOf(picture) } : picture;
  const converted = convert ? await inSrgb(stripped) : stripped;
  const fitting = "rows" in converted ? converted : fitAlpha(converted, format, background);
  for (const sentence of [...picture.notes ?? [], ...lossesOf(fitting, format)]) onLoss(sentence);
  return fitting;
}

function strippedOf(header: PictureHeader): Metadata {
  return stripMetadata({ ...header, data: new Uint8Array(0) }).metadata;
}

async function inSrgb(picture: Picture | PictureRows): Promise<Picture | PictureRows> {
  if (!("rows" in picture)) return await toSrgb(picture);
  const { depth, channels, rows } = picture;
  const onePixel = { ...picture, width: 1, height: 1, data: allocateSamples(depth, channels) };
  const { metadata } = await toSrgb(onePixel);
  return { ...picture, metadata, rows: rowsInSrgb(picture, rows) };
}

async function* rowsInSrgb(
  header: PictureHeader,
  rows: AsyncIterable<Samples>,
): AsyncGenerator<Samples> {
  const perRow = header.width * header.channels;
  for await (const data of rows) {
    yield (await toSrgb({ ...header, height: data.length / perRow, data })).data;
  }
}

/** A picture in rows has no alpha. */
function fitAlpha(picture: Picture, format: PictureFormat, background: Rgb | undefined): Picture {
  const flat = background === undefined ? picture : flattenAlpha(picture, background);
  return FORMATS[format].alpha ? flat : withoutAlpha(flat, FORMATS[format].name);
}

function withoutAlpha(picture: Picture, format: string): Picture {
  const { colour, alpha, constant = whiteOf(picture.depth) } = splitAlpha(picture);
  if (alpha === undefined && constant === whiteOf(picture.depth)) return colour;
  throw new UsageError(
    `${format} cannot hold the picture's transparency: choose --format png, or a --background`,
  );
}
