/**
 * Room on the disk. Deno tells how much is free only to a run that has `--allow-sys=statfs`; a run
 * without it is not asked for it, and finds a full disk when it is full.
 */

import { UsageError } from "../../errors.ts";
import { BUILTIN } from "../../platform/node_builtin.ts";
import { FORMATS, type PictureFormat, type PictureHeader } from "../../pictures/mod.ts";

/** Results of fewer bytes are not worth a look, for which a module is loaded. */
const LEAST_BYTES = 2 ** 20;

/** A file's parts beside its pixels, and what a compressor adds to data that it cannot compress. */
const OVERHEAD = { bytes: 1e5, factor: 1.002 };

/**
 * Refuses a result that the disk may have no room for.
 *
 * @param folder Where the file goes.
 * @param bytes The most that it can have.
 * @param free The bytes that are free there; `undefined` if that is not known.
 * @throws {UsageError} with both numbers
 */
export function checkSpace(
  folder: string,
  bytes: number,
  free = bytes < LEAST_BYTES ? undefined : freeBytes(folder),
): void {
  if (free === undefined || bytes <= free) return;
  throw new UsageError(
    `The result may need ${megabytes(bytes)} MB but the disk of "${folder}" has only ` +
      `${megabytes(free)} MB left: make room, or choose another --output`,
  );
}

/** Returns the most bytes that a file of such a picture can have. */
export function mostBytes(picture: PictureHeader, format: PictureFormat): number {
  const { width, height, channels, depth, metadata: { icc, exif, xmp, iptc } } = picture;
  const sampleBytes = Math.ceil(Math.min(depth, FORMATS[format].deepBits) / 8);
  const pixels = height * (1 + width * channels * sampleBytes);
  const others = [icc, exif, xmp, iptc].reduce((sum, data) => sum + (data?.length ?? 0), 0);
  return Math.ceil(pixels * OVERHEAD.factor) + others + OVERHEAD.bytes;
}

/** Returns how many bytes can still be written in a folder, if this run may know. */
export function freeBytes(folder: string): number | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "statfs" });
  if (state !== "granted") return undefined;
  const { bavail, bsize } = BUILTIN.fs.statfsSync(folder);
  return bavail * bsize;
}

/** Writes a number of bytes in megabytes. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
