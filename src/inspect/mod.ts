/**
 * What a picture is like, and what follows for its upscaling: all that the rest of Tessera uses of
 * this room.
 */

export { type Inspection, inspectPicture } from "./inspection.ts";
export { adviseDenoise, describeDamage } from "./advice.ts";
export { type JpegSettings, readJpegSettings } from "./jpeg_tables.ts";
