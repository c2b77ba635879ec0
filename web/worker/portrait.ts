/** Whether a face fills a picture. The detector is loaded only when this module is: it is large. */

import { FaceDetector } from "../../src/inspect/face_api.ts";
import { findFaces, isPortrait } from "../../src/inspect/faces.ts";
import type { Picture } from "../../src/pictures/mod.ts";

let detector: Promise<FaceDetector> | undefined;

/**
 * Says whether the network for portraits is advised, as the program does with `inspect --faces`.
 *
 * @throws {UsageError} If the detector cannot be loaded.
 */
export async function isPortraitPicture(picture: Picture): Promise<boolean> {
  detector ??= FaceDetector.load();
  detector.catch(() => detector = undefined);
  return isPortrait(await findFaces(picture, await detector), picture.height);
}
