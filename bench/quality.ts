/**
 * Networks against bicubic on pictures whose truth is known: a folder of large pictures is shrunk by
 * the network's factor, enlarged again, and compared with what it was.
 *
 * Where the shrunk pictures of a test set lie beside it (`Set5_LRx4` beside `Set5`), ours are compared
 * with them. Those were made by an older MATLAB, which repeats the edge where today's mirrors it: a
 * border of two pixels may differ.
 *
 * The shrunk pictures may be damaged by a JPEG before they are enlarged, and how much of that is taken
 * away may be left to what is seen in them, as the program does.
 */

import { join } from "node:path";
import { InputError } from "../src/errors.ts";
import type { Gpu } from "../src/gpu/device.ts";
import { inspectPicture } from "../src/inspect/mod.ts";
import { convertDepth, decodePicture, encodePicture, splitAlpha } from "../src/pictures/mod.ts";
import type { Picture } from "../src/pictures/picture.ts";
import { psnrY } from "../src/quality/psnr.ts";
import { ssimY } from "../src/quality/ssim.ts";
import { flatRoughnessY, gradientDistanceY } from "../src/quality/gradients.ts";
import { gridPower, powerSpectrum, spectrumDistance } from "../src/quality/spectrum.ts";
import type { Mode } from "../src/upscale_options.ts";
import { Upscaler } from "../src/upscaler.ts";
import { embeddedModels } from "../src/weights/library.ts";
import { FeatureNetwork } from "./mobilenet.ts";
import { compareLevels, cropToMultiple, type Differences, shrink } from "./shrink.ts";

/** How close results come to the truth, luma only, a border as wide as the factor left out. */
export interface QualityFigures {
  model: string;
  scale: number;
  /** Means over the pictures. */
  psnrY: number;
  ssimY: number;
  /** Means over the pictures, where texture was measured. */
  texture?: TextureFigures;
  pictures: { name: string; psnrY: number; ssimY: number; texture?: TextureFigures }[];
}

/** How close results come to the truth's texture. */
export interface TextureFigures {
  /** Distance of the spectra's upper halves in dB. */
  spectrum: number;
  /** How much stronger the result's is, in dB: below 0 where detail is missing. */
  balance: number;
  /** Distance of the gradient magnitudes in levels. */
  gradients: number;
  /** How far grids stand out of the result's spectrum in dB, and of the truth's. */
  grid: number;
  truthGrid: number;
  /** Standard deviation in levels where the truth is flat, and the truth's own; null: nowhere. */
  flat: number | null;
  truthFlat: number | null;
  /** Distance of a network's features. */
  features: number;
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

/** How networks are measured. */
export interface QualityOptions {
  /** Quality of the JPEG (4:2:0) through which the shrunk pictures go; undefined: none. */
  jpeg?: number | undefined;
  /** How networks' results are treated. Default: as the upscaler does. */
  mode?: Mode | undefined;
  /** Share of the restorer in networks that have one. Default: 0. */
  denoise?: number | "auto" | undefined;
  /** Whether texture is measured as well, which needs a network of its own. Default: no. */
  texture?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Pixels of a shrunk picture that see past the edge of the large one. */
const EDGE = 2;

const PICTURE_NAME = /\.(png|jpe?g)$/i;

/**
 * Measures networks, and by the same factors bicubic and what else has none of its own.
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
  options: QualityOptions,
  onStart: (label: string) => void,
): Promise<QualityReport> {
  const names = await pictureNames(folder);
  const network = options.texture ? await FeatureNetwork.load() : undefined;
  const contestants: Contestant[] = [];
  try {
    for (const model of new Set(["bicubic", ...models])) {
      contestants.push(await Contestant.create(gpu, model, options));
    }
    const scales = new Set(contestants.flatMap(({ scale }) => scale ?? []));
    const tables = [...scales].map((scale) => {
      return new ScaleTable(gpu, folder, scale, contestants, options, network);
    });
    for (const name of names) {
      onStart(name);
      const picture = await readTruth(join(folder, name));
      for (const table of tables) await table.add(name, picture);
    }
    return {
      images: folder,
      models: tables.flatMap((table) => table.figures()),
      shrinking: tables.flatMap((table) => table.shrinkCheck ?? []),
    };
  } finally {
    for (const contestant of contestants) contestant.destroy();
  }
}

/** A model, with as many strengths of its restorer as its pictures ask for. */
class Contestant {
  readonly label: string;
  /** Undefined for bicubic. */
  readonly scale: number | undefined;
  readonly #options: QualityOptions;
  readonly #make: (denoise: number) => Promise<Upscaler>;
  readonly #byStrength: Map<number, Upscaler>;

  private constructor(
    first: Upscaler,
    strength: number,
    options: QualityOptions,
    make: (denoise: number) => Promise<Upscaler>,
  ) {
    this.label = first.label;
    this.scale = first.network?.scale;
    this.#options = options;
    this.#make = make;
    this.#byStrength = new Map([[strength, first]]);
  }

