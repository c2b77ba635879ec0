/**
 * The thread that libvips works in: the other side of vips.ts. It answers one question after the other.
 *
 * libvips blocks its thread while its own threads work, so that it has one to itself. What it has once
 * taken of memory it keeps, and on Deno not even the thread's end gives it back: few are started.
 */

import { type FileReader, loadVips, openFile } from "../../platform/mod.ts";
import type {
  VipsAnswer,
  VipsHeader,
  VipsInput,
  VipsLoader,
  VipsOutput,
  VipsPlugin,
  VipsRequest,
  VipsSamples,
} from "./messages.ts";

/** As much of an image of libvips as is used here. */
interface VipsImage {
  width: number;
  height: number;
  bands: number;
  format: string;
  interpretation: string;
  xres: number;
  yres: number;
  getTypeof(name: string): number;
  getInt(name: string): number;
  getArrayInt(name: string): number[];
  getBlob(name: string): Uint8Array;
  setInt(name: string, value: number): void;
  setArrayInt(name: string, value: number[]): void;
  setBlob(name: string, value: Uint8Array): void;
  cast(format: string): VipsImage;
  colourspace(space: string): VipsImage;
  copy(options: object): VipsImage;
  crop(left: number, top: number, width: number, height: number): VipsImage;
  extractBand(band: number, options: { n: number }): VipsImage;
  linear(a: number, b: number): VipsImage;
  writeToMemory(): VipsSamples;
  delete(): void;
  [saver: `${string}saveBuffer`]: (options: object) => Uint8Array;
}

/** A source whose bytes come as they are asked for. */
interface SourceCustom {
  onRead: (length: number) => Uint8Array | undefined;
  onSeek: (offset: number, whence: number) => number;
}

/** As much of libvips as is used here. */
interface Vips {
  Image:
    & {
      newFromMemory(
        data: VipsSamples,
        width: number,
        height: number,
        bands: number,
        format: string,
      ): VipsImage;
      newFromBuffer(bytes: Uint8Array, options: string, more: object): VipsImage;
      arrayjoin(images: VipsImage[], options: { across: number }): VipsImage;
    }
    & Record<string, (from: unknown, options: object) => VipsImage>;
  SourceCustom: new () => SourceCustom;
  Cache: { max(operations: number): void };
}

/** An open file. */
interface Opened extends Disposable {
  image: VipsImage;
  /** What was complained of when it was opened, if what is complained of later is damage. */
  complaints?: readonly string[];
}

/** Kinds of colours whose samples are taken as they are. */
const PLAIN_COLOURS = ["b-w", "grey16", "srgb", "rgb", "rgb16", "scrgb", "cmyk", "multiband"];

/** What a worker calls its own; the library of types is that of the main thread. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<VipsRequest>) => void;
  postMessage(answer: VipsAnswer, transfer: Transferable[]): void;
};

const opened = new Map<number, Opened>();
let vips: Promise<Vips> | undefined;
let queue: Promise<void> = Promise.resolve();

thread.onmessage = ({ data }) => {
  queue = queue.then(() => answer(data));
};

async function answer(request: VipsRequest): Promise<void> {
  const { id } = request;
  try {
    vips ??= load(request.plugin);
    await vips;
  } catch (error) {
    thread.postMessage({ id, failed: "load", message: messageOf(error) }, []);
    return;
  }
  try {
    const result = work(await vips, request);
    thread.postMessage(result, transferOf(result));
  } catch (error) {
    thread.postMessage({ id, failed: "work", message: messageOf(error) }, []);
  }
}

async function load(plugin: VipsPlugin): Promise<Vips> {
  const make = await loadVips();
  // Complaints about a file come with the error that it ends in.
  const instance = await make({
    dynamicLibraries: plugin === "none"
      ? []
      : ["vips-heif.wasm", "vips-jxl.wasm", "vips-resvg.wasm"],
    print: () => {},
    printErr: () => {},
  }) as Vips;
  instance.Cache.max(0);
  return instance;
}

function work(vips: Vips, request: VipsRequest): VipsAnswer {
  const { id } = request;
  if ("open" in request) {
    const file = open(vips, request.open);
    const { loader, lenient } = request.open;
    // Where a tile of a TIFF cannot be decoded, libvips puts black, and goes on.
    if (loader === "tiffload" && !lenient) file.complaints = takeComplaints(vips);
    opened.set(id, file);
    return { id, opened: headerOf(file.image, loader) };
  }
  if ("picture" in request) {
    const { image, complaints } = opened.get(request.picture)!;
    const samples = readRows(image, request);
    if (complaints !== undefined) checkComplaints(vips, complaints);
    return { id, samples };
  }
  if ("write" in request) return { id, bytes: write(vips, request.write) };
  opened.get(request.close)?.[Symbol.dispose]();
  opened.delete(request.close);
  return { id, closed: true };
}

function open(vips: Vips, { source, loader, lenient, wary, all, page }: VipsInput): Opened {
  const options = {
    access: "sequential",
    fail_on: lenient ? "none" : wary ? "warning" : "error",
    ...all ? { n: -1 } : {},
    ...page === undefined ? {} : { page },
  };
  if (typeof source !== "string") {
    const image = plainColours(vips.Image[`${loader}Buffer`](source, options));
    return { image, [Symbol.dispose]: () => image.delete() };
  }
  const file = openFile(source);
  const image = plainColours(vips.Image[`${loader}Source`](sourceOf(vips, file), options));
  return {
    image,
    [Symbol.dispose]() {
      image.delete();
      file[Symbol.dispose]();
    },
  };
}

function sourceOf(vips: Vips, file: FileReader): SourceCustom {
  const source = new vips.SourceCustom();
  let at = 0;
  source.onRead = (length) => {
    const bytes = new Uint8Array(Math.min(length, Math.max(file.length - at, 0)));
    const count = file.read(at, bytes);
    at += count;
    return count === 0 ? undefined : bytes.subarray(0, count);
  };
  source.onSeek = (offset, whence) => {
    at = [0, at, file.length][whence] + offset;
    return at;
  };
  return source;
}

/** Makes of colours and samples of rare kinds those that every other part knows. */
function plainColours(image: VipsImage): VipsImage {
  const { format, interpretation } = image;
  const plain = PLAIN_COLOURS.includes(interpretation)
    ? image
    : image.colourspace(format === "uchar" ? "srgb" : "rgb16");
  switch (plain.format) {
    case "uchar":
    case "ushort":
    case "float":
      return plain;
    case "double":
      return plain.cast("float");
    case "uint":
      return plain.linear(1 / 65537, 0).cast("ushort");
  }
  throw new Error(`samples of the kind ${plain.format} are not supported`);
}

