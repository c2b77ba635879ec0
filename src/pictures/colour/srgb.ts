/**
 * Colours without a profile: conversion to sRGB, which is what pixels without one are taken as.
 */

import { InputError, UsageError } from "../../errors.ts";
import { hdrNameOf } from "./label.ts";
import { type ColourSpace, convertToSrgb, SAMPLES_OF, spaceOf } from "./color_engine.ts";
import { convertDepth } from "./depth.ts";
import { profileFits } from "../metadata/metadata.ts";
import { allocateSamples, hasAlpha, type Picture } from "../picture.ts";

/** Steps per side of the grid of colours by which a profile is compared with sRGB. */
const PROBE_STEPS = 9;

/** Half a level of 8 bits, in samples of 16. */
const PROBE_TOLERANCE = 128;

/**
 * Returns the picture in sRGB, without a profile. Alpha stays as it is. A picture without a profile
 * is returned as it is; one whose profile does not describe its colours, is damaged, or means sRGB, loses
 * the profile only.
 *
 * @throws {UsageError} if the picture is HDR, or the colour engine, which needs `--allow-read`, cannot be
 *   loaded
 */
export async function toSrgb(picture: Picture): Promise<Picture> {
  const { icc, cicp, ...metadata } = picture.metadata;
  const hdr = icc === undefined ? hdrNameOf(cicp) : undefined;
  if (hdr !== undefined) throw new UsageError(`HDR colours (${hdr}) cannot be converted to sRGB`);
  if (icc === undefined) return picture;
  const plain = { ...picture, metadata };
  if (!profileFits(icc, picture.channels)) return plain;
  if (!await isUsable(icc)) {
    return { ...plain, notes: [...picture.notes ?? [], BROKEN_PROFILE] };
  }
  if (await meansSrgb(icc)) return plain;
  const integers = picture.depth === 32 ? convertDepth(plain, 16) : plain;
  const converted = await convert(integers, icc);
  return picture.depth === 32 ? convertDepth(converted, 32) : converted;
}

/** What is to be said of a picture whose profile cannot be read. */
export const BROKEN_PROFILE =
  "its colour profile is damaged and left out: its colours are taken as without one";

/** Says whether colours can be computed from a profile. */
export async function isUsable(icc: Uint8Array): Promise<boolean> {
  const space = spaceOf(icc);
  if (space === undefined) return false;
  try {
    await convertToSrgb(icc, new Uint8Array(SAMPLES_OF[space]));
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** What is to be said of a CMYK picture without a profile. */
export const NAIVE_CMYK =
  "its CMYK colours have no profile that can be read: they are converted by a plain formula";

/**
 * Returns CMYK samples as RGB: in sRGB by the profile if there is one that describes them, else by
 * the plain formula, in which each ink takes away its complement and black takes away from all.
 *
 * @param cmyk 0 is no ink
 */
export async function rgbOfCmyk<T extends Uint8Array | Uint16Array>(
  cmyk: T,
  icc: Uint8Array | undefined,
): Promise<T> {
  if (icc !== undefined && spaceOf(icc) === "CMYK") return await convertToSrgb(icc, cmyk);
  const white = cmyk instanceof Uint8Array ? 255 : 65535;
  const rgb = allocateSamples(white === 255 ? 8 : 16, cmyk.length / 4 * 3) as T;
  for (let i = 0, at = 0; i < cmyk.length; i += 4) {
    const light = (white - cmyk[i + 3]) / white;
    for (let c = 0; c < 3; c++) rgb[at++] = (white - cmyk[i + c]) * light + 0.5;
  }
  return rgb;
}

/**
 * Says whether a profile changes no colour by more than half a level of 8 bits.
 *
 * @throws {InputError} if the profile is damaged
 */
export async function meansSrgb(icc: Uint8Array): Promise<boolean> {
  const grid = probe(spaceOf(icc)!);
  const rgb = await convertToSrgb(icc, grid);
  const repeat = rgb.length / grid.length;
  return rgb.every((value, i) => Math.abs(value - grid[Math.floor(i / repeat)]) <= PROBE_TOLERANCE);
}

/** A grid of colours in 16 bits. */
function probe(space: ColourSpace): Uint16Array {
  const samples = SAMPLES_OF[space];
  const grid = new Uint16Array(PROBE_STEPS ** samples * samples);
  for (let i = 0; i < grid.length; i++) {
    const step = Math.floor(i / samples / PROBE_STEPS ** (i % samples)) % PROBE_STEPS;
    grid[i] = step / (PROBE_STEPS - 1) * 65535;
  }
  return grid;
}

/** Converts 8 or 16 bits, row by row beside the alpha. */
async function convert(picture: Picture, icc: Uint8Array): Promise<Picture> {
  const { width, height, channels, depth, data } = picture;
  const colours = channels <= 2 ? 1 : 3;
  const source = allocateSamples(depth, width * height * colours) as Uint8Array | Uint16Array;
  for (let from = 0, to = 0; from < data.length; from += channels) {
    for (let c = 0; c < colours; c++) source[to++] = data[from + c];
  }
  const rgb = await convertToSrgb(icc, source);
  const out = allocateSamples(depth, data.length);
  const alpha = hasAlpha(picture);
  for (let from = 0, to = 0; to < out.length; from += 3) {
    for (let c = 0; c < colours; c++) out[to++] = rgb[from + c];
    if (alpha) out[to] = data[to++];
  }
  return { ...picture, data: out };
}
