/**
 * Random input for tests: a small seeded generator, and fresh seeds that a failing test reports.
 */

/** A stream of pseudo-random numbers (Mulberry32): the same seed, the same stream. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns a whole number in 0..2^32-1. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** Returns a number in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / 2 ** 32);
  }

  /** Returns a whole number in low..high, both included. */
  integer(low: number, high: number): number {
    return Math.floor(this.uniform(low, high + 1));
  }

  /** Returns one of the choices. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)];
  }

  /** Returns `length` values in [low, high) that are exact in float32, as the GPU will see them. */
  values(length: number, low = -1, high = 1): Float32Array<ArrayBuffer> {
    return Float32Array.from({ length }, () => this.uniform(low, high));
  }
}

/** Returns a seed that no run has used on purpose. */
export function freshSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/**
 * Runs `body` with fresh random numbers; when it fails, the error's message begins with the seed.
 *
 * To repeat a failure, pass the reported seed as the second argument.
 */
export async function withRandom(
  body: (random: Random) => void | Promise<void>,
  seed: number = freshSeed(),
): Promise<void> {
  try {
    await body(new Random(seed));
  } catch (error) {
    if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
    throw error;
  }
}
