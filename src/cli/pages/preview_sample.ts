/** What a preview works on: the most detailed part of a picture, of which a crop is shown. */

import { inspectPicture } from "../../inspect/mod.ts";
import {
  convertDepth,
  flattenAlpha,
  gatherRows,
  type Picture,
  type PictureHeader,
  type PictureRows,
  samplesOf,
} from "../../pictures/mod.ts";
import { cropRows } from "../../targets/crop.ts";
import { DETAIL_SIDE, mostDetailed } from "../../targets/detail.ts";
import type { Size } from "../../raster/size.ts";
import type { Region } from "../../raster/size.ts";
import { copyOf } from "../../enhance/aim.ts";
import { type OpenOptions, openPicture } from "../files/input_file.ts";

/** Longest side of what is shown, in pixels of a result. */
const SHOWN_SIDE = 512;

/** Longest side of the part on which results are measured, and of what upscalers see of it, in pixels. */
const PART_SIDE = { whole: 768, shrunk: 192 };

/** Shows through transparent pixels. */
const WHITE = [255, 255, 255] as const;

/** A part of a picture. */
export interface PreviewSample {
  /** The whole picture's size and kind. */
  whole: PictureHeader;
  /** Where in it the part lies; its sides are multiples of a whole factor, where they can be. */
  region: Region;
  /** The part itself: 8 bits, without alpha. */
  part: Picture;
  /** What of the part is shown. */
  shown: Region;
  /** The share of a restorer that the picture needs. */
  denoise: number;
}

/**
 * Reads the part of a picture on which upscalers are tried.
 *
 * @param scale The factor that they are tried with.
 * @throws {InputError} If the picture cannot be used.
 */
export async function readSample(
  path: string,
  reading: OpenOptions,
  scale: number,
): Promise<PreviewSample> {
  using file = await openPicture(path, reading);
  const { picture } = file;
  const most = shownSize(picture, scale);
  const copy = await copyOf(picture, DETAIL_SIDE);
  const share = { width: most.width / picture.width, height: most.height / picture.height };
  const anchor = mostDetailed(copy, share);
  const centre = {
    x: anchor.x * (picture.width - most.width) + most.width / 2,
    y: anchor.y * (picture.height - most.height) + most.height / 2,
  };
  const region = around(centre, partSize(picture, scale), picture);
  const inPart = { x: centre.x - region.x, y: centre.y - region.y };
  return {
    whole: picture,
    region,
    part: await readPart(picture, region),
    shown: around(inPart, shownSize(region, scale), region),
    denoise: "rows" in picture ? 0 : inspectPicture(picture, file.bytes).denoise,
  };
}

function shownSize({ width, height }: Size, scale: number): Size {
  const side = Math.ceil(SHOWN_SIDE / scale);
  return { width: Math.min(width, side), height: Math.min(height, side) };
}

/** A part that is shrunk by a whole factor loses no fraction of a pixel. */
function partSize({ width, height }: Size, scale: number): Size {
  const multiple = Number.isInteger(scale) ? scale : 1;
  const sideOf = (side: number) => {
    const most = Math.min(side, PART_SIDE.whole, Math.ceil(PART_SIDE.shrunk * scale));
    return most - most % multiple || most;
  };
  return { width: sideOf(width), height: sideOf(height) };
}

/** Returns the region of a size whose middle is as near to a point as a frame allows. */
export function around(point: { x: number; y: number }, size: Size, frame: Size): Region {
  const place = (middle: number, side: number, room: number) => {
    return Math.round(Math.max(0, Math.min(middle - side / 2, room - side)));
  };
  return {
    x: place(point.x, size.width, frame.width),
    y: place(point.y, size.height, frame.height),
    ...size,
  };
}

async function readPart(picture: Picture | PictureRows, region: Region): Promise<Picture> {
  const { width, height } = region;
  const rows = cropRows(picture, samplesOf(picture), region);
  const { channels, depth, metadata } = picture;
  const part = await gatherRows({ width, height, channels, depth, metadata, rows });
  return flattenAlpha(convertDepth(part, 8), WHITE);
}
