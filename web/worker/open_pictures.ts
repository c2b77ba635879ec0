/** The pictures that the page has open. Only the last one that was used is in memory as pixels. */

import { copyOf } from "../../src/enhance/aim.ts";
import { InputError } from "../../src/errors.ts";
import { type Inspection, inspectPicture } from "../../src/inspect/inspection.ts";
import { framesIn } from "../../src/pictures/animation/note.ts";
import { sniff } from "../../src/pictures/kind.ts";
import { decodePicture, type Picture } from "../../src/pictures/mod.ts";
import type { Region } from "../../src/raster/size.ts";
import { cropPicture } from "../../src/targets/crop.ts";
import { THUMB_SIDE } from "../protocol.ts";

/** The most pixels of a picture: it is in memory as a whole, and tabs get less of that than programs. */
export const MAX_PIXELS = 2 ** 26;

const NAMES: Readonly<Record<string, string>> = {
  jpeg: "JPEG",
  png: "PNG",
  webp: "WebP",
  avif: "AVIF",
  jxl: "JPEG XL",
  tiff: "TIFF",
  gif: "GIF",
  bmp: "BMP",
};

/** A picture in memory, and what was found in it. */
export interface OpenPicture {
  picture: Picture;
  /** As people call its format. */
  kind: string;
  inspection: Inspection;
  /** 1, unless it moves. */
  frames: number;
  /** What it was decoded from. */
  file: Blob;
  /** A copy of at most {@linkcode THUMB_SIDE} pixels a side. */
  small: Picture;
  /** Returns a part of it, as it is. */
  partOf(region: Region): Picture;
}

/** Files by the page's numbers, and one of them decoded. */
export class OpenPictures {
  readonly #files = new Map<number, Blob>();
  #last: { id: number; opened: Promise<OpenPicture> } | undefined;

  /**
   * Takes a file in.
   *
   * @throws {InputError} If it is no sound picture.
   */
  async add(id: number, file: Blob): Promise<OpenPicture> {
    this.#files.set(id, file);
    return await this.get(id);
  }

  /** Returns a picture that was taken in. */
  async get(id: number): Promise<OpenPicture> {
    const file = this.#files.get(id);
    if (file === undefined) throw new InputError("This picture was closed");
    if (this.#last?.id !== id) this.#last = { id, opened: openFile(file) };
    return await this.#last.opened;
  }

  drop(id: number): void {
    this.#files.delete(id);
    if (this.#last?.id === id) this.#last = undefined;
  }
}

async function openFile(file: Blob): Promise<OpenPicture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes.length === 0) throw new InputError("This file is empty");
  const picture = await decodePicture(bytes, { maxPixels: MAX_PIXELS });
  return {
    picture,
    kind: NAMES[sniff(bytes).kind ?? ""] ?? "",
    inspection: inspectPicture(picture, bytes),
    frames: Math.max(1, ...(picture.notes ?? []).map((note) => framesIn(note) ?? 1)),
    file,
    small: { ...await copyOf(picture, THUMB_SIDE), metadata: iccOf(picture) },
    partOf: (region) => cropPicture(picture, region),
  };
}

function iccOf({ metadata: { icc } }: Picture): Picture["metadata"] {
  return icc === undefined ? {} : { icc };
}
