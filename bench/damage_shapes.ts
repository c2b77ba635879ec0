/**
 * What `training/damage.py` learns from: all that may be damage on photographs without and with drawn
 * scratches, hairs, creases and dust, a line of JSON for each shape. Half of the photographs are made into
 * prints first: grey or sepia, softer, with grain.
 *
 * A line: the photograph's number, 1 if damage was drawn on it, its pixels, those that are damaged, the
 * shape's pixels, those of them that are damaged or beside damage, the pixels of the shape with its rim,
 * those of them that are damaged, the number of the shape that it is a part of on the same side, or -1; then
 * what the score is made from.
 *
 * deno run --allow-read --allow-write bench/damage_shapes.ts FILE PHOTO...
 */

import { rimmed, shapesOf } from "../src/inspect/damage.ts";
import { convertDepth, decodePicture, type Picture } from "../src/pictures/mod.ts";
import { countMarks, dilated, emptyMask, type Mask } from "../src/pictures/mask.ts";
import { thumbnailOf } from "../src/targets/thumbnail.ts";
import { printOf } from "../tests/reference/prints.ts";
import { Random } from "../tests/reference/random.ts";
import { damageFor, damagePicture } from "../tests/reference/scratches.ts";

/** The longer side of what is looked at, in pixels. */
const SIDE = 800;

const [path, ...photos] = Deno.args;
const file = await Deno.open(path, { write: true, create: true, truncate: true });
for (const [number, photo] of photos.entries()) {
  const random = new Random(number);
  const whole = await shrunk(photo);
  const clean = number % 2 === 0 ? whole : printOf(whole, random);
  const { damaged, mask } = damagePicture(clean, damageFor(clean), random);
  const lines = [...linesOf(clean, emptyMask(clean)), ...linesOf(damaged, mask)]
    .map((line) => `${JSON.stringify([number, ...line])}\n`);
  await file.write(new TextEncoder().encode(lines.join("")));
}
file.close();

async function shrunk(path: string): Promise<Picture> {
  const whole = await decodePicture(await Deno.readFile(path));
  const side = Math.min(SIDE, Math.max(whole.width, whole.height));
  return convertDepth(await thumbnailOf(whole, [whole.data], side), 8);
}

function* linesOf(picture: Picture, mask: Mask): Generator<number[]> {
  const damaged = countMarks(mask);
  const near = dilated(mask, 1);
  for (const { pixels, parent = -1, features } of shapesOf(picture)) {
    const head = [Math.sign(damaged), mask.data.length, damaged, pixels.length];
    const all = rimmed(pixels, picture);
    const within = (of: readonly number[], { data }: Mask) =>
      of.reduce((sum, at) => sum + data[at], 0);
    const counts = [within(pixels, near), all.length, within(all, mask), parent];
    yield [...head, ...counts, ...features.map((each) => Number(each.toFixed(3)))];
  }
}
