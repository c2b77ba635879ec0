/**
 * What a network that tells people from each other sees in a face.
 *
 * It is the ResNet of dlib that face-api carries: a face becomes 128 numbers, and two pictures whose
 * numbers lie within 0.6 of each other count as one person (davisking.github.io, "High quality face
 * recognition with deep metric learning", 2017). There a face is turned upright first; here pictures of
 * one face are cut at one place, which serves to compare them with each other.
 *
 * The package comes as it does for `src/inspect/face_api.ts`: only when it is asked for.
 */

import { type FaceApi, openFaceApi, type RgbPixels } from "../src/inspect/face_api.ts";
import type { Picture } from "../src/pictures/picture.ts";

/** SHA-256 of its weights, which deno.lock does not list. */
const WEIGHTS = "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589";

/** Two pictures that are nearer than this count as one person. */
export const SAME_PERSON = 0.6;

/** A part of a picture, in whole pixels. */
interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The network, in memory. */
export class FaceDescriber {
  readonly #api: FaceApi;

  private constructor(api: FaceApi) {
    this.#api = api;
  }

  /** Loads the package, the first time from the npm registry. */
  static async load(): Promise<FaceDescriber> {
    const { api, tensors } = await openFaceApi("face_recognition", WEIGHTS);
    api.nets.faceRecognitionNet.loadFromWeightMap(tensors);
    return new FaceDescriber(api);
  }

  /** The 128 numbers of a face in an 8-bit picture of three channels. */
  async describe(picture: Picture, face: Box): Promise<Float32Array> {
    const { width, height, data } = cutFace(picture, face);
    const tensor = this.#api.tf.tensor3d(data, [height, width, 3], "int32");
    try {
      return await this.#api.nets.faceRecognitionNet.computeFaceDescriptor(tensor);
    } finally {
      tensor.dispose();
    }
  }
}

/** Euclidean distance of what two faces became. */
export function descriptorDistance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i]));
}

function cutFace({ width, data }: Picture, face: Box): RgbPixels {
  const cut = new Uint8Array(face.width * face.height * 3);
  for (let y = 0; y < face.height; y++) {
    const from = ((face.y + y) * width + face.x) * 3;
    cut.set(data.subarray(from, from + face.width * 3), y * face.width * 3);
  }
  return { width: face.width, height: face.height, data: cut };
}
