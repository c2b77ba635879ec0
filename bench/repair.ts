// deno-lint-ignore-file no-console -- a program of its own prints its table
/**
 * What the search for scratches and dust finds, and what repairing brings, on photographs that are damaged
 * by known amounts. `REPAIRED` limits how many are repaired; the others are only searched.
 *
 * deno run --allow-read --allow-env --allow-ffi bench/repair.ts PHOTO...
 */

import { fill } from "../src/fill/fill.ts";
import { Gpu } from "../src/gpu/device.ts";
import { findDamage } from "../src/inspect/mod.ts";
import { convertDepth, decodePicture, type Picture } from "../src/pictures/mod.ts";
import { countMarks, dilated, type Mask } from "../src/pictures/mask.ts";
import { psnrRgb } from "../src/quality/psnr.ts";
import { thumbnailOf } from "../src/targets/thumbnail.ts";
import { Random } from "../tests/reference/random.ts";
import { damageFor, damagePicture } from "../tests/reference/scratches.ts";

/** The longer side of what is looked at, in pixels. */
const SIDE = 900;

/** Pixels beside the damage that count as its rim, neither found nor falsely found. */
const RIM = 2;

const REPAIRED = Number(Deno.env.get("REPAIRED") ?? Infinity);

/** The share of one mask's marks that another has, too. */
function shareIn(marks: Mask, other: Mask): number {
  let both = 0;
  for (let i = 0; i < marks.data.length; i++) both += marks.data[i] & other.data[i];
  return both / Math.max(1, countMarks(marks));
}

async function shrunk(path: string): Promise<Picture> {
  const whole = await decodePicture(await Deno.readFile(path));
  const side = Math.min(SIDE, Math.max(whole.width, whole.height));
  return convertDepth(await thumbnailOf(whole, [whole.data], side), 8);
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number) => `${(100 * share).toFixed(3)} %`;
const gpu = await Gpu.open();
const rows: { clean: number; found: number; extra: number }[] = [];
const psnr: number[][] = [];
for (const [i, path] of Deno.args.entries()) {
  const photo = await shrunk(path);
  const { damaged, mask } = damagePicture(photo, damageFor(photo), new Random(i));
  const marks = findDamage(damaged);
  const clean = countMarks(findDamage(photo)) / marks.data.length;
  const found = shareIn(mask, marks);
  const extra = countMarks(marks) * (1 - shareIn(marks, dilated(mask, RIM))) / marks.data.length;
  rows.push({ clean, found, extra });
  const line = [clean, found, extra].map(percent);
  if (psnr.length < REPAIRED) {
    const given = await fill(gpu, damaged, dilated(mask, 1));
    const auto = await fill(gpu, damaged, marks);
    psnr.push([damaged, given, auto].map((each) => psnrRgb(each, photo)));
    line.push(...psnr.at(-1)!.map((each) => `${each.toFixed(2)} dB`));
  }
  console.log(path.split("/").at(-1), line.join("  "));
}
const clean = rows.map(({ clean }) => clean);
const above = clean.filter((share) => share > 0.0005).length;
console.log(
  `clean: ${percent(mean(clean))} touched, at most ${percent(Math.max(...clean))}, ` +
    `${above} of ${rows.length} above 0.05 %`,
);
const found = rows.map(({ found }) => found);
console.log(`found: ${percent(mean(found))}, from ${percent(Math.min(...found))}`);
console.log(`falsely found: ${percent(mean(rows.map(({ extra }) => extra)))}`);
if (psnr.length > 0) {
  const means = [0, 1, 2].map((k) => mean(psnr.map((each) => each[k])).toFixed(2));
  console.log(`PSNR: ${means[0]} damaged, ${means[1]} mask given, ${means[2]} mask found`);
}
gpu.destroy();
