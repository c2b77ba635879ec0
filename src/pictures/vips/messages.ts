/** What the thread of libvips is asked, and what it answers. */

/** The loaders that are used, by the name of their function. */
export type VipsLoader =
  | "tiffload"
  | "gifload"
  | "webpload"
  | "heifload"
  | "jxlload"
  | "svgload"
  | "jpegload";

/** The savers that are used, by the name of their function. */
export type VipsSaver = "tiffsave" | "gifsave" | "webpsave" | "heifsave" | "jxlsave";

/**
 * Parts of libvips that are loaded only where they are needed; what all else needs is in itself. They are
 * loaded together: a thread of its own for each would keep 300 MB each.
 */
export type VipsPlugin = "none" | "all";

/** The plug-ins that loaders and savers need. */
export const PLUGINS: Readonly<Partial<Record<VipsLoader | VipsSaver, VipsPlugin>>> = {
  heifload: "all",
  heifsave: "all",
  jxlload: "all",
  jxlsave: "all",
  svgload: "all",
};

/** Samples as libvips holds them. */
export type VipsSamples = Uint8Array | Uint16Array | Float32Array;

/** What is to be opened. */
export interface VipsInput {
  /** The bytes of a file, or its path. */
  source: Uint8Array | string;
  loader: VipsLoader;
  /** Whether damage is passed over. */
  lenient: boolean;
  /** Whether a file is refused for whatever libvips complains of. */
  wary: boolean;
  /** Whether all pages or frames are read, one under the other. */
  all: boolean;
  /** The page that is read alone, from 0 on; the first unless given. */
  page?: number | undefined;
}

/** What libvips says of an open file. */
export interface VipsHeader {
  width: number;
  /** Of all pages. */
  height: number;
  /** Samples per pixel. */
  bands: number;
  format: "uchar" | "ushort" | "float";
  /** Kind of colours: `srgb`, `b-w`, `cmyk` and the like. */
  interpretation: string;
  /** Pages or frames in the file. */
  pages: number;
  /** Rows of one page, where all are read. */
  pageHeight: number;
  /** Bits per sample that come shifted to the left within 16, if they do. */
  shiftedBits: number | undefined;
  /** Milliseconds that each frame shows. */
  delays: number[] | undefined;
  /** How often an animation plays; 0 is for ever. */
  loops: number | undefined;
  /** Pixels per millimetre. */
  density: { x: number; y: number };
  icc?: Uint8Array;
  exif?: Uint8Array;
  xmp?: Uint8Array;
  /** Records, or image resources. */
  iptc?: Uint8Array;
  photoshop?: Uint8Array;
}

/** A picture to be written, or the frames of one as files of their own, which are read as they are needed. */
export interface VipsOutput {
  picture:
    | { data: VipsSamples; width: number; height: number; bands: number; interpretation: string }
    | { frames: Uint8Array[]; delays: number[]; loops: number };
  saver: VipsSaver;
  options: Record<string, number | boolean | string>;
  icc?: Uint8Array | undefined;
}

/** One question; `picture` names an open file. The first one says which plug-in is loaded. */
export type VipsRequest =
  & { id: number; plugin: VipsPlugin }
  & (
    | { open: VipsInput }
    | { picture: number; row: number; rows: number }
    | { close: number }
    | { write: VipsOutput }
  );

/** Its answer. */
export type VipsAnswer =
  & { id: number }
  & (
    | { opened: VipsHeader }
    | { samples: VipsSamples }
    | { closed: true }
    | { bytes: Uint8Array }
    /** `load`: libvips itself could not be loaded. */
    | { failed: "load" | "work"; message: string }
  );
