/**
 * The one file that knows `lcms-wasm`, which is Little CMS in WebAssembly: colours from the space of
 * an ICC profile to sRGB. Needs `--allow-read`, as it reads its own `.wasm` file. Version 1.0.2, because
 * later ones depend on a test framework, which would bring 125 packages to everyone's machine.
 *
 * The intent is relative colorimetric with black point compensation, as photo editors have it.
 */

import { codecOptions } from "../../platform/mod.ts";
import { damaged } from "../limits.ts";
import { notLoaded } from "../codecs/wasm.ts";

const ENGINE = "lcms-wasm@1.0.2";

const SILENT = { print: () => {}, printErr: () => {} };

/** An instance of the module: one is enough, as all that is made in it is also deleted. */
interface Engine {
  cmsDoTransform(
    transform: number,
    from: Uint8Array | Uint16Array,
    pixels: number,
  ): Uint8Array | Float32Array;
  cmsOpenProfileFromMem(bytes: Uint8Array, length: number): number;
  cmsCreate_sRGBProfile(): number;
  cmsCloseProfile(profile: number): void;
  cmsCreateTransform(
    from: number,
    fromFormat: number,
    to: number,
    toFormat: number,
    intent: number,
    flags: number,
  ): number;
  cmsDeleteTransform(transform: number): void;
}

const RELATIVE_COLORIMETRIC = 1;
const BLACK_POINT_COMPENSATION = 0x2000;
/** Without it CMYK goes through a table that errs by up to 3 levels, and dark linear grey by 10. */
const NO_OPTIMIZATION = 0x0100;

/**
 * Formats in the engine's terms: the kind of colours << 16 | samples << 3 | bytes per sample. 16 bits
 * come out as floats, as this version cuts whole numbers to 8 bits when it returns them.
 */
const FORMATS = { GRAY: 3 << 16 | 1 << 3, "RGB ": 4 << 16 | 3 << 3, CMYK: 6 << 16 | 4 << 3 };
const RGB_BYTES = FORMATS["RGB "] | 1;
const RGB_FLOATS = 1 << 22 | FORMATS["RGB "] | 4;

/** The kinds of colours that can be converted, as profiles name them. */
export type ColourSpace = keyof typeof FORMATS;

/** Samples per pixel of each kind of colours. */
export const SAMPLES_OF: Record<ColourSpace, number> = { GRAY: 1, "RGB ": 3, CMYK: 4 };

/** Pixels that are converted at a time: little beside the engine's memory. */
const BAND = 2 ** 16;

let engine: Promise<Engine> | undefined;

/** Returns the kind of colours that a profile describes, if it is one that can be converted. */
export function spaceOf(icc: Uint8Array): ColourSpace | undefined {
  const name = String.fromCharCode(...icc.subarray(16, 20));
  return name in FORMATS ? name as ColourSpace : undefined;
}

/**
 * Converts pixels to sRGB.
 *
 * @param icc profile of the pixels, of the kind that `spaceOf` returns
 * @param pixels samples of 8 or 16 bits, `SAMPLES_OF` for each pixel; CMYK has 0 as no ink
 * @returns red, green and blue in the same depth
 * @throws {InputError} if the profile is damaged
 * @throws {UsageError} if the engine cannot be loaded
 */
export async function convertToSrgb<T extends Uint8Array | Uint16Array>(
  icc: Uint8Array,
  pixels: T,
): Promise<T> {
  const lcms = await (engine ??= load());
  const space = spaceOf(icc)!;
  const shallow = pixels instanceof Uint8Array;
  const flags = BLACK_POINT_COMPENSATION | (space === "RGB " ? 0 : NO_OPTIMIZATION);
  const format = FORMATS[space] | pixels.BYTES_PER_ELEMENT;
  const transform = createTransform(lcms, icc, format, shallow ? RGB_BYTES : RGB_FLOATS, flags);
  const samples = SAMPLES_OF[space];
  const count = pixels.length / samples;
  const rgb = (shallow ? new Uint8Array(count * 3) : new Uint16Array(count * 3)) as T;
  try {
    for (let at = 0; at < count; at += BAND) {
      const length = Math.min(BAND, count - at);
      const band = pixels.subarray(at * samples, (at + length) * samples);
      const converted = lcms.cmsDoTransform(transform, band, length);
      if (shallow) rgb.set(converted, at * 3);
      else converted.forEach((value, i) => rgb[at * 3 + i] = levelOf(value));
    }
  } finally {
    lcms.cmsDeleteTransform(transform);
  }
  return rgb;
}

/** A float as 16 bits; colours that sRGB does not have are beyond 0 and 1. */
function levelOf(value: number): number {
  return Math.min(Math.max(value, 0), 1) * 65535 + 0.5;
}

function createTransform(
  lcms: Engine,
  icc: Uint8Array,
  fromFormat: number,
  toFormat: number,
  flags: number,
): number {
  let [profile, transform] = [0, 0];
  const srgb = lcms.cmsCreate_sRGBProfile();
  try {
    profile = lcms.cmsOpenProfileFromMem(icc, icc.length);
    transform = profile === 0 ? 0 : lcms.cmsCreateTransform(
      profile,
      fromFormat,
      srgb,
      toFormat,
      RELATIVE_COLORIMETRIC,
      flags,
    );
  } catch {
    // A profile that breaks the engine is damaged like any other; the next one gets a new engine.
    engine = undefined;
  }
  lcms.cmsCloseProfile(srgb);
  if (profile !== 0) lcms.cmsCloseProfile(profile);
  if (transform === 0) throw damaged("ICC profile of this", "no colours can be computed from it");
  return transform;
}

async function load(): Promise<Engine> {
  try {
    const module: { instantiate(options: object): Promise<Engine> } = await import(
      "npm:lcms-wasm@1.0.2"
    );
    return await module.instantiate({ ...SILENT, ...await codecOptions("lcms.wasm") });
  } catch (error) {
    throw notLoaded(ENGINE, error);
  }
}
