/** What the sides of the door have in common: the kinds of their answers, and the packages they load. */

/** A thread of its own, which answers messages. */
export interface Thread {
  /** Asks, and keeps the process alive until {@linkcode Thread.rest}. */
  post(message: unknown, transfer: Transferable[]): void;
  /** Lets the process end though the thread is there. */
  rest(): void;
  end(): void;
}

/** A file that is read where it is needed, while nothing else happens in the thread. */
export interface FileReader extends Disposable {
  readonly length: number;
  /** Reads into the whole of `into`, or less where the file ends; says how much. */
  read(at: number, into: Uint8Array): number;
}

/** The module of {@linkcode FACE_API}, and what one of its networks needs. */
export interface FaceApiFiles {
  module: unknown;
  /** The list of its tensors, as TensorFlow.js has it. */
  manifest: unknown;
  /** The tensors themselves. */
  weights: Uint8Array<ArrayBuffer>;
}

/** libvips in WebAssembly, with its version. */
export const VIPS = "wasm-vips@0.0.19";

/** The package that finds faces, with its version. */
export const FACE_API = "@vladmandic/face-api@1.7.15";

/** The package with Dawn, Chromium's WebGPU, as a native library for Node.js and Deno; with its version. */
export const DAWN = "webgpu@0.6.2";
