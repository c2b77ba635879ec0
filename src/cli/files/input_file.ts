/** A picture's file: decoded as a whole, or left open where its rows can come as they are needed. */

import { InputError } from "../../errors.ts";
import { type PictureKind, sniff } from "../../pictures/kind.ts";
import { readJpegParts } from "../../pictures/jpeg/segments.ts";
import {
  type ByteSource,
  decodePngRows,
  openJpegRows,
  openTiffRows,
  type Picture,
  type PictureRows,
} from "../../pictures/mod.ts";
import { type Codecs, CODECS_HERE } from "../batch/codecs.ts";
import { plainStdin, readPipe, STDIN } from "./standard_streams.ts";

/**
 * Pictures of fewer pixels are decoded as a whole: they take little memory, and damage at their end is
 * then found before the work.
 */
const PIXELS_IN_ROWS = 2 ** 24;

/** From so many pixels on, it is said that a picture is in memory as a whole. */
const PIXELS_TO_MENTION = 2 ** 26;

/** A JPEG of so many pixels has at least so many bytes: one bit for each block of 64 pixels. */
const BYTES_OF_LARGE_JPEG = PIXELS_TO_MENTION / 512;

/** Bytes from which the kind of a file can be told. */
const HEAD_BYTES = 512;

/** A picture, and the file it still comes from. */
export interface InputFile extends Disposable {
  picture: Picture | PictureRows;
  kind: PictureKind;
  /**
   * The whole file if it is a JPEG, whose tables tell its quality, or came through a pipe; of others nothing
   * is kept.
   */
  bytes: Uint8Array | undefined;
}

/** How a picture is opened. */
export interface OpenOptions {
  /** The most pixels that the file may claim. */
  maxPixels: number;
  /** Whether a JPEG is refused that is cut off or damaged in part. */
  strict?: boolean;
  /** What decodes a picture that is taken as a whole. */
  codecs?: Codecs;
  /** Ends the waiting for a pipe. */
  signal?: AbortSignal;
}

/**
 * Opens a picture: a file, stdin as `-`, or a pipe.
 *
 * @throws {InputError} If there is no such file, or it is no sound picture.
 */
export async function openPicture(path: string, options: OpenOptions): Promise<InputFile> {
  const { maxPixels, signal } = options;
  const isFile = plainStdin(path) !== STDIN && (await reading(() => Deno.stat(path))).isFile;
  const rows = isFile ? await openRows(path, maxPixels) : undefined;
  if (rows !== undefined) return rows;
  const bytes = await readWhole(path, signal);
  if (isFile) return await pictureOf(bytes, options);
  if (sniff(bytes).kind === undefined && isList(bytes)) {
    throw new InputError(
      "It is text, not a picture: a list of names on stdin is read with --files-from -",
    );
  }
  return { ...await pictureOf(bytes, options), bytes };
}

/**
 * Reads a file, stdin as `-`, or a pipe, to its end.
 *
 * @param signal Ends the waiting for a pipe.
 * @throws {InputError} If it cannot be read.
 */
export async function readWhole(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const isFile = plainStdin(path) !== STDIN && (await reading(() => Deno.stat(path))).isFile;
  return await reading(
    () => isFile ? Deno.readFile(path) : readPipe(plainStdin(path), signal),
    signal,
  );
}

/**
 * Decodes a picture's file as a whole.
 *
 * @throws {InputError} If it is no sound picture.
 */
export async function pictureOf(
  bytes: Uint8Array,
  { maxPixels, strict = false, codecs = CODECS_HERE }: OpenOptions,
): Promise<InputFile> {
  const { kind } = sniff(bytes);
  const picture = sayLarge(await codecs.decode(bytes, { maxPixels, strict }));
  // What is of no kind has not been decoded.
  const kept = kind === "jpeg" ? bytes : undefined;
  return { picture, kind: kind!, bytes: kept, [Symbol.dispose]() {} };
}

/** Says whether bytes are lines of text, as names on stdin are. */
function isList(bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
  const text = head.replaceAll("\0", "\n");
  return /^[^\p{Cc}<]+\r?\n/u.test(text) && /[./]/.test(text);
}

/** Does something with a picture's file; errors of the file then name it. */
export async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${path}: ${error.message}`, { cause: error });
  }
}

/** Says of a large picture why it takes memory. */
function sayLarge(picture: Picture): Picture {
  const pixels = picture.width * picture.height;
  if (pixels < PIXELS_TO_MENTION) return picture;
  const note =
    `its ${
      Math.floor(pixels / 1e6)
    } megapixels are in memory as a whole: only sound JPEG, PNG and ` +
    `TIFF files that are neither interlaced nor turned are read row by row`;
  return { ...picture, notes: [...picture.notes ?? [], note] };
}

/** Opens a large JPEG, PNG or TIFF file whose rows come in order; `undefined` if it is any other. */
async function openRows(path: string, maxPixels: number): Promise<InputFile | undefined> {
  const file = await reading(() => Deno.open(path));
  let opened: InputFile | undefined;
  try {
    const { size } = await file.stat();
    const source = sourceOfFile(file, size);
    const { kind } = sniff(await source.read(0, HEAD_BYTES));
    if (kind === "jpeg") return await openLargeJpeg(path, source, maxPixels);
    if (kind !== "png" && kind !== "tiff") return undefined;
    const picture = kind === "png"
      ? await decodePngRows(source, { maxPixels })
      : await openTiffRows(path, source, maxPixels, PIXELS_IN_ROWS);
    if (picture === undefined) return undefined;
    if (picture.width * picture.height < PIXELS_IN_ROWS) return undefined;
    opened = { picture, kind, bytes: undefined, [Symbol.dispose]: () => file.close() };
    return opened;
  } finally {
    if (opened === undefined) file.close();
  }
}

/** Opens a JPEG in rows, if it has so many pixels that the double time of reading it is worth the memory. */
async function openLargeJpeg(
  path: string,
  source: ByteSource,
  maxPixels: number,
): Promise<InputFile | undefined> {
  if (source.length < BYTES_OF_LARGE_JPEG) return undefined;
  const bytes = await source.read(0, source.length);
  const size = readJpegParts(bytes, maxPixels);
  if (size.width * size.height < PIXELS_TO_MENTION) return undefined;
  const picture = await openJpegRows(path, bytes, maxPixels);
  return picture && { picture, kind: "jpeg", bytes, [Symbol.dispose]() {} };
}

/** Returns an open file as a source of bytes. */
export function sourceOfFile(file: Deno.FsFile, length: number): ByteSource {
  return {
    length,
    async read(at, length) {
      const bytes = new Uint8Array(length);
      await file.seek(at, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < length) {
        const count = await reading(() => file.read(bytes.subarray(filled)));
        if (count === null) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    },
  };
}

/** Puts what the system says about a file into words for people. */
async function reading<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Deno.errors.NotCapable || error instanceof InputError) throw error;
    if (error instanceof Deno.errors.NotFound) throw new InputError("There is no such file");
    if (error instanceof Deno.errors.NotADirectory) {
      throw new InputError("There is no such file: a part of its path is a file, not a folder");
    }
    if (error instanceof Deno.errors.IsADirectory) {
      throw new InputError("It is a folder, not a picture");
    }
    throw new InputError(`It cannot be read: ${(error as Error).message}`);
  }
}
