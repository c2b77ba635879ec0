/**
 * What a picture is like, and what follows for its upscaling: all that the rest of Tessera uses of
 * this room.
 */

export { type Inspection, inspectPicture } from "./inspection.ts";
export { adviseDenoise, type Damage, describeDamage } from "./advice.ts";
export { type Expectation, expectationOf } from "./expectation.ts";
export type { Content } from "./content.ts";
export type { JpegSettings } from "./jpeg_tables.ts";
export { type Face, FaceDetector, type RgbPixels } from "./face_api.ts";
export { describeFaces, type Detector, findFaces, isPortrait } from "./faces.ts";
export { findDamage } from "./damage.ts";
export { findText, type TextLine } from "./text.ts";
