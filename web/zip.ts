/** Several files as one ZIP. The library is loaded only when it is asked for. */

/** A file of the archive. */
export interface ZipEntry {
  name: string;
  file: Blob;
}

/** What an archive can be: its places are written with 32 bits. */
const MOST_BYTES = 2 ** 32;

/** Room for what an archive says of an entry, beside its name. */
const HEADER_BYTES = 256;

/**
 * Returns an archive of files as they are: pictures are compressed already. One file's bytes are in memory
 * at a time.
 *
 * @returns Undefined, if they are more than an archive can hold.
 */
export function zipOf(entries: readonly ZipEntry[]): Promise<Blob> | undefined {
  const bytes = entries.map(({ name, file }) => file.size + 6 * name.length + HEADER_BYTES);
  const sum = bytes.reduce((total, each) => total + each, 0);
  return sum < MOST_BYTES ? archiveOf(entries) : undefined;
}

async function archiveOf(entries: readonly ZipEntry[]): Promise<Blob> {
  const { Zip, ZipPassThrough } = await import("npm:fflate@0.8.3");
  let pieces: BlobPart[] = [];
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    pieces.push(piece as Uint8Array<ArrayBuffer>);
  });
  for (const { name, file } of entries) {
    const entry = new ZipPassThrough(name);
    zip.add(entry);
    entry.push(new Uint8Array(await file.arrayBuffer()), true);
    // The browser may keep what is in a Blob on the disk.
    pieces = [new Blob(pieces)];
  }
  zip.end();
  return new Blob(pieces, { type: "application/zip" });
}