  static async create(gpu: Gpu, model: string, options: QualityOptions): Promise<Contestant> {
    const restorable = embeddedModels().some(({ name, restorer }) => {
      return name === model && restorer !== null;
    });
    const denoise = restorable ? options.denoise : undefined;
    const make = (strength: number) => Upscaler.create({ model, device: gpu, denoise: strength });
    const strength = typeof denoise === "number" ? denoise : 0;
    return new Contestant(await make(strength), strength, { ...options, denoise }, make);
  }

  /** @param file The bytes that the picture was decoded from, if there are any. */
  async upscale(picture: Picture, scale: number, file: Uint8Array | undefined): Promise<Picture> {
    const { mode, denoise, signal } = this.#options;
    const upscaler = denoise === "auto"
      ? await this.#withStrength(inspectPicture(picture, file).denoise)
      : [...this.#byStrength.values()][0];
    const asked = this.scale === undefined ? undefined : mode;
    return await upscaler.upscale(picture, {
      scale,
      ...(asked !== undefined && { mode: asked }),
      ...(signal && { signal }),
    });
  }

  destroy(): void {
    for (const upscaler of this.#byStrength.values()) upscaler.destroy();
  }

  async #withStrength(denoise: number): Promise<Upscaler> {
    const upscaler = this.#byStrength.get(denoise) ?? await this.#make(denoise);
    this.#byStrength.set(denoise, upscaler);
    return upscaler;
  }
}

/** The figures of all models with one factor, picture by picture. */
class ScaleTable {
  shrinkCheck: ShrinkCheck | undefined;
  readonly #gpu: Gpu;
  readonly #folder: string;
  readonly #scale: number;
  readonly #contestants: Contestant[];
  readonly #options: QualityOptions;
  readonly #network: FeatureNetwork | undefined;
  readonly #rows: QualityFigures["pictures"][];

  constructor(
    gpu: Gpu,
    folder: string,
    scale: number,
    contestants: Contestant[],
    options: QualityOptions,
    network: FeatureNetwork | undefined,
  ) {
    this.#gpu = gpu;
    this.#folder = folder;
    this.#scale = scale;
    this.#contestants = contestants.filter((each) => (each.scale ?? scale) === scale);
    this.#options = options;
    this.#network = network;
    this.#rows = this.#contestants.map(() => []);
  }

  async add(name: string, picture: Picture): Promise<void> {
    const { jpeg } = this.#options;
    const truth = cropToMultiple(picture, this.#scale);
    const clean = await shrink(this.#gpu, truth, this.#scale);
    await this.#checkShrinking(name, clean);
    const file = jpeg === undefined ? undefined : await damaged(clean, jpeg);
    const small = file === undefined ? clean : await decodePicture(file);
    for (const [i, contestant] of this.#contestants.entries()) {
      const large = await contestant.upscale(small, this.#scale, file);
      this.#rows[i].push({
        name,
        psnrY: psnrY(large, truth, this.#scale),
        ssimY: ssimY(large, truth, this.#scale),
        ...(this.#network && { texture: textureOf(large, truth, this.#scale, this.#network) }),
      });
    }
  }

  figures(): QualityFigures[] {
    return this.#contestants.map(({ label }, i) => ({
      model: label,
      scale: this.#scale,
      psnrY: mean(this.#rows[i].map((row) => row.psnrY)),
      ssimY: mean(this.#rows[i].map((row) => row.ssimY)),
      ...(this.#network && { texture: meanTexture(this.#rows[i]) }),
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

/** What most programs write: chroma at half size. */
async function damaged(picture: Picture, quality: number): Promise<Uint8Array> {
  return await encodePicture(picture, { format: "jpeg", quality, chroma: "4:2:0" });
}

function addDifferences(a: Differences, b: Differences): Differences {
  return {
    pixels: a.pixels + b.pixels,
    different: a.different + b.different,
    largest: Math.max(a.largest, b.largest),
  };
}

function textureOf(
  large: Picture,
  truth: Picture,
  border: number,
  network: FeatureNetwork,
): TextureFigures {
  const actual = powerSpectrum(large, border);
  const expected = powerSpectrum(truth, border);
  const { distance, balance } = spectrumDistance(actual, expected);
  return {
    spectrum: distance,
    balance,
    gradients: gradientDistanceY(large, truth, border),
    grid: gridPower(actual),
    truthGrid: gridPower(expected),
    flat: flatRoughnessY(large, truth, border) ?? null,
    truthFlat: flatRoughnessY(truth, truth, border) ?? null,
    features: network.distance(large, truth, border),
  };
}

function meanTexture(rows: QualityFigures["pictures"]): TextureFigures {
  const figures = rows.flatMap(({ texture }) => texture ?? []);
  const over = (pick: (figure: TextureFigures) => number) => mean(figures.map(pick));
  const overKnown = (pick: (figure: TextureFigures) => number | null) => {
    const known = figures.flatMap((figure) => pick(figure) ?? []);
    return known.length === 0 ? null : mean(known);
  };
  return {
    spectrum: over(({ spectrum }) => spectrum),
    balance: over(({ balance }) => balance),
    gradients: over(({ gradients }) => gradients),
    grid: over(({ grid }) => grid),
    truthGrid: over(({ truthGrid }) => truthGrid),
    flat: overKnown(({ flat }) => flat),
    truthFlat: overKnown(({ truthFlat }) => truthFlat),
    features: over(({ features }) => features),
  };
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
