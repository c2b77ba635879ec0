/**
 * Comparison of pictures for tests: what differs is written to disk, to be looked at.
 *
 * Apart from `compare.ts`, so that tests of numbers do not load the codecs.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { encodePicture } from "../../src/pictures/mod.ts";
import type { Picture } from "../../src/pictures/picture.ts";

/**
 * Asserts that two pictures have the same shape, and samples that differ by at most `levels`.
 *
 * On failure both are written to `tests/failures/`, and the message gives their paths and how
 * often each difference occurs.
 */
export async function assertPicturesEqual(
  actual: Picture,
  expected: Picture,
  name: string,
  levels = 0,
): Promise<void> {
  assert.deepEqual(shapeOf(actual), shapeOf(expected), `${name}: shape of the picture`);
  const histogram = differences(actual, expected);
  if ([...histogram.keys()].every((difference) => difference <= levels)) return;
  const paths = [
    await writeFailure(actual, `${name}-actual`),
    await writeFailure(expected, `${name}-expected`),
  ];
  const lines = [...histogram].sort(([a], [b]) => a - b).map(([difference, count]) => {
    return `  ${difference}: ${count} samples`;
  });
  assert.fail(
    `${name}: samples differ by more than ${levels}; see ${paths.join(" and ")}\n` +
      `absolute differences:\n${lines.join("\n")}`,
  );
}

/** Returns what must be equal before samples can be compared. */
function shapeOf({ width, height, channels, depth }: Picture) {
  return { width, height, channels, depth };
}

/** Counts the samples by absolute difference. */
function differences(actual: Picture, expected: Picture): Map<number, number> {
  const histogram = new Map<number, number>();
  for (let i = 0; i < expected.data.length; i++) {
    const difference = Math.abs(actual.data[i] - expected.data[i]);
    histogram.set(difference, (histogram.get(difference) ?? 0) + 1);
  }
  return histogram;
}

/** Writes one picture as PNG and returns its path. */
async function writeFailure(picture: Picture, name: string): Promise<string> {
  const folder = new URL("../failures/", import.meta.url);
  await Deno.mkdir(folder, { recursive: true });
  const file = new URL(`${name.replaceAll(/[^\w.-]+/g, "-")}.png`, folder);
  await Deno.writeFile(file, await encodePicture(picture, { format: "png" }));
  return fileURLToPath(file);
}
