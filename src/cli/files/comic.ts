/**
 * Comic archives: zip files (`.cbz`) whose pictures are pages, in the order of the archive. Zip is
 * `fflate`'s; here is only what keeps a page's trouble its own.
 */

import { unzipSync, Zip, ZipPassThrough } from "npm:fflate@0.8.3";
import { InputError } from "../../errors.ts";

/** The ending of comic archives. */
export const COMIC_ENDING = ".cbz";

/** The most bytes of an entry: more than any page has. */
const MAX_ENTRY_BYTES = 2 ** 29;

/** No deflate stream expands by more than this factor. */
const MAX_EXPANSION = 1032;

/** All entries get this date, so that the same pages make the same bytes. */
const DATE = new Date(1980, 0, 1);

/** A file in an archive. */
export interface ComicEntry {
  /** With `/` between folders. */
  name: string;
  /** @throws {InputError} If it is damaged, or too large. */
  read(): Uint8Array;
}

/** Says whether a file is a comic archive by its name. */
export function isComicName(name: string): boolean {
  return name.toLowerCase().endsWith(COMIC_ENDING);
}

/**
 * Lists the files in an archive, in its order, without folders.
 *
 * @param archive the whole file; entries are read from it when they are asked for
 * @throws {InputError} If it is no zip archive, or is cut off.
 */
export function readComic(archive: Uint8Array): ComicEntry[] {
  const found: { name: string; size: number; originalSize: number }[] = [];
  unzip(archive, (file) => {
    found.push(file);
    return false;
  });
  return found.filter(({ name }) => !name.endsWith("/")).map(({ name, size, originalSize }) => ({
    name,
    read() {
      if (originalSize > MAX_ENTRY_BYTES || originalSize > MAX_EXPANSION * (size + 1)) {
        throw new InputError(`It claims ${originalSize} bytes in ${size} packed ones`);
      }
      const bytes = unzip(archive, (file) => file.name === name)[name];
      if (bytes?.length === originalSize) return bytes;
      throw new InputError(`It has ${bytes?.length ?? 0} of ${originalSize} bytes`);
    },
  }));
}

function unzip(
  archive: Uint8Array,
  filter: (file: { name: string; size: number; originalSize: number }) => boolean,
): Record<string, Uint8Array> {
  try {
    return unzipSync(archive, { filter });
  } catch (error) {
    throw new InputError(`This comic archive is damaged: ${(error as Error).message}`);
  }
}

/** Makes an archive, whose files are stored as they are: pictures are packed already. */
export class ComicWriter {
  #parts: Uint8Array[] = [];
  readonly #zip = new Zip((error, bytes) => {
    if (error) throw error;
    this.#parts.push(bytes);
  });

  /** Adds a file, and returns the archive's bytes that are known by then. */
  add(name: string, bytes: Uint8Array): Uint8Array[] {
    const entry = new ZipPassThrough(name);
    entry.mtime = DATE;
    this.#zip.add(entry);
    entry.push(bytes, true);
    return this.#take();
  }

  /** Returns the last bytes of the archive. */
  end(): Uint8Array[] {
    this.#zip.end();
    return this.#take();
  }

  #take(): Uint8Array[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }
}
