/** A picture's file as bytes, and what is said when there are none. */

import { InputError } from "../errors.ts";
import { decodePicture, type Picture } from "../pictures/mod.ts";

/**
 * Reads a picture.
 *
 * @param maxPixels The most pixels that the file may claim.
 * @throws {InputError} If there is no such file, or it is no sound picture.
 */
export async function readPicture(path: string, maxPixels: number): Promise<Picture> {
  return await decodePicture(await readBytes(path), { maxPixels });
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw explainReadError(error);
  }
}

/** Puts what the system says about a file into words for people. */
function explainReadError(error: unknown): unknown {
  if (error instanceof Deno.errors.NotCapable) return error;
  if (error instanceof Deno.errors.NotFound) return new InputError("There is no such file");
  if (error instanceof Deno.errors.IsADirectory) {
    return new InputError("It is a folder, not a picture");
  }
  return new InputError(`It cannot be read: ${(error as Error).message}`);
}
