/** Several files as one ZIP. The library is loaded only when it is asked for. */

/** A file of the archive. */
export interface ZipEntry {
  name: string;
  file: Blob;
}

/** Returns an archive of files as they are: pictures are compressed already. */
export async function zipOf(entries: readonly ZipEntry[]): Promise<Blob> {
  const { downloadZip } = await import("npm:client-zip@2.5.0");
  const lastModified = new Date();
  const inputs = entries.map(({ name, file }) => ({ name, input: file, lastModified }));
  return await downloadZip(inputs).blob();
}
