/** `tessera compare before.jpg after.png`: a page on which two pictures are compared. */

import { basename } from "node:path";
import { UsageError } from "../../errors.ts";
import { encodePicture, type Picture, type PictureRows } from "../../pictures/mod.ts";
import type { Size } from "../../raster/size.ts";
import { describeOptions, parseOptions, switchOption, textOption } from "../options/arguments.ts";
import element from "../../../web/tessera_compare.js" with { type: "text" };
import tokens from "../../../web/tokens.css" with { type: "text" };
import template from "../pages/compare_page.html" with { type: "text" };
import { EXIT } from "../terminal/exit_codes.ts";
import { naming, type OpenOptions, openPicture } from "../files/input_file.ts";
import { OutputFile } from "../files/output_file.ts";
import { embeddable, type EmbeddedFile, fillPage, inlined, pagePath } from "../pages/page.ts";
import { INPUT_OPTIONS, readingOf } from "../options/picture_options.ts";
import { printNote, printResult } from "../terminal/print.ts";

const OPTIONS = {
  output: textOption({
    short: "o",
    value: "FILE",
    help: "where the page goes (default: after-compare.html beside after.png)",
  }),
  ...INPUT_OPTIONS,
  overwrite: switchOption("replace a page that exists"),
  quiet: switchOption("only errors", "q"),
  json: switchOption("one JSON line on stdout"),
  help: switchOption("this text", "h"),
};

/** One of the two pictures. */
interface Side extends Size {
  /** The file's name without its folder: a page is passed on. */
  name: string;
  file: EmbeddedFile;
  /** Bytes of the picture's own file. */
  bytes: number;
}

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (inputs.length !== 2) {
    throw new UsageError(
      `Expected two pictures but received ${inputs.length}: tessera compare before.jpg after.png`,
    );
  }
  const [before, after] = inputs;
  const path = pagePath(values.output, after, "compare");
  using page = new OutputFile(path, values);
  const sides: [Side, Side] = [
    await readSide(before, readingOf(values)),
    await readSide(after, readingOf(values)),
  ];
  for (const bytes of comparePage(...sides)) await page.write(bytes);
  await page.commit();
  const remark = remarkOn(...sides);
  if (!values.quiet) {
    if (remark !== "") printNote(remark);
    printNote(`Wrote ${path}`);
  }
  if (values.json) printResult(JSON.stringify({ before, after, output: path, remark }));
  return EXIT.done;
}

async function readSide(path: string, reading: OpenOptions): Promise<Side> {
  return await naming(path, async () => {
    using opened = await openPicture(path, reading);
    const { width, height } = opened.picture;
    const bytes = opened.bytes ?? await Deno.readFile(path);
    const file = embeddable(bytes) ?? await asPng(opened.picture);
    return { name: basename(path), width, height, file, bytes: bytes.length };
  });
}

/** What browsers do not show is embedded as a PNG, with the same pixels and profile. */
async function asPng(picture: Picture | PictureRows): Promise<EmbeddedFile> {
  if ("rows" in picture) throw new Error("Only PNG files come in rows, and browsers show those");
  return { type: "image/png", bytes: await encodePicture(picture, { format: "png" }) };
}

/** Returns the page, in parts. */
function comparePage(before: Side, after: Side): Iterable<Uint8Array> {
  return fillPage(template, {
    tokens: inlined("style", tokens),
    element: inlined("script", element),
    before: before.file,
    beforeName: before.name,
    beforeFacts: describe(before),
    after: after.file,
    afterName: after.name,
    afterFacts: describe(after),
    remark: remarkOn(before, after),
  });
}

function largerOf(before: Side, after: Side): Side {
  return before.width * before.height > after.width * after.height ? before : after;
}

function describe({ width, height, bytes }: Side): string {
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return `${width} x ${height} pixels, ${size}`;
}

/** Says how pictures of different proportions are shown; nothing if they differ by rounding only. */
function remarkOn(before: Side, after: Side): string {
  const larger = largerOf(before, after);
  const smaller = larger === after ? before : after;
  const factor = larger.width / smaller.width;
  if (Math.abs(smaller.height * factor - larger.height) <= Math.max(1, factor)) return "";
  return `The proportions differ: of ${smaller.name} only the middle is shown, in the proportions of ` +
    larger.name;
}

function help(): string {
  return `Makes a page on which two pictures are compared, with a slider and a lens. The
page is one file, with the pictures in it, and fetches nothing: it can be kept
and passed on.

Usage: tessera compare BEFORE AFTER [options]

  tessera compare photo.jpg photo-x4.jpg
  tessera compare photo.jpg photo-x4.jpg -o page.html

The smaller picture is shown at the size of the larger one. JPEG, PNG, WebP,
AVIF, GIF and BMP files are embedded as they are, JPEG XL and TIFF as PNG.

${describeOptions(OPTIONS)}`;
}
