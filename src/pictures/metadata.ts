/**
 * What the formats share about metadata: how it is made to fit the upright picture when a file is
 * read, and the picture's new size and colours when one is written.
 */

import { latin1, startsWith } from "./bytes.ts";
import { readOrientation, uprightExif, withSize } from "./exif.ts";
import { applyOrientation, type Orientation } from "./orientation.ts";
import type { Metadata, Picture } from "./picture.ts";

/**
 * Turns a freshly decoded picture upright by its EXIF block, and makes EXIF and XMP agree. An EXIF
 * block that cannot be parsed is dropped.
 */
export function makeUpright(picture: Picture): Picture {
  const { exif, xmp, ...metadata } = picture.metadata;
  const orientation: Orientation = exif === undefined ? 1 : readOrientation(exif);
  const upright = exif === undefined ? undefined : uprightExif(exif);
  return {
    ...applyOrientation(picture, orientation),
    metadata: {
      ...metadata,
      ...(upright === undefined ? {} : { exif: upright }),
      ...(xmp === undefined ? {} : { xmp: orientation === 1 ? xmp : uprightXmp(xmp) }),
    },
  };
}

/**
 * Returns the metadata to write beside a picture: EXIF with the picture's size, and a profile only
 * if it describes such colours (a profile for RGB says nothing about grey, nor the reverse).
 */
export function metadataToWrite(picture: Omit<Picture, "data">): Metadata {
  const { icc, exif, ...metadata } = picture.metadata;
  return {
    ...metadata,
    ...(icc !== undefined && profileFits(icc, picture.channels) ? { icc } : {}),
    ...(exif === undefined ? {} : { exif: withSize(exif, picture.width, picture.height) }),
  };
}

/** Says whether an ICC profile describes pictures with that many channels. */
export function profileFits(icc: Uint8Array, channels: number): boolean {
  return startsWith(icc.subarray(16, 20), channels <= 2 ? "GRAY" : "RGB ");
}

/** Returns a copy of an XMP packet in which each `tiff:Orientation` is 1. */
function uprightXmp(xmp: Uint8Array): Uint8Array {
  const copy = xmp.slice();
  const name = latin1("tiff:Orientation");
  for (let at = 0; at + name.length + 2 < copy.length; at++) {
    if (copy[at] !== name[0] || !name.every((byte, i) => copy[at + i] === byte)) continue;
    at += name.length;
    const head = String.fromCharCode(...copy.subarray(at, at + 8));
    const value = /^(\s*=\s*["']|>)\s*[1-8]/.exec(head);
    if (value !== null) copy[at + value[0].length - 1] = 0x31;
  }
  return copy;
}
