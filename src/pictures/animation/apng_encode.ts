/** Animated PNG out: PNG files of the same size and kind become frames of one. */

import { concatBytes, viewOf } from "../bytes.ts";
import type { PictureHeader } from "../picture.ts";
import { metadataChunks, pngChunk } from "../png/encode.ts";
import { metadataToWrite } from "../metadata/metadata.ts";
import { PNG_SIGNATURE } from "../png/format.ts";
import type { Timing } from "./animation.ts";

/** The longest time of a frame: the format counts up to 65535 thousandths. */
const MAX_DELAY = 65535;

/**
 * Returns one file of all frames, each of which shows on its own: it replaces the whole canvas.
 *
 * @param files PNG files without metadata
 * @param header what they are, with the metadata of the whole
 */
export async function joinApng(
  files: Uint8Array[],
  { delays, loops }: Timing,
  header: PictureHeader,
): Promise<Uint8Array> {
  const end = pngChunk("IEND", new Uint8Array(0));
  const control = new Uint8Array(8);
  viewOf(control).setUint32(0, files.length);
  viewOf(control).setUint32(4, loops);
  const first = chunksOf(files[0]);
  const parts: Uint8Array[] = [
    PNG_SIGNATURE,
    pngChunk("IHDR", first.find(({ type }) => type === "IHDR")!.data),
    ...await metadataChunks(metadataToWrite(header)),
    pngChunk("acTL", control),
  ];
  let sequence = 0;
  for (const [i, file] of files.entries()) {
    parts.push(pngChunk("fcTL", controlOf(sequence++, header, delays[i])));
    for (const { type, data } of chunksOf(file)) {
      if (type !== "IDAT") continue;
      if (i === 0) parts.push(pngChunk("IDAT", data));
      else parts.push(pngChunk("fdAT", concatBytes([number32(sequence++), data])));
    }
  }
  return concatBytes([...parts, end]);
}

/** A frame on the whole canvas, in the place of what was there. */
function controlOf(
  sequence: number,
  { width, height }: PictureHeader,
  delay: number,
): Uint8Array {
  const data = new Uint8Array(26);
  const view = viewOf(data);
  view.setUint32(0, sequence);
  view.setUint32(4, width);
  view.setUint32(8, height);
  view.setUint16(20, Math.min(Math.round(delay), MAX_DELAY));
  view.setUint16(22, 1000);
  return data;
}

function chunksOf(file: Uint8Array): { type: string; data: Uint8Array }[] {
  const view = viewOf(file);
  const chunks: { type: string; data: Uint8Array }[] = [];
  for (let at = PNG_SIGNATURE.length; at + 12 <= file.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    chunks.push({ type, data: file.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function number32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value);
  return bytes;
}
