/**
 * What the package that finds faces needs where there is a `process`: its bundle takes the runtime for
 * Node.js, whose `util` is empty in it, so that it is not told of Node.js while it loads, and gets a
 * platform afterwards.
 */

import process from "node:process";

/** Hides the version of Node.js that Deno stands in for while something loads. */
export async function withoutNode<T>(load: () => Promise<T>): Promise<T> {
  const { versions } = process;
  const define = (value: object) =>
    Object.defineProperty(process, "versions", { value, configurable: true, writable: true });
  define({ ...versions, node: undefined });
  try {
    return await load();
  } finally {
    define(versions);
  }
}

/** What TensorFlow.js asks of a runtime. */
export function tensorPlatform(): Record<string, unknown> {
  return {
    fetch,
    now: () => performance.now(),
    encode: (text: string) => new TextEncoder().encode(text),
    decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
    isTypedArray: (value: unknown) => ArrayBuffer.isView(value) && !(value instanceof DataView),
    setTimeoutCustom: (work: () => void, milliseconds: number) => setTimeout(work, milliseconds),
  };
}
