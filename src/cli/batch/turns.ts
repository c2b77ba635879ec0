/** Turns: whoever needs the device takes one, in the order of asking, and the others wait. */

/** One thing that only one user at a time can have. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for a turn; disposing it gives it to the next. */
  async take(): Promise<Disposable> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return { [Symbol.dispose]: resolve };
  }
}
