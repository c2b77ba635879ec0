/** From a picture to what libvips is asked to write. */

import type { Picture } from "../picture.ts";
import type { VipsOutput, VipsSaver } from "./messages.ts";
import { writeVips } from "./vips.ts";

/**
 * Writes a picture without its metadata.
 *
 * @param format As people write it, for errors.
 * @param picture 8 or 16 bits.
 * @param options Of the saver.
 * @param icc A profile that the saver is to put in.
 * @throws {InputError} If the picture is beyond what libvips has memory for.
 * @throws {UsageError} If libvips cannot be loaded.
 */
export async function encodeWithVips(
  format: string,
  saver: VipsSaver,
  { width, height, channels, depth, data }: Picture,
  options: VipsOutput["options"],
  icc?: Uint8Array,
): Promise<Uint8Array> {
  const grey = depth === 8 ? "b-w" : "grey16";
  const colour = depth === 8 ? "srgb" : "rgb16";
  const interpretation = channels <= 2 ? grey : colour;
  const picture = { data, width, height, bands: channels, interpretation };
  return await writeVips(format, { picture, saver, options, icc });
}
