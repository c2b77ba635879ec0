/** What the page asks of the engine in its worker, and what it is told. Types only. */

import type { Remedy } from "../src/errors.ts";
import type { Content } from "../src/inspect/mod.ts";
import type { PictureFormat } from "../src/pictures/mod.ts";
import type { Region, Size } from "../src/raster/size.ts";

/** Pixels for a canvas: RGBA in sRGB, 8 bits. */
export interface Pixels extends Size {
  /** `[height][width][4]` */
  data: Uint8ClampedArray<ArrayBuffer>;
}

/** How a result is to look. */
export type Look = "faithful" | "photo" | "detail" | "portrait" | "own";

/** The looks that every picture can have; `portrait` needs a face, `own` needs weights. */
export const LOOKS = ["faithful", "photo", "detail"] as const;

/** What is to become of a picture. */
export interface Wish {
  /** A size as `parseTarget` reads it, or a factor. */
  size: { to: string } | { scale: number };
  look: Look;
  /** Whether the small network is used. */
  quick: boolean;
  /** Whether compression marks and noise are taken away. */
  clean: boolean;
  /** Whether nothing is cut off: the result may then be smaller than the size asked for. */
  whole: boolean;
  /** Whether the most detailed part is kept where something is cut off, instead of the middle. */
  detailed: boolean;
  /** Whether all frames of an animation are taken, instead of the first. */
  moving: boolean;
}

/** What a picture is. */
export interface PictureFacts extends Size {
  /** `JPEG`, `PNG`, ... */
  kind: string;
  /** The worst JPEG quality that left traces. */
  quality: number | undefined;
  noise: number;
  blur: number | undefined;
  content: Content;
  /** The share of the restorer that it needs, 0 to 1. */
  denoise: number;
  transparent: boolean;
  /** 1, unless it moves. */
  frames: number;
  /** The middle of its most detailed part, each from 0 to 1. */
  focus: { x: number; y: number };
  /** A small copy, at most {@linkcode THUMB_SIDE} pixels a side. */
  thumb: Pixels;
  notes: readonly string[];
}

/** The longer side of a small copy in pixels. */
export const THUMB_SIDE = 640;

/** What a wish leads to. */
export interface PlanFacts {
  /** The result's size. */
  size: Size;
  /** The part of the picture that is used. */
  crop: Region;
  /** Result pixels per pixel of that part. */
  scale: number;
  /** How many frames are made: all, or the first. */
  frames: number;
}

/** What is known of the GPU. */
export interface AdapterFacts {
  /** As people know it. */
  name: string;
  software: boolean;
}

/** A picture that was enlarged, and stays with the worker until it is dropped. */
export interface ResultFacts extends Size {
  result: number;
  /** What the result shows of the picture, and as it was. */
  before: Pixels;
  /** The result for a canvas; of one that is on the disk, a small copy. */
  after: Pixels;
  /** A result that was written as it was made, on the disk: a PNG, and its pixels for a canvas. */
  file: Blob | undefined;
  rows: Blob | undefined;
  /** An animation and its result as browsers show them; `after` is its first frame. */
  moving: { before: Blob; after: Blob; frames: number } | undefined;
  /** What it can be written as. */
  formats: readonly PictureFormat[];
  transparent: boolean;
  seconds: number;
  /** PSNR in dB of the result, shrunk, against the picture. */
  consistency: number | undefined;
}

/** Rows of a result that are done, shrunk to the width of what shows them. */
export interface Strip extends Pixels {
  /** The first row. */
  y: number;
}

/** Every call: what it is given, and what comes back. */
export interface Calls {
  /** Opens the device. */
  adapter: { asks: undefined; gives: AdapterFacts };
  /** Decodes a picture and says what it is; `picture` is what other calls name it by. */
  open: { asks: { picture: number; file: Blob }; gives: PictureFacts };
  /** Says whether a face fills the picture; the first time this loads what finds faces. */
  portrait: { asks: { picture: number }; gives: boolean };
  plan: { asks: { picture: number; wish: Wish }; gives: PlanFacts };
  /** Enlarges a part, `width` x `height` pixels of the result, around a point (0 to 1). */
  preview: {
    asks: { picture: number; wish: Wish; centre: { x: number; y: number }; shown: Size };
    gives: { pixels: Pixels; before: Pixels };
  };
  /** How long the whole would take, in seconds, if a preview has shown it. */
  estimate: { asks: { picture: number; wish: Wish }; gives: number | undefined };
  /** Enlarges the whole; strips are as wide as asked for. */
  enhance: {
    asks: { picture: number; wish: Wish; stripWidth: number };
    gives: ResultFacts;
  };
  /** Makes a file of a result. */
  encode: { asks: { result: number; format: PictureFormat }; gives: Blob };
  /** Forgets a result, or of one on the disk only the pixels beside its file; or a picture. */
  drop: { asks: { result?: number; rowsOf?: number; picture?: number }; gives: undefined };
  /** Takes a person's own weights, and says what they are. */
  weights: {
    asks: { file: Blob; name: string };
    gives: { architecture: string; scale: number };
  };
}

/** The name of a call. */
export type CallName = keyof Calls;

/** What is told while a call is under way. */
export type News =
  /** Of an animation, also the frame in work, from 1 on. */
  | { kind: "progress"; fraction: number; secondsLeft: number | undefined; frame?: number }
  | { kind: "strip"; strip: Strip }
  | { kind: "begun" }
  /** The device was lost, or memory short; the work goes on. */
  | { kind: "retry" };

/** What went wrong, as it crosses over. */
export interface Failure {
  name: string;
  message: string;
  remedies: readonly Remedy[];
  needed: number | undefined;
  available: number | undefined;
}

/** From the page to the worker. */
export type Message =
  | { [Name in CallName]: { call: number; name: Name; asks: Calls[Name]["asks"] } }[CallName]
  | { cancel: number };

/** From the worker to the page. */
export type Reply =
  | { call: number; gives: unknown }
  | { call: number; failure: Failure }
  | { call: number; news: News };
