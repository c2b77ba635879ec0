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
import { damageFor, damagePicture, type Stroke } from "../tests/reference/scratches.ts";

/** The longer side of what is looked at, in pixels. */
const SIDE = 900;

/** Pixels beside the damage that count as its rim, neither found nor falsely found. */
const RIM = 2;

/** Strokes that change brightness by so many levels on average are strong. */
const STRONG = 30;

/** What is falsely found and reaches no further than so many pixels along each axis is a spot. */
const SPOT = 12;

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
const kinds = new Map<string, { strokes: number; pixels: number; found: number }>();
const extras = { lines: 0, spots: 0, pixels: 0 };
for (const [i, path] of Deno.args.entries()) {
  const photo = await shrunk(path);
  const { damaged, mask, strokes } = damagePicture(photo, damageFor(photo), new Random(i));
  const marks = findDamage(damaged);
  const clean = countMarks(findDamage(photo)) / marks.data.length;
  const found = shareIn(mask, marks);
  const extra = countExtras(marks, dilated(mask, RIM));
  rows.push({ clean, found, extra });
  for (const stroke of strokes) countStroke(stroke, marks);
  const line = [clean, found, extra].map(percent);
  if (psnr.length < REPAIRED) {
    const given = await fill(gpu, damaged, dilated(mask, 1));
    const auto = await fill(gpu, damaged, marks);
    psnr.push([damaged, given, auto].map((each) => psnrRgb(each, photo)));
    line.push(...psnr.at(-1)!.map((each) => `${each.toFixed(2)} dB`));
  }
  console.log(path.split("/").at(-1), line.join("  "));
}
gpu.destroy();
const clean = rows.map(({ clean }) => clean);
const above = clean.filter((share) => share > 0.0005).length;
console.log(
  `clean: ${percent(mean(clean))} touched, at most ${percent(Math.max(...clean))}, ` +
    `${above} of ${rows.length} above 0.05 %`,
);
const found = rows.map(({ found }) => found);
console.log(`found: ${percent(mean(found))}, from ${percent(Math.min(...found))}`);
for (const [kind, { strokes, pixels, found }] of [...kinds].sort()) {
  console.log(`  ${kind}: ${percent(found / pixels)} of the pixels of ${strokes}`);
}
const [lines, spots] = [extras.lines, extras.spots].map((count) => percent(count / extras.pixels));
console.log(
  `falsely found: ${percent(mean(rows.map(({ extra }) => extra)))}; ${lines} lines, ${spots} spots`,
);
if (psnr.length > 0) {
  const means = [0, 1, 2].map((k) => mean(psnr.map((each) => each[k])).toFixed(2));
  console.log(`PSNR: ${means[0]} damaged, ${means[1]} mask given, ${means[2]} mask found`);
}

/** Counts how much of a stroke was found, with others of its kind and strength. */
function countStroke({ kind, pixels, contrast }: Stroke, marks: Mask): void {
  const key = `${kind}, ${contrast >= STRONG ? "strong" : "faint"}`;
  const counts = kinds.get(key) ?? { strokes: 0, pixels: 0, found: 0 };
  kinds.set(key, counts);
  counts.strokes += pixels.length > 0 ? 1 : 0;
  counts.pixels += pixels.length;
  counts.found += pixels.reduce((sum, at) => sum + marks.data[at], 0);
}

/** The share of a picture that is marked without damage nearby; counts it as lines and spots. */
function countExtras(marks: Mask, damage: Mask): number {
  const { width, height } = marks;
  const left = marks.data.map((mark, i) => mark & ~damage.data[i]);
  let all = 0;
  for (let start = left.indexOf(1); start >= 0; start = left.indexOf(1, start + 1)) {
    const pixels = [start];
    left[start] = 0;
    for (const at of pixels) {
      const [x, y] = [at % width, Math.floor(at / width)];
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const next = row * width + column;
          if (left[next] === 1) pixels.push(next);
          left[next] = 0;
        }
      }
    }
    const [columns, lines] = [pixels.map((at) => at % width), pixels.map((at) => at / width | 0)];
    const side = Math.max(...[columns, lines].map((at) => Math.max(...at) - Math.min(...at)));
    extras[side > SPOT ? "lines" : "spots"] += pixels.length;
    all += pixels.length;
  }
  extras.pixels += marks.data.length;
  return all / marks.data.length;
}
