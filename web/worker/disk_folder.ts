/// <reference lib="webworker" />
/**
 * A folder in the browser's own file system for this page, of its own for each visit. What visits before
 * this one left behind is removed: a lock tells which of them are still open.
 */

const PREFIX = "tessera-";

/** Files of this visit. */
export class DiskFolder {
  readonly #name = `${PREFIX}${crypto.randomUUID()}`;
  #folder: Promise<FileSystemDirectoryHandle> | undefined;

  /** Writes a file as its bytes come; what is begun and fails is removed. */
  async write(name: string, pieces: AsyncIterable<Uint8Array>): Promise<File> {
    const folder = await (this.#folder ??= this.#open());
    const handle = await folder.getFileHandle(name, { create: true });
    const file = await handle.createSyncAccessHandle();
    try {
      let at = 0;
      for await (const piece of pieces) {
        at += file.write(piece as Uint8Array<ArrayBuffer>, { at });
      }
      file.flush();
    } catch (error) {
      file.close();
      await folder.removeEntry(name);
      throw error;
    }
    file.close();
    return await handle.getFile();
  }

  async remove(name: string): Promise<void> {
    await (await this.#folder)?.removeEntry(name).catch(() => {});
  }

  async #open(): Promise<FileSystemDirectoryHandle> {
    // Held as long as this worker lives.
    await new Promise<void>((held) => {
      navigator.locks.request(this.#name, () => {
        held();
        return new Promise(() => {});
      });
    });
    const root = await navigator.storage.getDirectory();
    await removeLeftovers(root);
    return await root.getDirectoryHandle(this.#name, { create: true });
  }
}

async function removeLeftovers(root: FileSystemDirectoryHandle): Promise<void> {
  const { held = [] } = await navigator.locks.query();
  const open = new Set(held.map(({ name }) => name));
  for await (const name of root.keys()) {
    if (!name.startsWith(PREFIX) || open.has(name)) continue;
    await root.removeEntry(name, { recursive: true }).catch(() => {});
  }
}
