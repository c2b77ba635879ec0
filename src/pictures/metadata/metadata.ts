/**
 * What the formats share about metadata: how it is made to fit the upright picture when a file is
 * read, and the picture's new size and colours when one is written.
 */

import { latin1, startsWith } from "../bytes.ts";
import {
  readExifDensity,
  readOrientation,
  uprightExif,
  withExifDensity,
  withSize,
} from "./exif.ts";
import { applyOrientation, type Orientation } from "./orientation.ts";
import type { Metadata, Picture, PictureHeader } from "../picture.ts";
import { isComment, textsMoved } from "./texts.ts";
import { withXmpSize } from "./xmp.ts";

/**
 * Turns a freshly decoded picture upright by its EXIF block, and makes EXIF and XMP agree. A density
 * that only EXIF tells is taken from there. An EXIF block that cannot be parsed is dropped.
 */
export function makeUpright(picture: Picture): Picture {
  const { exif, xmp, ...metadata } = picture.metadata;
  const orientation: Orientation = exif === undefined ? 1 : readOrientation(exif);
  const upright = exif === undefined ? undefined : uprightExif(exif);
  const density = metadata.density ?? (upright && readExifDensity(upright));
  return {
    ...applyOrientation(picture, orientation),
    metadata: {
      ...metadata,
      ...(density === undefined ? {} : { density }),
      ...(upright === undefined ? {} : { exif: upright }),
      ...(xmp === undefined ? {} : { xmp: orientation === 1 ? xmp : uprightXmp(xmp) }),
    },
  };
}

/**
 * Returns the metadata of a picture that is upright whatever EXIF and XMP say: they say so too. An
 * EXIF block that cannot be parsed is dropped.
 */
export function turnedMetadata({ exif, xmp, ...metadata }: Metadata): Metadata {
  const upright = exif === undefined ? undefined : uprightExif(exif);
  return {
    ...metadata,
    ...(upright === undefined ? {} : { exif: upright }),
    ...(xmp === undefined ? {} : { xmp: uprightXmp(xmp) }),
  };
}

/**
 * Returns the metadata to write beside a picture: EXIF and XMP with the picture's size, and a profile only
 * if it describes such colours (a profile for RGB says nothing about grey, nor the reverse).
 */
export function metadataToWrite(picture: PictureHeader): Metadata {
  const { icc, cicp, exif, xmp, ...metadata } = picture.metadata;
  return {
    ...metadata,
    ...(cicp === undefined ? {} : { cicp }),
    ...(icc !== undefined && profileFits(icc, picture.channels) ? { icc } : {}),
    ...(exif === undefined ? {} : { exif: withSize(exif, picture.width, picture.height) }),
    ...(xmp === undefined ? {} : { xmp: withXmpSize(xmp, picture.width, picture.height) }),
  };
}

/** Returns the metadata to write as JPEG, which has a place for comments, and for no other texts. */
export function metadataInJpeg(picture: PictureHeader): Metadata {
  const { texts = [], ...metadata } = metadataToWrite(picture);
  const comments = texts.filter(isComment);
  const moved = textsMoved({ ...metadata, texts: texts.filter((text) => !isComment(text)) });
  return comments.length === 0 ? moved : { ...moved, texts: comments };
}

/**
 * Returns the metadata to write in a format that has no density and no texts of its own: they are put into
 * EXIF and XMP.
 */
export function metadataInExif(picture: PictureHeader): Metadata {
  const { density, ...metadata } = textsMoved(metadataToWrite(picture));
  if (density === undefined) return metadata;
  return { ...metadata, exif: withExifDensity(metadata.exif, density) };
}

/**
 * Returns the picture without EXIF, XMP, IPTC, texts and density. What says how colours are meant stays, as
 * without it the colours
 * would be others.
 */
export function stripMetadata(picture: Picture): Picture {
  const { icc, cicp, light } = picture.metadata;
  return {
    ...picture,
    metadata: { ...icc && { icc }, ...cicp && { cicp }, ...light && { light } },
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
