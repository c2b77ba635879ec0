// deno-lint-ignore-file no-console -- a program of its own prints its table
/**
 * What the search for scratches and dust finds, and what repairing brings, on photographs that are damaged
 * by known amounts.
 *
 * deno run --allow-read --allow-ffi bench/repair.ts PHOTO...
 */

import { fill } from "../src/fill/fill.ts";
import { Gpu } from "../src/gpu/device.ts";
import { findDamage } from "../src/inspect/mod.ts";
import { convertDepth, decodePicture, type Picture } from "../src/pictures/mod.ts";
import { countMarks, dilated, type Mask } from "../src/pictures/mask.ts";
import { psnrRgb } from "../src/quality/psnr.ts";
import { thumbnailOf } from "../src/targets/thumbnail.ts";
import { Random } from "../tests/reference/random.ts";
import { damagePicture } from "../tests/reference/scratches.ts";

/** How much damage a photograph of half a megapixel gets. */
const AMOUNT = { scratches: 12, creases: 1, specks: 60 };

/** Pixels beside the damage that count as its rim, neither found nor falsely found. */
const RIM = 2;

/** Photographs that are repaired; the others are only searched. */
const REPAIRED = Number(Deno.env.get("REPAIRED") ?? 10);

/** The share of one mask's marks that another has, too. */
function shareIn(marks: Mask, other: Mask): number {
  let both = 0;
  for (let i = 0; i < marks.data.length; i++) both += marks.data[i] & other.data[i];
  return both / Math.max(1, countMarks(marks));
}

async function halved(path: string): Promise<Picture> {
  const photo = await decodePicture(await Deno.readFile(path));
  const side = Math.round(Math.max(photo.width, photo.height) / 2);
  return convertDepth(await thumbnailOf(photo, [photo.data], side), 8);
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const gpu = await Gpu.open();
const rows: { clean: number; found: number; extra: number }[] = [];
const psnr: number[][] = [];
for (const [i, path] of Deno.args.entries()) {
  const photo = await halved(path);
  const { damaged, mask } = damagePicture(photo, AMOUNT, new Random(i));
  const found = findDamage(damaged);
  const near = dilated(mask, RIM);
  const extra = countMarks(found) * (1 - shareIn(found, near)) / found.data.length;
  const clean = countMarks(findDamage(photo)) / found.data.length;
  rows.push({ clean, found: shareIn(mask, found), extra });
  const line = [clean, shareIn(mask, found), extra].map((share) => (100 * share).toFixed(3));
  if (psnr.length < REPAIRED) {
    const given = await fill(gpu, damaged, dilated(mask, 1));
    const auto = await fill(gpu, damaged, found);
    psnr.push([damaged, given, auto].map((each) => psnrRgb(each, photo)));
    line.push(...psnr.at(-1)!.map((each) => each.toFixed(2)));
  }
  console.log(path.split("/").at(-1), line.join("  "));
}
const share = (values: number[]) => `${(100 * mean(values)).toFixed(3)} %`;
console.log(
  `clean: ${share(rows.map(({ clean }) => clean))} touched, at most ${
    (100 * Math.max(...rows.map(({ clean }) => clean))).toFixed(3)
  } %, ${rows.filter(({ clean }) => clean > 0.0005).length} of ${rows.length} above 0.05 %`,
);
console.log(`found: ${share(rows.map(({ found }) => found))}`);
console.log(`falsely found: ${share(rows.map(({ extra }) => extra))}`);
if (psnr.length > 0) {
  const means = [0, 1, 2].map((k) => mean(psnr.map((each) => each[k])).toFixed(2));
  console.log(`PSNR: ${means[0]} damaged, ${means[1]} mask given, ${means[2]} mask found`);
}
gpu.destroy();