function headerOf(image: VipsImage, loader: VipsLoader): VipsHeader {
  const has = (name: string) => image.getTypeof(name) !== 0;
  const number = (name: string) => has(name) ? image.getInt(name) : undefined;
  const blob = (name: string) => has(name) ? image.getBlob(name).slice() : undefined;
  const blobs = {
    icc: blob("icc-profile-data"),
    exif: blob("exif-data"),
    xmp: blob("xmp-data"),
    iptc: blob("iptc-data"),
    photoshop: blob("photoshop-data"),
  };
  return {
    width: image.width,
    height: image.height,
    bands: image.bands,
    format: image.format as VipsHeader["format"],
    interpretation: image.interpretation,
    pages: number("n-pages") ?? 1,
    pageHeight: number("page-height") ?? image.height,
    // All other loaders make the largest number 65535.
    shiftedBits: loader === "heifload" ? number("bits-per-sample") : undefined,
    delays: has("delay") ? image.getArrayInt("delay") : undefined,
    loops: number("loop"),
    density: { x: image.xres, y: image.yres },
    ...Object.fromEntries(Object.entries(blobs).filter(([, value]) => value !== undefined)),
  };
}

/** Takes what was complained of since the last time: libvips tells with its next error, so one is made. */
function takeComplaints(vips: Vips): string[] {
  try {
    vips.Image.newFromMemory(new Uint8Array(1), 2, 2, 1, "uchar");
    return [];
  } catch (error) {
    return messageOf(error).split("\n").filter((line) => line.startsWith("tiff2vips: "));
  }
}

/** Refuses what was complained of, unless it was when the file was opened. */
function checkComplaints(vips: Vips, known: readonly string[]): void {
  const complaint = takeComplaints(vips).find((line) => !known.includes(line));
  if (complaint !== undefined) throw new Error(complaint);
}

function readRows(image: VipsImage, { row, rows }: { row: number; rows: number }): VipsSamples {
  const band = image.crop(0, row, image.width, rows);
  try {
    return band.writeToMemory();
  } finally {
    band.delete();
  }
}

function write(vips: Vips, { picture, saver, options, icc }: VipsOutput): Uint8Array {
  const image = "frames" in picture ? joinFrames(vips, picture) : imageOf(vips, picture);
  if (icc !== undefined) image.setBlob("icc-profile-data", icc);
  try {
    return image[`${saver}Buffer`]({ ...options, keep: icc === undefined ? 0 : KEEP_ICC });
  } finally {
    image.delete();
  }
}

/** The flag of libvips for: of all metadata, the profile. */
const KEEP_ICC = 8;

function imageOf(
  vips: Vips,
  { data, width, height, bands, interpretation }: Exclude<
    VipsOutput["picture"],
    { frames: unknown }
  >,
): VipsImage {
  const format = data instanceof Uint8Array ? "uchar" : "ushort";
  return vips.Image.newFromMemory(data, width, height, bands, format).copy({ interpretation });
}

function joinFrames(
  vips: Vips,
  { frames, delays, loops }: Extract<VipsOutput["picture"], { frames: unknown }>,
): VipsImage {
  const images = frames.map((file) => {
    return vips.Image.newFromBuffer(file, "", { access: "sequential" });
  });
  const joined = vips.Image.arrayjoin(images, { across: 1 }).copy({});
  joined.setInt("page-height", images[0].height);
  joined.setArrayInt("delay", delays);
  joined.setInt("loop", loops);
  return joined;
}

function transferOf(answer: VipsAnswer): Transferable[] {
  const array = "samples" in answer ? answer.samples : "bytes" in answer ? answer.bytes : undefined;
  return array === undefined ? [] : [array.buffer as ArrayBuffer];
}

/** What libvips throws is no `Error`, and its message a pair of a class and some lines. */
function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | undefined)?.message ?? error;
  return String(Array.isArray(message) ? message[1] : message).trim();
}
