/**
 * The detector of faces: the tiny one of face-api (npm:@vladmandic/face-api, MIT), on the processor.
 *
 * The package is 24 MB, TensorFlow.js among it, so that only a search for faces loads it. Its code runs
 * in Deno and in pages; it asks for classes of a page that a tensor as input never needs.
 */

import { UsageError } from "../errors.ts";
import { FACE_API, loadFaceApi, toHex } from "../platform/mod.ts";

/** SHA-256 of the detector's weights, which deno.lock does not list. */
const WEIGHTS = "b7503ce7df31039b1c43316a9b865cab6a70dd748cc602d3fa28b551503c3871";

/** The side of the square that the network sees, and the score from which on it counts as a face. */
const OPTIONS = { inputSize: 320, scoreThreshold: 0.5 };

/** A box around a face, in pixels of the picture that was searched, and how sure it is, 0 to 1. */
export interface Face {
  x: number;
  y: number;
  width: number;
  height: number;
  score: number;
}

/** Pixels `[height][width][3]` in 8 bits. */
export interface RgbPixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** What is used of the package. */
export interface FaceApi {
  tf: {
    setBackend(name: "cpu"): Promise<boolean>;
    ready(): Promise<void>;
    tensor3d(data: Uint8Array, shape: number[], dtype: "int32"): Disposed;
    io: { decodeWeights(bytes: ArrayBuffer, entries: unknown[]): unknown };
  };
  env: { setEnv(env: Record<string, unknown>): void };
  nets: { tinyFaceDetector: LoadedNetwork; faceRecognitionNet: LoadedNetwork & Describer };
  TinyFaceDetectorOptions: new (options: typeof OPTIONS) => object;
  detectAllFaces(input: Disposed, options: object): PromiseLike<Detection[]>;
}

interface LoadedNetwork {
  loadFromWeightMap(tensors: unknown): void;
}

interface Describer {
  computeFaceDescriptor(input: Disposed): Promise<Float32Array>;
}

interface Disposed {
  dispose(): void;
}

interface Detection {
  score: number;
  box: Omit<Face, "score">;
}

/** Finds faces in pixels. */
export class FaceDetector {
  readonly #api: FaceApi;

  private constructor(api: FaceApi) {
    this.#api = api;
  }

  /**
   * Loads the package, the first time from the npm registry.
   *
   * @throws {UsageError} If it cannot be had.
   */
  static async load(): Promise<FaceDetector> {
    try {
      const { api, tensors } = await openFaceApi("tiny_face_detector", WEIGHTS);
      api.nets.tinyFaceDetector.loadFromWeightMap(tensors);
      return new FaceDetector(api);
    } catch (error) {
      const [reason] = String(error instanceof Error ? error.message : error).split("\n");
      throw new UsageError(
        `The package npm:${FACE_API}, which finds faces, could not be loaded (${reason}): run this ` +
          "once with a network that reaches the npm registry, and nothing is fetched later",
        { cause: error },
      );
    }
  }

  /** Returns the faces in a picture, which may stick out of it by a little. */
  async detect({ width, height, data }: RgbPixels): Promise<Face[]> {
    const { tf, detectAllFaces, TinyFaceDetectorOptions } = this.#api;
    const tensor = tf.tensor3d(data, [height, width, 3], "int32");
    try {
      const found = await detectAllFaces(tensor, new TinyFaceDetectorOptions(OPTIONS));
      return found.map(({ score, box: { x, y, width, height } }) => {
        return { x, y, width, height, score };
      });
    } finally {
      tensor.dispose();
    }
  }
}

/**
 * Loads the package and the tensors of one of its networks.
 *
 * @param network As its files are named: "tiny_face_detector".
 * @param hash SHA-256 of its weights.
 */
export async function openFaceApi(
  network: string,
  hash: string,
): Promise<{ api: FaceApi; tensors: unknown }> {
  const { module, manifest, weights } = await loadFaceApi(network);
  await checkWeights(weights, hash);
  const api = module as FaceApi;
  api.env.setEnv(emptyEnvironment());
  await api.tf.setBackend("cpu");
  await api.tf.ready();
  const entries = (manifest as { weights: unknown[] }[]).flatMap((group) => group.weights);
  return { api, tensors: api.tf.io.decodeWeights(weights.buffer, entries) };
}

/** Refuses weights with which the figures in docs/inspect.md were not measured. */
async function checkWeights(bytes: Uint8Array<ArrayBuffer>, wanted: string): Promise<void> {
  const hash = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  if (hash !== wanted) throw new Error(`The weights have the SHA-256 ${hash}, not ${wanted}`);
}

/** Classes that no input is an instance of, as the package asks of each whether it is a canvas. */
function emptyEnvironment(): Record<string, unknown> {
  class None {}
  const create = () => new None();
  return {
    Canvas: None,
    CanvasRenderingContext2D: None,
    Image: None,
    ImageData: None,
    Video: None,
    createCanvasElement: create,
    createImageElement: create,
    createVideoElement: create,
    fetch,
    readFile: () => Promise.reject(new Error("no file is read this way")),
  };
}
