/**
 * Kinds of colours of TIFF that libvips does not read, or reads wrongly without a word. Some it can be given under
 * another name, with the same numbers, which are converted here; the others are refused by name.
 *
 * Sources: TIFF 6.0 (sections 21 and 23: YCbCr and L*a*b*); ICC.1 for L*a*b* as profiles have it.
 */

import { labConverter } from "../colour/lab.ts";
import { unsupported } from "../limits.ts";
import type { Picture } from "../picture.ts";
import { numbersOf, type TiffDirectory } from "./tags.ts";

const TAG = {
  bits: 0x0102,
  compression: 0x0103,
  photometric: 0x0106,
  samples: 0x0115,
  planes: 0x011c,
  whitePoint: 0x013e,
  inks: 0x014c,
  sampleFormat: 0x0153,
  coefficients: 0x0211,
  subsampling: 0x0212,
  levels: 0x0214,
} as const;

/** The tags that are looked at here. */
export const COLOUR_TAGS: readonly number[] = Object.values(TAG);

/** The tag that names the kind of colours. */
export const PHOTOMETRIC: number = TAG.photometric;

/** Kinds of colours, as the tag names them. */
const KIND = {
  whiteIsZero: 0,
  blackIsZero: 1,
  rgb: 2,
  palette: 3,
  inks: 5,
  ycbcr: 6,
  lab: 8,
  iccLab: 9,
} as const;

/** Kinds of colours that are not read. */
const OTHER_KINDS: ReadonlyMap<number, string> = new Map([
  [4, "is a mask of another picture"],
  [10, "has colours of fax machines (ITU-T L*a*b*)"],
  [32803, "has the bare samples of a camera's sensor"],
  [32844, "has brightness as logarithms (LogL)"],
  [32845, "has colours as logarithms (LogLuv)"],
  [34892, "has the linear samples of a camera"],
]);

/** Compressions that libvips reads as RGB whatever they hold: JPEG. */
const JPEG = 7;

const SEPARATE_PLANES = 2;
const NO_CMYK = 2;

/** Formats of samples: whole numbers from 0, whole numbers with a sign, floats, and so on. */
const SIGNED = 2;
const FLOAT = 3;
const COMPLEX = [5, 6];

/** The white of L*a*b*, unless a file names another: D50. */
const LAB_WHITE = [0.3457, 0.3585];

/** How a page is to be read. */
export interface ColourPlan {
  /** The kind of colours that libvips is told, if it is not the file's. */
  readAs?: number;
  /** Makes sRGB of what it read then. */
  convert?: (picture: Picture) => Picture;
}

/**
 * Says how the colours of a page are to be read.
 *
 * @throws {InputError} If they cannot be.
 */
export function planColours(directory: TiffDirectory): ColourPlan {
  checkSamples(directory);
  const [kind] = numbersOf(directory, TAG.photometric);
  const [samples = 1] = numbersOf(directory, TAG.samples);
  const [planes] = numbersOf(directory, TAG.planes);
  switch (kind) {
    case KIND.whiteIsZero:
    case KIND.blackIsZero:
    case KIND.palette:
      return planes === SEPARATE_PLANES && samples > 1 ? planGreyPlanes(kind) : {};
    case KIND.inks:
      if (numbersOf(directory, TAG.inks)[0] === NO_CMYK) {
        throw unsupported("TIFF", `has ${samples} inks other than those of CMYK`);
      }
      return {};
    case KIND.ycbcr:
      return numbersOf(directory, TAG.compression)[0] === JPEG ? {} : planYcbcr(directory);
    case KIND.lab:
    case KIND.iccLab:
      return planLab(directory, kind);
    case KIND.rgb:
    case undefined:
      return {};
  }
  throw unsupported(
    "TIFF",
    OTHER_KINDS.get(kind) ?? `has colours of a kind that is not known (${kind})`,
  );
}

