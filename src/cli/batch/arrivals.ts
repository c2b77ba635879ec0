/**
 * Files that come into a folder: which of them are whole. No system says that a file is finished; one
 * that has not changed for a while is taken to be.
 */

/** What is known of a file without reading it. */
export interface FileState {
  size: number;
  /** When it was last written to, in milliseconds since 1970; undefined where the system does not say. */
  modified: number | undefined;
}

/** A file that may still be written to. */
interface Waiting {
  signature: string;
  /** When it was first seen like this. */
  since: number;
}

/** Remembers files, and hands out each once it is whole, and again if it has changed since. */
export class Arrivals {
  readonly #settle: number;
  readonly #waiting = new Map<string, Waiting>();
  /** What was handed out, as it was then. */
  readonly #taken = new Map<string, string>();
  /** When those are handed out again that could not be done, in milliseconds since 1970. */
  readonly #postponed = new Map<string, number>();

  /** @param settle Milliseconds for which a file that is whole has not changed. */
  constructor(settle: number) {
    this.#settle = settle;
  }

  /**
   * Returns the paths of files that are whole and were not handed out as they are now. A file that was
   * written to long ago is whole; one that was, or one of the future, has to stay the same for a while.
   *
   * @param now In milliseconds since 1970.
   */
  take(files: ReadonlyMap<string, FileState>, now: number): string[] {
    for (const path of this.#waiting.keys()) if (!files.has(path)) this.#waiting.delete(path);
    return [...files].filter(([path, state]) => this.#isNew(path, state, now))
      .map(([path]) => path);
  }

  /** Hands out a file once more at a later time, unless it changes before. */
  postpone(path: string, until: number): void {
    this.#postponed.set(path, until);
  }

  #isNew(path: string, { size, modified }: FileState, now: number): boolean {
    const signature = `${size} ${modified}`;
    if (this.#taken.get(path) === signature) {
      const isDue = now >= (this.#postponed.get(path) ?? Infinity);
      if (isDue) this.#postponed.delete(path);
      return isDue;
    }
    const waiting = this.#waiting.get(path);
    const since = waiting?.signature === signature ? waiting.since : now;
    const isOld = modified !== undefined && now - modified >= this.#settle;
    if (size === 0 || (!isOld && now - since < this.#settle)) {
      this.#waiting.set(path, { signature, since });
      return false;
    }
    this.#waiting.delete(path);
    this.#postponed.delete(path);
    this.#taken.set(path, signature);
    return true;
  }
}
