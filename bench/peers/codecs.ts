/**
 * `deno task codecs`: encoding and decoding of a 4K picture in each format, here and in sharp, which is
 * libvips with native codecs and threads.
 *
 * Both decode the same file, and have to agree on it before they are timed. Quality and chroma are the
 * same where both have them; effort is each one's own, so that sizes differ: they stand beside the times.
 */

import { parseArgs } from "node:util";
import sharp from "sharp";
import { explainError } from "../../src/cli/terminal/failure.ts";
import { printNote, printResult } from "../../src/cli/terminal/print.ts";
import { UsageError } from "../../src/errors.ts";
import {
  decodePicture,
  encodePicture,
  type Picture,
  type PictureFormat,
} from "../../src/pictures/mod.ts";
import { median, stopwatch } from "../timing.ts";
import { alignRows } from "./report.ts";

const HELP = `Times the encoding and decoding of a 4K picture here and in sharp, in turns.

Usage: deno task codecs [PICTURE] [options]

Options:
  --rounds N  how often each is timed (default: 5)
  --json      one JSON line per format
  --help      this text`;

/** Tiled four by four, it makes 3840 x 2160. */
const SCENE = new URL("../../examples/scene-960x540.png", import.meta.url);
const TILES = 4;

/**
 * Mean difference of two decoders' samples, of 255, with which they count as having read the same: they
 * enlarge colour of half the resolution in different ways.
 */
const TOLERANCE = 4;

/** What is written: here with each format's own defaults, and there with what these are. */
const FORMATS: readonly { format: PictureFormat | "tiff"; options?: object }[] = [
  { format: "png" },
  { format: "jpeg", options: { quality: 92, chromaSubsampling: "4:4:4" } },
  { format: "webp", options: { quality: 90 } },
  { format: "avif", options: { quality: 80, chromaSubsampling: "4:2:0" } },
  { format: "jxl" },
  { format: "tiff", options: { compression: "lzw" } },
];

/** Seconds, and bytes of the file; `undefined` where a program does not have that direction. */
interface Result {
  format: string;
  encode: number | undefined;
  decode: number;
  bytes: number | undefined;
  sharpEncode: number | undefined;
  sharpDecode: number | undefined;
  sharpBytes: number | undefined;
}

async function main(args: string[]): Promise<number> {
  try {
    const { file, rounds, json, help } = readOptions(args);
    if (help) {
      printResult(HELP);
      return 0;
    }
    const picture = file === undefined ? await tiledScene() : await readRgb(file);
    const { width, height } = picture;
    const results: Result[] = [];
    for (const { format, options } of FORMATS) {
      const result = await timeFormat(picture, format, options ?? {}, rounds);
      if (json) printResult(JSON.stringify({ width, height, ...result }));
      else results.push(result);
    }
    if (!json) printResult(table(picture, results));
    return 0;
  } catch (error) {
    const { message, exitCode } = explainError(error);
    printNote(`codecs: ${message}`);
    return exitCode;
  }
}

function readOptions(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        rounds: { type: "string", default: "5" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) {
      throw new UsageError(`Expected a whole number from 1 for --rounds, not "${values.rounds}"`);
    }
    return { ...values, rounds, file: positionals[0] };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function readRgb(file: string | URL): Promise<Picture> {
  const { data, info } = await sharp(await Deno.readFile(file)).removeAlpha().toColourspace("srgb")
    .raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return { width, height, channels: 3, depth: 8, data: new Uint8Array(data), metadata: {} };
}

async function tiledScene(): Promise<Picture> {
  const scene = await readRgb(SCENE);
  const [stride, band] = [scene.width * 3, scene.data.length * TILES];
  const data = new Uint8Array(band * TILES);
  for (let y = 0; y < scene.height; y++) {
    const row = scene.data.subarray(y * stride, (y + 1) * stride) as Uint8Array;
    for (let tile = 0; tile < TILES; tile++) data.set(row, (y * TILES + tile) * stride);
  }
  for (let tile = 1; tile < TILES; tile++) data.copyWithin(band * tile, 0, band);
  return { ...scene, width: scene.width * TILES, height: scene.height * TILES, data };
}

async function timeFormat(
  picture: Picture,
  format: PictureFormat | "tiff",
  options: object,
  rounds: number,
): Promise<Result> {
  const encode = format === "tiff" ? undefined : () => encodePicture(picture, { format });
  const sharpEncode = format === "jxl" ? undefined : () => encodeSharp(picture, format, options);
  const own = await encode?.();
  const theirs = await sharpEncode?.();
  const file = own ?? theirs!;
  const decode = () => decodePicture(file);
  const sharpDecode = format === "jxl" ? undefined : () => sharp(file).raw().toBuffer();
  if (sharpDecode !== undefined) checkSame(format, await decode(), await sharpDecode());
  const works = [encode, decode, sharpEncode, sharpDecode];
  const times: number[][] = works.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, work] of works.entries()) if (work) times[i].push(await stopwatch(work));
  }
  const [seconds, decodeSeconds, sharpSeconds, sharpDecodeSeconds] = times.map((of) =>
    of.length === 0 ? undefined : median(of) / 1000
  );
  return {
    format,
    encode: seconds,
    decode: decodeSeconds!,
    bytes: own?.length,
    sharpEncode: sharpSeconds,
    sharpDecode: sharpDecodeSeconds,
    sharpBytes: theirs?.length,
  };
}

async function encodeSharp(
  { width, height, data }: Picture,
  format: Exclude<PictureFormat, "jxl"> | "tiff",
  options: object,
): Promise<Uint8Array> {
  const raw = { width, height, channels: 3 } as const;
  return await sharp(data as Uint8Array, { raw }).toFormat(format, options).toBuffer();
}

function checkSame(format: string, { data }: Picture, others: Uint8Array): void {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += Math.abs(data[i] - others[i]);
  const mean = sum / data.length;
  if (data.length === others.length && mean <= TOLERANCE) return;
  throw new Error(`The two read ${format} otherwise: ${mean.toFixed(2)} levels apart`);
}

function table({ width, height }: Picture, results: Result[]): string {
  const seconds = (value?: number) => value === undefined ? "-" : `${value.toFixed(2)} s`;
  const megabytes = (value?: number) =>
    value === undefined ? "-" : `${(value / 1e6).toFixed(2)} MB`;
  const head = ["", "encode", "sharp", "decode", "sharp", "size", "sharp"];
  const rows = results.map((result) => [
    result.format,
    seconds(result.encode),
    seconds(result.sharpEncode),
    seconds(result.decode),
    seconds(result.sharpDecode),
    megabytes(result.bytes),
    megabytes(result.sharpBytes),
  ]);
  const { sharp: version, vips } = sharp.versions;
  return [
    `${width} x ${height}, Deno ${Deno.version.deno}, sharp ${version} (libvips ${vips}) with ` +
    `${sharp.concurrency()} threads, load ${Deno.loadavg()[0].toFixed(1)}`,
    ...alignRows([head, ...rows]),
  ].join("\n");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