/** Refuses samples of a kind that libvips has no pictures of. */
function checkSamples(directory: TiffDirectory): void {
  const bits = numbersOf(directory, TAG.bits);
  const [samples = 1] = numbersOf(directory, TAG.samples);
  const [format = 1] = numbersOf(directory, TAG.sampleFormat);
  const [first = 1] = bits;
  if (bits.some((each) => each !== first)) {
    throw unsupported("TIFF", `has samples of different bits (${bits.slice(0, 8).join(", ")})`);
  }
  const isWhole = [8, 16, 32].includes(first) || ([1, 2, 4].includes(first) && samples === 1);
  if (COMPLEX.includes(format)) throw unsupported("TIFF", "has complex numbers as samples");
  if (!isWhole || (format === FLOAT && first < 16)) {
    const kind = format === FLOAT ? "float" : "sample";
    const unit = first === 1 ? "bit" : "bits";
    throw unsupported("TIFF", `has ${first} ${unit} per ${kind}, and ${samples} per pixel`);
  }
  if (format === SIGNED) {
    throw unsupported("TIFF", `has samples with a sign (from ${-(2 ** (first - 1))} on)`);
  }
}

/** Grey and more in planes of their own libvips mixes up, unless they are called colours. */
function planGreyPlanes(kind: number): ColourPlan {
  if (kind === KIND.blackIsZero) return { readAs: KIND.rgb };
  throw unsupported("TIFF", "has alpha in a plane of its own, beside negative grey or a palette");
}

/** Brightness and two differences, which libvips takes for RGB. */
function planYcbcr(directory: TiffDirectory): ColourPlan {
  const [across = 2, down = 2] = numbersOf(directory, TAG.subsampling);
  const [bits] = numbersOf(directory, TAG.bits);
  if (across !== 1 || down !== 1 || bits !== 8) {
    throw unsupported(
      "TIFF",
      `has YCbCr of ${bits} bits, one colour for ${across} x ${down} pixels, and is not JPEG inside`,
    );
  }
  const [red = 0.299, green = 0.587, blue = 0.114] = numbersOf(directory, TAG.coefficients);
  const levels = numbersOf(directory, TAG.levels);
  const [black, white, blueZero, blueFull, redZero, redFull] = levels.length === 6
    ? levels
    : [0, 255, 128, 255, 128, 255];
  const convert = (y: number, cb: number, cr: number, rgb: Float64Array) => {
    const light = (y - black) / (white - black);
    rgb[0] = light + (cr - redZero) / (redFull - redZero) * (127 / 255) * (2 - 2 * red);
    rgb[2] = light + (cb - blueZero) / (blueFull - blueZero) * (127 / 255) * (2 - 2 * blue);
    rgb[1] = (light - red * rgb[0] - blue * rgb[2]) / green;
  };
  return { readAs: KIND.rgb, convert: (picture) => converted(picture, convert) };
}

/** L*a*b*, which this libvips does not read in 8 bits, nor with another white than D65. */
function planLab(directory: TiffDirectory, kind: number): ColourPlan {
  const [bits] = numbersOf(directory, TAG.bits);
  const [samples] = numbersOf(directory, TAG.samples);
  const [format] = numbersOf(directory, TAG.sampleFormat);
  if (bits > 16 || samples < 3 || format === FLOAT) {
    throw unsupported("TIFF", `has L*a*b* of ${samples} samples of ${bits} bits`);
  }
  const [x, y] = numbersOf(directory, TAG.whitePoint);
  const toSrgb = labConverter(x > 0 && y > 0 ? [x, y] : [LAB_WHITE[0], LAB_WHITE[1]]);
  const half = 2 ** (bits - 1);
  const unit = 2 ** (bits - 8);
  // Profiles have 100 at 65280 of 16 bits, and a* and b* from 0 on.
  const most = kind === KIND.iccLab ? 255 * unit : 2 ** bits - 1;
  const signed = kind === KIND.iccLab
    ? (value: number) => (value - half) / unit
    : (value: number) => (value < half ? value : value - 2 * half) / unit;
  const convert = (lightness: number, a: number, b: number, rgb: Float64Array) => {
    toSrgb(Math.min(lightness / most, 1) * 100, signed(a), signed(b), rgb);
  };
  return { readAs: KIND.rgb, convert: (picture) => converted(picture, convert) };
}

/** Sends the first three samples of each pixel through a function that gives shares from 0 to 1. */
function converted(
  picture: Picture,
  convert: (a: number, b: number, c: number, rgb: Float64Array) => void,
): Picture {
  const { channels, data, metadata: { icc: _, ...metadata } } = picture;
  const white = picture.depth === 8 ? 255 : 65535;
  const rgb = new Float64Array(3);
  for (let at = 0; at < data.length; at += channels) {
    convert(data[at], data[at + 1], data[at + 2], rgb);
    for (let c = 0; c < 3; c++) data[at + c] = Math.min(Math.max(rgb[c], 0), 1) * white + 0.5;
  }
  return { ...picture, metadata };
}
