/** `tessera inspect photo.jpg`: what a picture is like, how far it can be enlarged, and what to type. */

import { UsageError } from "../../errors.ts";
import {
  describeDamage,
  describeFaces,
  type Expectation,
  expectationOf,
  type Face,
  FaceDetector,
  findFaces,
  findText,
  type Inspection,
  inspectPicture,
  isPortrait,
} from "../../inspect/mod.ts";
import { gatherRows, type Picture, type PictureRows } from "../../pictures/mod.ts";
import { cropRows } from "../../targets/crop.ts";
import { SCREENS } from "../../targets/target.ts";
import { SCALE_RANGE } from "../../upscale_options.ts";
import { growTo } from "../../targets/plan.ts";
import type { Frame } from "../../fill/extend.ts";
import { type ExtensionOutlook, extensionOutlook } from "../../fill/outlook.ts";
import { embeddedModel } from "../../weights/library.ts";
import {
  alignRows,
  describeOptions,
  type OptionValues,
  parseOptions,
  switchOption,
} from "../options/arguments.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { explainError, printFailure } from "../terminal/failure.ts";
import { type OpenOptions, openPicture } from "../files/input_file.ts";
import { INPUT_OPTIONS, readingOf } from "../options/picture_options.ts";
import { printResult } from "../terminal/print.ts";

/** Rows that are looked at of a picture that does not come as a whole, in its middle. */
const SAMPLE_ROWS = 1024;

/** Its first row is a multiple of this one, as blocks of a JPEG begin there. */
const BLOCK = 8;

/** Blur below this, in pixels, is what every sharp picture has. */
const SHARP = 0.5;

/** The network for pictures that a face fills, advised once it is embedded. */
const PORTRAIT_MODEL = "portrait-x4";

const OPTIONS = {
  ...INPUT_OPTIONS,
  faces: switchOption("find faces; fetches a package of 24 MB the first time"),
  json: switchOption("one JSON line per picture on stdout"),
  help: switchOption("this text", "h"),
};

/** How a picture would fill a screen. */
interface ScreenOutlook {
  screen: string;
  width: number;
  height: number;
  /** Output pixels per input pixel. */
  factor: number;
  expect: Expectation;
}

/** What was looked at beside the measures; undefined where it was not. */
interface Looked {
  faces: readonly Face[] | undefined;
  extension: ExtensionOutlook | undefined;
}

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (inputs.length === 0) throw new UsageError("No picture was given: tessera inspect photo.jpg");
  const detector = values.faces ? await FaceDetector.load() : undefined;
  const codes: number[] = [];
  for (const input of inputs) codes.push(await inspectFile(input, values, detector));
  if (codes.length === 1) return codes[0];
  return codes.every((code) => code === EXIT.done) ? EXIT.done : EXIT.failed;
}

/** Inspects one file, says how it is and returns its exit code: the others go on. */
async function inspectFile(
  input: string,
  values: OptionValues<typeof OPTIONS>,
  detector: FaceDetector | undefined,
): Promise<number> {
  try {
    using file = await openPicture(input, readingOf(values));
    const { width, height } = file.picture;
    const part = "rows" in file.picture ? await middleOf(file.picture) : file.picture;
    const inspection = { ...inspectPicture(part, file.bytes), width, height };
    const screens = outlooksOf(inspection);
    const faces = detector && await facesOf(input, part, height, readingOf(values), detector);
    const extension = part.height === height ? await outlookOf(part, inspection, faces) : undefined;
    const command = commandFor(input, screens) + modelFor(faces, height);
    if (values.json) printResult(toJson(input, inspection, { faces, extension }, screens, command));
    else printResult(describe(input, inspection, { faces, extension }, screens, command));
    return EXIT.done;
  } catch (error) {
    const failure = explainError(error);
    printFailure(input, failure, values.json);
    return failure.exitCode;
  }
}

/** What is to be expected of a picture that is extended to a 4K screen. */
async function outlookOf(
  picture: Picture,
  { content }: Inspection,
  faces: readonly Face[] | undefined,
): Promise<ExtensionOutlook> {
  const text = findText(picture);
  return await extensionOutlook(picture, frameFor(picture), {
    content,
    text,
    ...faces && { faces },
  });
}

/** Takes the rows in the middle of a picture; the others are passed over. */
async function middleOf({ rows, ...header }: PictureRows): Promise<Picture> {
  const y = Math.max(0, Math.floor((header.height - SAMPLE_ROWS) / 2 / BLOCK) * BLOCK);
  const height = Math.min(SAMPLE_ROWS, header.height);
  const middle = cropRows(header, rows, { x: 0, y, width: header.width, height });
  return await gatherRows({ ...header, height, rows: middle });
}

/** Finds faces in the whole picture, whose file is opened again if only its middle was kept. */
async function facesOf(
  input: string,
  part: Picture,
  height: number,
  reading: OpenOptions,
  detector: FaceDetector,
): Promise<Face[]> {
  if (part.height === height) return await findFaces(part, detector);
  using file = await openPicture(input, reading);
  return await findFaces(file.picture, detector);
}

