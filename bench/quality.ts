/**
 * Networks against bicubic on pictures whose truth is known: a folder of large pictures is shrunk by
 * the network's factor, enlarged again, and compared with what it was.
 *
 * Where the shrunk pictures of a test set lie beside it (`Set5_LRx4` beside `Set5`), ours are compared
 * with them. Those were made by an older MATLAB, which repeats the edge where today's mirrors it: a
 * border of two pixels may differ.
 */

import { join } from "node:path";
import { InputError } from "../src/errors.ts";
import type { Gpu } from "../src/gpu/device.ts";
import { convertDepth, decodePicture, splitAlpha } from "../src/pictures/mod.ts";
import type { Picture } from "../src/pictures/picture.ts";
import { psnrY } from "../src/quality/psnr.ts";
import { ssimY } from "../src/quality/ssim.ts";
import { Upscaler } from "../src/upscaler.ts";
import { compareLevels, cropToMultiple, type Differences, shrink } from "./shrink.ts";

/** How close results come to the truth, luma only, a border as wide as the factor left out. */
export interface QualityFigures {
  model: string;
  scale: number;
  /** Means over the pictures. */
  psnrY: number;
  ssimY: number;
  pictures: { name: string; psnrY: number; ssimY: number }[];
}

/** Our shrunk pictures against the test set's own. */
export interface ShrinkCheck {
  scale: number;
  /** The folder that they were compared with. */
  folder: string;
  pictures: number;
  all: Differences;
  /** Without the border in which an older MATLAB differs. */
  inside: Differences;
}

/** What was found on a folder of pictures. */
export interface QualityReport {
  images: string;
  models: QualityFigures[];
  shrinking: ShrinkCheck[];
}

/** Pixels of a shrunk picture that see past the edge of the large one. */
const EDGE = 2;

const PICTURE_NAME = /\.(png|jpe?g)$/i;

/**
 * Measures networks, and bicubic by the same factors.
 *
 * @param models Names, paths or URLs.
 * @param folder A folder of pictures; those in the folders in it are left out.
 * @param onStart Told each picture's name before its turn.
 * @throws {InputError} If the folder has no pictures, or one of them cannot be used.
 */
export async function benchQuality(
  gpu: Gpu,
  models: string[],
  folder: string,
  signal: AbortSignal | undefined,
  onStart: (label: string) => void,
): Promise<QualityReport> {
  const names = await pictureNames(folder);
  const upscalers: Upscaler[] = [];
  try {
    for (const model of ["bicubic", ...models]) {
      upscalers.push(await Upscaler.create({ model, device: gpu }));
    }
    const scales = new Set(upscalers.slice(1).map(({ network }) => network!.scale));
    const tables = [...scales].map((scale) => new ScaleTable(gpu, folder, scale, upscalers));
    for (const name of names) {
      onStart(name);
      const picture = await readTruth(join(folder, name));
      for (const table of tables) await table.add(name, picture, signal);
    }
    return {
      images: folder,
      models: tables.flatMap((table) => table.figures()),
      shrinking: tables.flatMap((table) => table.shrinkCheck ?? []),
    };
  } finally {
    for (const upscaler of upscalers) upscaler.destroy();
  }
}

/** The figures of all models with one factor, picture by picture. */
class ScaleTable {
  shrinkCheck: ShrinkCheck | undefined;
  readonly #gpu: Gpu;
  readonly #folder: string;
  readonly #scale: number;
  readonly #upscalers: Upscaler[];
  readonly #rows: QualityFigures["pictures"][];

  constructor(gpu: Gpu, folder: string, scale: number, upscalers: Upscaler[]) {
    this.#gpu = gpu;
    this.#folder = folder;
    this.#scale = scale;
    this.#upscalers = upscalers.filter(({ network }) => (network?.scale ?? scale) === scale);
    this.#rows = this.#upscalers.map(() => []);
  }

  async add(name: string, picture: Picture, signal: AbortSignal | undefined): Promise<void> {
    const truth = cropToMultiple(picture, this.#scale);
    const small = await shrink(this.#gpu, truth, this.#scale);
    await this.#checkShrinking(name, small);
    for (const [i, upscaler] of this.#upscalers.entries()) {
      const options = { scale: this.#scale, ...(signal && { signal }) };
      const large = await upscaler.upscale(small, options);
      this.#rows[i].push({
        name,
        psnrY: psnrY(large, truth, this.#scale),
        ssimY: ssimY(large, truth, this.#scale),
      });
    }
  }

  figures(): QualityFigures[] {
    return this.#upscalers.map(({ label }, i) => ({
      model: label,
      scale: this.#scale,
      psnrY: mean(this.#rows[i].map((row) => row.psnrY)),
      ssimY: mean(this.#rows[i].map((row) => row.ssimY)),
      pictures: this.#rows[i],
    }));
  }

  async #checkShrinking(name: string, ours: Picture): Promise<void> {
    const folder = `${this.#folder.replace(/[/\\]+$/, "")}_LRx${this.#scale}`;
    const theirs = await readIfThere(join(folder, name.replace("_HR", "_LR")));
    if (theirs === undefined || theirs.width !== ours.width || theirs.height !== ours.height) {
      return;
    }
    const none = { pixels: 0, different: 0, largest: 0 };
    const before = this.shrinkCheck ??
      { scale: this.#scale, folder, pictures: 0, all: none, inside: none };
    this.shrinkCheck = {
      ...before,
      pictures: before.pictures + 1,
      all: addDifferences(before.all, compareLevels(ours, theirs)),
      inside: addDifferences(before.inside, compareLevels(ours, theirs, EDGE)),
    };
  }
}

async function pictureNames(folder: string): Promise<string[]> {
  const names = [];
  for await (const entry of readFolder(folder)) {
    if (!entry.isDirectory && PICTURE_NAME.test(entry.name)) names.push(entry.name);
  }
  if (names.length === 0) throw new InputError(`There are no PNG or JPEG files in "${folder}"`);
  return names.sort();
}

async function* readFolder(folder: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
    throw new InputError(`There is no folder "${folder}"`, { cause: error });
  }
}

/** Reads a picture as the measures need it: 8 bits, without alpha. */
async function readTruth(path: string): Promise<Picture> {
  const { colour } = splitAlpha(await decodePicture(await Deno.readFile(path)));
  return convertDepth(colour, 8);
}

async function readIfThere(path: string): Promise<Picture | undefined> {
  try {
    return await readTruth(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function addDifferences(a: Differences, b: Differences): Differences {
  return {
    pixels: a.pixels + b.pixels,
    different: a.different + b.different,
    largest: Math.max(a.largest, b.largest),
  };
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
