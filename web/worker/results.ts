/**
 * Results that the page can still ask for. What fits is in memory, ready for any format; what is larger
 * goes to the disk as its rows come, as a PNG in the browser's own file system for this page.
 */

import { UsageError } from "../../src/errors.ts";
import {
  encodePicture,
  encodePngRows,
  gatherRows,
  hasAlpha,
  type Picture,
  type PictureFormat,
  type PictureHeader,
  type PictureRows,
} from "../../src/pictures/mod.ts";
import type { ResultFacts } from "../protocol.ts";
import { DiskFolder } from "./disk_folder.ts";
import { pixelsOf } from "./pixels.ts";

/** The most pixels of a result that is kept in memory. */
const PIXELS_IN_MEMORY = 2 ** 25;

/** What is said of a result that was taken in. */
type Kept = Pick<
  ResultFacts,
  "result" | "width" | "height" | "after" | "file" | "transparent"
>;

type Stored = { picture: Picture } | { file: File; name: string };

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
    const common = { result, width, height, transparent: hasAlpha(rows) };
    if (width * height > PIXELS_IN_MEMORY) {
      const name = `${result}.png`;
      const file = await this.#disk.write(name, encodePngRows(rows, rows.rows));
      this.#stored.set(result, { file, name });
      return { ...common, after: undefined, file };
    }
    const { data } = await gatherRows(rows);
    const picture = { ...header(), data };
    this.#stored.set(result, { picture });
    return { ...common, after: await pixelsOf(picture), file: undefined };
  }

  /** Makes a file. @throws {UsageError} If the format cannot hold the result. */
  async encode(result: number, format: PictureFormat): Promise<Blob> {
    const stored = this.#stored.get(result);
    if (stored === undefined) throw new UsageError("This result is not there any more");
    if ("file" in stored) return stored.file;
    const bytes = await encodePicture(stored.picture, { format });
    return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: `image/${format}` });
  }

  async drop(result: number): Promise<void> {
    const stored = this.#stored.get(result);
    this.#stored.delete(result);
    if (stored !== undefined && "file" in stored) await this.#disk.remove(stored.name);
  }
}
