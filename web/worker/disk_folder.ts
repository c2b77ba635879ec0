/// <reference lib="webworker" />
/**
 * A folder in the browser's own file system for this page, of its own for each visit. What visits before
 * this one left behind is removed: a lock tells which of them are still open.
 */

const PREFIX = "tessera-";

/** A file that is being written. */
export class DiskFile {
  readonly #handle: FileSystemFileHandle;
  readonly #access: FileSystemSyncAccessHandle;
  #at = 0;

  constructor(handle: FileSystemFileHandle, access: FileSystemSyncAccessHandle) {
    this.#handle = handle;
    this.#access = access;
  }

  /** Appends bytes. @throws {DOMException} If the disk has no more room. */
  write(bytes: Uint8Array | Uint8ClampedArray): void {
    this.#at += this.#access.write(bytes as Uint8Array<ArrayBuffer>, { at: this.#at });
  }

  /** Lets go of the file, and returns it. */
  async close(): Promise<File> {
    this.#access.close();
    return await this.#handle.getFile();
  }
}

/** Files of this visit. */
export class DiskFolder {
  readonly #name = `${PREFIX}${crypto.randomUUID()}`;
  #folder: Promise<FileSystemDirectoryHandle> | undefined;

  /** Begins a file. */
  async create(name: string): Promise<DiskFile> {
    const folder = await this.#opened();
    const handle = await folder.getFileHandle(name, { create: true });
    return new DiskFile(handle, await handle.createSyncAccessHandle());
  }

  /** Writes a file as its bytes come; what is begun and fails is removed. */
  async write(name: string, pieces: AsyncIterable<Uint8Array>): Promise<File> {
    const file = await this.create(name);
    try {
      for await (const piece of pieces) file.write(piece);
      return await file.close();
    } catch (error) {
      await file.close();
      await this.remove(name);
      throw error;
    }
  }

  /** Returns a file that was written. */
  async read(name: string): Promise<File> {
    const folder = await this.#opened();
    return await (await folder.getFileHandle(name)).getFile();
  }

  async remove(name: string): Promise<void> {
    await (await this.#folder)?.removeEntry(name).catch(() => {});
  }

  /** Opens it once; what failed is tried again by the next who asks. */
  #opened(): Promise<FileSystemDirectoryHandle> {
    return this.#folder ??= this.#open().catch((error) => {
      this.#folder = undefined;
      throw error;
    });
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
