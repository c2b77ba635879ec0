/**
 * The picture: what decoders return, what the upscaler takes and gives, and what encoders write.
 *
 * Nothing here knows a file format or the GPU.
 */

/** How many bits a sample has: 8 and 16 are integers, 32 is a float with 1 as white. */
export type Depth = 8 | 16 | 32;

/** Samples of one picture: a typed array that fits its depth. */
export type Samples = Uint8Array | Uint16Array | Float32Array;

/** What a file carried beside its pixels; bytes are kept as they were, without container headers. */
export interface Metadata {
  /** ICC profile, whole. */
  icc?: Uint8Array;
  /**
   * Code points of ITU-T H.273 that say what the colours are, if they are not those of sRGB. Without `icc`
   * they are of HDR; else they and the profile say the same.
   */
  cicp?: { primaries: number; transfer: number };
  /** Beside `cicp` of HDR, as PNG has them: the screen it was made on (mDCV) and how bright it gets (cLLI). */
  light?: { mDCV?: Uint8Array; cLLI?: Uint8Array };
  /** EXIF block: a TIFF structure that begins with `II` or `MM`. Its orientation is already 1. */
  exif?: Uint8Array;
  /** XMP packet: UTF-8 XML. */
  xmp?: Uint8Array;
  /** IPTC: Photoshop's image resources (`8BIM`), those about the content. */
  iptc?: Uint8Array;
  /** Pixels per metre, horizontally and vertically. */
  density?: { x: number; y: number };
  /** Texts that have a keyword: PNG's, and the comments of JPEG. */
  texts?: readonly PictureText[];
}

/** A text with a keyword, and how PNG keeps it. */
export interface PictureText {
  /** "Title", "Comment", "parameters", and any other. */
  keyword: string;
  text: string;
  /** The chunk that it came from; `tEXt` and `zTXt` where all characters are Latin. */
  form?: "tEXt" | "zTXt" | "iTXt";
  compressed?: boolean;
  /** Of `iTXt`: the text's language, and the keyword in it. */
  language?: string;
  translated?: string;
}

/** A decoded picture, upright (any EXIF orientation is already applied to the pixels). */
export interface Picture {
  /** Pixels per row, at least 1. */
  width: number;
  /** Rows, at least 1. */
  height: number;
  /** 1 = grey, 2 = grey and alpha, 3 = RGB, 4 = RGB and alpha. Alpha is straight, never premultiplied. */
  channels: 1 | 2 | 3 | 4;
  /** Bits per sample. */
  depth: Depth;
  /** `[height][width][channels]`, row after row without padding. */
  data: Samples;
  /** Everything else that the file carried. */
  metadata: Metadata;
  /** What of the file the picture does not show, for people: "of the 12 frames only ...". */
  notes?: string[];
}

/** Everything about a picture except its samples. */
export type PictureHeader = Omit<Picture, "data">;

/**
 * A picture whose samples come in bands of whole rows, from the top; a band's memory may be used again
 * for the next one.
 */
export interface PictureRows extends PictureHeader {
  rows: AsyncIterable<Samples>;
}

/** Returns the largest value of a sample: 255, 65535, or 1 for floats. */
export function whiteOf(depth: Depth): number {
  return depth === 8 ? 255 : depth === 16 ? 65535 : 1;
}

/** Allocates `length` samples of the given depth, all zero. */
export function allocateSamples(depth: Depth, length: number): Samples {
  if (depth === 8) return new Uint8Array(length);
  return depth === 16 ? new Uint16Array(length) : new Float32Array(length);
}

/** Says whether the picture has an alpha channel. */
export function hasAlpha(picture: Pick<Picture, "channels">): boolean {
  return picture.channels === 2 || picture.channels === 4;
}