/** The option that chooses the network for portraits, where there is one and this is one. */
function modelFor(faces: readonly Face[] | undefined, height: number): string {
  const isEmbedded = embeddedModel(PORTRAIT_MODEL) !== undefined;
  if (!isEmbedded || faces === undefined || !isPortrait(faces, height)) return "";
  return ` --model ${PORTRAIT_MODEL}`;
}

function outlooksOf(inspection: Inspection): ScreenOutlook[] {
  return Object.entries(SCREENS).map(([screen, { width, height }]) => {
    const factor = Math.max(width / inspection.width, height / inspection.height);
    return { screen, width, height, factor, expect: expectationOf(factor, inspection) };
  });
}

/** The command for the largest screen that will look good; twice the size if none will. */
function commandFor(input: string, screens: readonly ScreenOutlook[]): string {
  const good = screens.filter(({ expect }) => expect === "excellent" || expect === "good");
  const best = good.sort((a, b) => b.width * b.height - a.width * a.height)[0];
  const name = /^[\w./@-]+$/.test(input) ? input : `"${input.replaceAll(/(["\\$`])/g, "\\$1")}"`;
  return `tessera ${name} ${best === undefined ? "--scale 2" : `--to ${best.screen}`}`;
}

function toJson(
  input: string,
  inspection: Inspection,
  { faces, extension }: Looked,
  screens: readonly ScreenOutlook[],
  command: string,
): string {
  const { jpeg, quality, blockiness, noise, blur, ...others } = inspection;
  return JSON.stringify({
    input,
    ...others,
    jpeg: jpeg === undefined ? null : { quality: jpeg.quality, chroma: jpeg.chroma ?? null },
    quality: quality ?? null,
    blockiness: hundredths(blockiness),
    noise: hundredths(noise),
    blur: blur === undefined ? null : hundredths(blur),
    faces: faces?.map(({ score, ...box }) => ({ ...box, score: hundredths(score) })) ?? null,
    extension: extension === undefined
      ? null
      : { ...extension, share: hundredths(extension.share) },
    screens: screens.map(({ factor, ...screen }) => ({ ...screen, factor: hundredths(factor) })),
    command,
  });
}

function hundredths(value: number): number {
  return Number(value.toFixed(2));
}

function describe(
  input: string,
  inspection: Inspection,
  { faces, extension }: Looked,
  screens: readonly ScreenOutlook[],
  command: string,
): string {
  const { width, height, content, noise, blur, denoise } = inspection;
  const measures = alignRows([
    ["Shows", content],
    ["JPEG", describeJpeg(inspection)],
    ["Noise", `sigma ${noise.toFixed(1)} of 255`],
    ["Blur", describeBlur(blur)],
    ["Damage", denoise === 0 ? "none that matters" : describeDamage(inspection)],
    ["Faces", faces === undefined ? "not looked for: --faces" : describeFaces(faces)],
    ["Extend", extension === undefined ? "not looked at" : describeExtension(extension)],
    ["Denoise", `${denoise}, which --denoise auto chooses`],
  ]);
  const outlooks = screens.map(({ screen, width, height, factor, expect }) => {
    const times = factor > SCALE_RANGE.max ? `over ${SCALE_RANGE.max}x` : `${factor.toFixed(1)}x`;
    return [`${screen}`, `${`${width} x ${height}`.padEnd(11)}  ${times.padEnd(8)}  ${expect}`];
  });
  return [
    `${input}: ${width} x ${height}`,
    measures,
    "To fill a screen:",
    alignRows(outlooks as [string, string][]),
    `Try: ${command}`,
  ].join("\n");
}

/** The canvas that a screen of 16:9 asks for, in the picture's pixels. */
function frameFor(picture: Picture): Frame {
  return growTo(picture, SCREENS["4k"], { x: 0.5, y: 0.5 });
}

function describeExtension({ share, problems }: ExtensionOutlook): string {
  if (share === 0) return "nothing to add for a screen";
  const made = `--pad extend would make up ${Math.round(100 * share)} % of a 4k screen`;
  return problems.length === 0
    ? `${made}, which should look right`
    : `${made}, which will not look right: ${problems.join("; ")}`;
}

function describeBlur(blur: number | undefined): string {
  if (blur === undefined) return "too few edges to tell";
  return blur < SHARP ? "none" : `sigma ${blur.toFixed(1)} pixels`;
}

function describeJpeg({ jpeg, quality, blockiness }: Inspection): string {
  const traces = `blocks stand out by ${blockiness.toFixed(1)} levels`;
  if (quality === undefined) return `no table found, ${traces}`;
  const now = `quality ${quality}, ${traces}`;
  if (jpeg === undefined) return `${now}; it was one before`;
  const chroma = jpeg.chroma === undefined ? "" : `, ${jpeg.chroma}`;
  return jpeg.quality > quality ? `${now}; saved again at ${jpeg.quality}${chroma}` : now + chroma;
}

function help(): string {
  return `Measures pictures: JPEG damage, noise, blur and what they show; says how far
they can be enlarged.

Usage: tessera inspect PICTURE... [options]

  tessera inspect photo.jpg
  tessera inspect *.jpg --json
  tessera inspect portrait.jpg --faces

A large PNG is judged by ${SAMPLE_ROWS} rows in its middle.

${describeOptions(OPTIONS)}`;
}
