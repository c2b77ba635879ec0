/**
 * Results that the page can still ask for. What fits is in memory, ready for any format; what is larger
 * goes to the disk as its rows come, as a PNG in the browser's own file system for this page.
 */

import { UsageError } from "../../src/errors.ts";
import {
  type AnimatedFormat,
  changeRows,
  encodePicture,
  encodePngRows,
  FORMATS,
  gatherRows,
  hasAlpha,
  type Picture,
  type PictureFormat,
  type PictureHeader,
  type PictureRows,
} from "../../src/pictures/mod.ts";
import type { Region } from "../../src/raster/size.ts";
import type { Pixels, ResultFacts } from "../protocol.ts";
import { encodeMoving, framesOf, type MovingPicture } from "./animation.ts";
import { DiskFolder } from "./disk_folder.ts";
import { pixelsOf } from "./pixels.ts";
import { Strips } from "./strips.ts";

/** The most pixels of a result that is kept in memory. */
const PIXELS_IN_MEMORY = 2 ** 25;

/** The longer side of the small copy of a result on the disk. */
const SMALL_SIDE = 3840;

/** What is said of a result that was taken in. */
type Kept = Omit<ResultFacts, "before" | "seconds" | "consistency">;

/** In memory, as frames, or the names of files. */
type Stored = { picture: Picture } | { moving: MovingPicture } | { file: string; rows: string };

/** Keeps results until they are dropped. */
export class Results {
  readonly #stored = new Map<number, Stored>();
  readonly #disk = new DiskFolder();
  #last = 0;

  /**
   * Takes a result in as its rows come.
   *
   * @param header Its header with the record of what ran, once the rows have come.
   */
  async keep(rows: PictureRows, header: () => PictureHeader): Promise<Kept> {
    const { width, height } = rows;
    const result = ++this.#last;
    const common = { result, width, height, transparent: hasAlpha(rows), moving: undefined };
    if (width * height > PIXELS_IN_MEMORY) {
      return { ...common, ...await this.#keepOnDisk(result, rows), formats: ["png"] };
    }
    const { data } = await gatherRows(rows);
    const picture = { ...header(), data };
    const after = await pixelsOf(picture);
    this.#stored.set(result, { picture });
    const formats = formatsFor(picture);
    return { ...common, after, file: undefined, rows: undefined, formats };
  }

  /** Writes the file and, beside it, the pixels that the page shows parts of; a small copy is in memory. */
  async #keepOnDisk(result: number, rows: PictureRows) {
    const { width, height } = rows;
    const stored = { file: `${result}.png`, rows: `${result}.rgba` };
    this.#stored.set(result, stored);
    const copy = { width: 0, height: 0, data: new Uint8ClampedArray(0) };
    const shown: PictureHeader = { width, height, channels: 4, depth: 8, metadata: {} };
    const most = SMALL_SIDE * Math.min(1, width / height);
    const strips = new Strips(
      shown,
      most,
      ({ y, data }) => copy.data.set(data, y * copy.width * 4),
    );
    const bytes = 4 * strips.size.width * strips.size.height;
    Object.assign(copy, strips.size, { data: new Uint8ClampedArray(bytes) });
    const pixels = await this.#disk.create(stored.rows);
    const passing = changeRows(rows, async (band) => {
      const { data } = await pixelsOf(band);
      pixels.write(data);
      strips.add(new Uint8Array(data.buffer));
      return band;
    });
    try {
      const file = await this.#disk.write(stored.file, encodePngRows(rows, passing));
      strips.finish();
      return { after: copy satisfies Pixels, file, rows: await pixels.close() };
    } catch (error) {
      await pixels.close();
      await this.drop(result);
      throw error;
    }
  }

  /** Takes an animation in. @param part The part of it that is shown, for what was before. */
  async keepMoving(first: Picture, moving: MovingPicture, part: Region): Promise<Kept> {
    const result = ++this.#last;
    const { width, height } = first;
    const frames = moving.frames.length;
    const shown = {
      before: await framesOf(moving, part),
      after: await encodeMoving(moving, "png"),
      frames,
    };
    const after = await pixelsOf(first);
    this.#stored.set(result, { moving });
    return {
      ...{ result, width, height, transparent: hasAlpha(first) },
      ...{ after, file: undefined, rows: undefined, moving: shown },
      formats: formatsFor(first).filter((format) => FORMATS[format].animated),
    };
  }

  /** Makes a file. @throws {UsageError} If the format cannot hold the result. */
  async encode(result: number, format: PictureFormat): Promise<Blob> {
    const stored = this.#stored.get(result);
    if (stored === undefined) throw new UsageError("This result is not there any more");
    if ("file" in stored) return await this.#disk.read(stored.file);
    if ("moving" in stored) {
      return await encodeMoving(stored.moving, format as AnimatedFormat);
    }
    const bytes = await encodePicture(stored.picture, { format });
    return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: `image/${format}` });
  }

  /** Removes the pixels beside the file of a result, of which no part will be shown. */
  async dropRows(result: number): Promise<void> {
    const stored = this.#stored.get(result);
    if (stored !== undefined && "file" in stored) await this.#disk.remove(stored.rows);
  }

  async drop(result: number): Promise<void> {
    const stored = this.#stored.get(result);
    this.#stored.delete(result);
    if (stored === undefined || !("file" in stored)) return;
    await this.#disk.remove(stored.file);
    await this.#disk.remove(stored.rows);
  }
}

/** The formats that can hold a picture. */
function formatsFor(picture: PictureHeader): PictureFormat[] {
  const { width, height } = picture;
  return (Object.keys(FORMATS) as PictureFormat[]).filter((format) => {
    const { alpha, maxSide, maxPixels } = FORMATS[format];
    return (alpha || !hasAlpha(picture)) && Math.max(width, height) <= maxSide &&
      width * height <= maxPixels;
  });
}
