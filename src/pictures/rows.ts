/** What is done with rows that come one after the other, whatever they are for. */

import { UsageError } from "../errors.ts";
import {
  allocateSamples,
  type Picture,
  type PictureHeader,
  type PictureRows,
  type Samples,
} from "./picture.ts";

/** Returns the samples of a picture from the top, whole rows at a time: all at once if it is whole. */
export function samplesOf(
  picture: Picture | PictureRows,
): AsyncIterable<Samples> | Iterable<Samples> {
  return "rows" in picture ? picture.rows : [picture.data];
}

/**
 * Returns the picture that rows make up.
 *
 * @param rows Samples from the top, whole rows at a time, as many as the header says.
 */
export async function gatherRows(
  { rows, ...header }: PictureHeader & { rows: AsyncIterable<Samples> | Iterable<Samples> },
): Promise<Picture> {
  const data = allocateSamples(header.depth, header.width * header.height * header.channels);
  let at = 0;
  for await (const samples of rows) {
    data.set(samples, at);
    at += samples.length;
  }
  return { ...header, data };
}

/**
 * Yields rows with their samples changed: in depth, colours or channels.
 *
 * @param change Makes of a band, which is a picture of some whole rows, another one of as many.
 */
export async function* changeRows(
  { rows, ...header }: PictureHeader & { rows: AsyncIterable<Samples> | Iterable<Samples> },
  change: (band: Picture) => Picture | Promise<Picture>,
): AsyncGenerator<Samples> {
  const stride = header.width * header.channels;
  for await (const data of rows) {
    yield (await change({ ...header, height: data.length / stride, data })).data;
  }
}

/**
 * Collects rows into bands of `bandRows`, whose memory is used again; the last one may have fewer.
 *
 * @param rows Samples from the top, whole rows at a time.
 * @throws {UsageError} If they are not as many rows, or not of that depth, as the header says.
 */
export async function* bandsOf(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
  bandRows: number,
): AsyncGenerator<Samples> {
  const stride = header.width * header.channels;
  const band = allocateSamples(header.depth, Math.min(bandRows, header.height) * stride);
  let filled = 0;
  let count = 0;
  for await (const chunk of rows) {
    checkRows(header, chunk, count);
    count += chunk.length / stride;
    for (let done = 0; done < chunk.length;) {
      const taken = Math.min(chunk.length - done, band.length - filled);
      band.set(chunk.subarray(done, done + taken), filled);
      filled += taken;
      done += taken;
      if (filled < band.length) continue;
      yield band;
      filled = 0;
    }
  }
  checkCount(header, count);
  if (filled > 0) yield band.subarray(0, filled);
}

/**
 * Refuses samples of another depth, parts of rows, and more rows than the header says.
 *
 * @param count The rows that came before these.
 * @throws {UsageError} With the numbers.
 */
export function checkRows(header: PictureHeader, samples: Samples, count: number): void {
  const { width, height, channels, depth } = header;
  const bits = samples.BYTES_PER_ELEMENT * 8;
  const total = count + samples.length / (width * channels);
  if (bits === depth && Number.isInteger(total) && total <= height) return;
  throw new UsageError(
    `A picture of ${height} rows of ${width * channels} samples of ${depth} bits was given ` +
      `${total} rows of ${bits} bits.`,
  );
}

/**
 * Refuses an end that comes too early.
 *
 * @throws {UsageError} With both numbers.
 */
export function checkCount({ height }: PictureHeader, count: number): void {
  if (count === height) return;
  throw new UsageError(`A picture of ${height} rows was given only ${count}.`);
}
