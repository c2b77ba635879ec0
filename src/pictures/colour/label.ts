/**
 * Labels of colours: the code points of ITU-T H.273 that PNG (cICP), AVIF and HEIC (nclx) carry, and PNG's
 * gAMA and cHRM. A label of ordinary colours becomes a profile, so that all else has one thing to look at; one
 * of HDR, which no profile describes well, stays what it is.
 */

import type { Primaries } from "./primaries.ts";
import { type Curve, makeGreyProfile, makeProfile } from "./profile.ts";

/** Code points of H.273. */
export interface ColourLabel {
  /** Which red, green, blue and white: 1 is BT.709 (and sRGB), 9 BT.2020, 12 Display P3. */
  primaries: number;
  /** From numbers to light: 8 is linear, 13 sRGB, 16 PQ, 18 HLG. */
  transfer: number;
}

const D65 = [0.3127, 0.329] as const;
const C = [0.31, 0.316] as const;

/** Table 2 of H.273. */
const PRIMARIES: Readonly<Record<number, { name: string } & Primaries>> = {
  1: { name: "BT.709", white: D65, red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06] },
  4: { name: "BT.470 M", white: C, red: [0.67, 0.33], green: [0.21, 0.71], blue: [0.14, 0.08] },
  5: { name: "BT.601 625", white: D65, red: [0.64, 0.33], green: [0.29, 0.6], blue: [0.15, 0.06] },
  6: {
    name: "BT.601 525",
    white: D65,
    red: [0.63, 0.34],
    green: [0.31, 0.595],
    blue: [0.155, 0.07],
  },
  8: {
    name: "Film",
    white: C,
    red: [0.681, 0.319],
    green: [0.243, 0.692],
    blue: [0.145, 0.049],
  },
  9: {
    name: "BT.2020",
    white: D65,
    red: [0.708, 0.292],
    green: [0.17, 0.797],
    blue: [0.131, 0.046],
  },
  11: {
    name: "DCI-P3",
    white: [0.314, 0.351],
    red: [0.68, 0.32],
    green: [0.265, 0.69],
    blue: [0.15, 0.06],
  },
  12: {
    name: "Display P3",
    white: D65,
    red: [0.68, 0.32],
    green: [0.265, 0.69],
    blue: [0.15, 0.06],
  },
  22: {
    name: "EBU 3213",
    white: D65,
    red: [0.63, 0.34],
    green: [0.295, 0.605],
    blue: [0.155, 0.077],
  },
};

/** Those of sRGB. */
export const SRGB_PRIMARIES: Primaries = PRIMARIES[1];

/**
 * Table 3 of H.273, as screens show it: pictures with the curves of television cameras are made to be seen
 * like sRGB.
 */
const CURVES: Readonly<Record<number, Curve>> = {
  1: "srgb",
  2: "srgb",
  4: 2.2,
  5: 2.8,
  6: "srgb",
  8: 1,
  13: "srgb",
  14: "srgb",
  15: "srgb",
  17: 2.6,
};

const PQ = 16;
const HLG = 18;

/** The stored power that is meant for screens of sRGB. */
const SCREEN_GAMMA = 1 / 2.2;

/** Chromaticities this near are the same. */
const SAME = 0.002;

/** The name of an HDR curve, or `undefined` for ordinary colours. */
export function hdrNameOf(label: ColourLabel | undefined): "PQ" | "HLG" | undefined {
  return label?.transfer === PQ ? "PQ" : label?.transfer === HLG ? "HLG" : undefined;
}

/**
 * What a label adds to a picture's metadata: nothing if it means sRGB, or is not known.
 *
 * @param label As the file has it; what is unspecified (2) is taken as sRGB has it.
 * @param grey Whether it is for grey, which has no primaries.
 */
export function metadataOfLabel(
  label: ColourLabel,
  grey = false,
): { cicp?: ColourLabel; icc?: Uint8Array } {
  const known = label.primaries === 7 ? 6 : label.primaries === 2 ? 1 : label.primaries;
  const primaries = PRIMARIES[known];
  if (primaries === undefined) return {};
  if (hdrNameOf(label) !== undefined) return { cicp: label };
  const curve = CURVES[label.transfer];
  if (curve === undefined || (curve === "srgb" && (known === 1 || grey))) return {};
  const { name } = primaries;
  const suffix = curve === "srgb" ? "" : curve === 1 ? ", linear" : `, gamma ${curve}`;
  if (grey) return { cicp: label, icc: makeGreyProfile(`Grey${suffix}`, curve) };
  return { cicp: label, icc: makeProfile(`${name}${suffix}`, primaries, curve) };
}

/**
 * A profile for PNG's gAMA and cHRM; `undefined` if they mean sRGB.
 *
 * @param grey Whether it is for grey, which has no primaries.
 * @param gamma The power by which light was stored: 0.45455 for screens; `undefined` if it is not said.
 */
export function profileOfGamma(
  grey: boolean,
  gamma: number | undefined,
  primaries: Primaries | undefined,
): Uint8Array | undefined {
  const isScreen = gamma === undefined || Math.abs(gamma - SCREEN_GAMMA) < 0.01;
  const colours = primaries ?? PRIMARIES[1];
  if (isScreen && (grey || isNear(colours, PRIMARIES[1]))) return undefined;
  const curve = gamma === undefined ? "srgb" : 1 / gamma;
  const name = gamma === undefined ? "cHRM" : `gAMA ${gamma.toFixed(5)}`;
  return grey ? makeGreyProfile(name, curve) : makeProfile(name, colours, curve);
}

function isNear(a: Primaries, b: Primaries): boolean {
  return (["white", "red", "green", "blue"] as const).every((name) => {
    return [0, 1].every((i) => Math.abs(a[name][i] - b[name][i]) < SAME);
  });
}
