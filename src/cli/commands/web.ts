/** `tessera web`: the same engine in a page, served to this machine only. */

import { basename } from "node:path";
import { InputError, UsageError } from "../../errors.ts";
import { describeOptions, numberOption, parseOptions, switchOption } from "../options/arguments.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { InterruptListener } from "../terminal/interrupt.ts";
import { printNote, printResult } from "../terminal/print.ts";
import { openBrowser } from "../web/open_browser.ts";
import { type GivenFile, type PageServer, servePage } from "../web/serve.ts";

/** The port unless another is asked for: the same each time, so that the browser keeps its settings. */
const PORT = 8414;

const OPTIONS = {
  port: numberOption({
    value: "N",
    min: 1,
    max: 65535,
    whole: true,
    help: `port on 127.0.0.1 (default: ${PORT}, or any that is free)`,
  }),
  "no-open": switchOption("only say where the page is"),
  help: switchOption("this text", "h"),
};

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  const given = await Promise.all(inputs.map(givenFile));
  using interrupt = new InterruptListener("The page is not served any more", "the page was served");
  await using server = await serve(values.port, given);
  printResult(server.url);
  if (values["no-open"] || !openBrowser(server.url)) printNote("Open this address in a browser.");
  printNote("Ctrl-C ends it.");
  await aborted(interrupt.signal);
  return EXIT.done;
}

/** @throws {UsageError} If the page is not built, or the port that was asked for is taken. */
async function serve(port: number | undefined, given: GivenFile[]): Promise<PageServer> {
  const folder = new URL("../../../web/dist/", import.meta.url);
  const isBuilt = folder.protocol === "file:" &&
    await Deno.stat(new URL("index.html", folder)).then(() => true, () => false);
  if (!isBuilt) {
    throw new UsageError("The page is not built: run `deno task web` in Tessera's folder");
  }
  try {
    return servePage(folder, port ?? PORT, given);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    if (port === undefined) return servePage(folder, 0, given);
    throw new UsageError(`Port ${port} is taken: choose another --port`, { cause: error });
  }
}

/** @throws {InputError} If there is no such file. */
async function givenFile(path: string): Promise<GivenFile> {
  const isFile = await Deno.stat(path).then((info) => info.isFile, () => false);
  if (!isFile) throw new InputError(`${path}: There is no such file`);
  return { name: basename(path), path };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function help(): string {
  return `Opens Tessera as a page in the browser: drop pictures in, choose by eye, compare
before and after, download. All the work is done by the browser on this machine;
the page is served to 127.0.0.1 only, and asks no other place for anything.

Usage: tessera web [PICTURE ...] [options]

  tessera web
  tessera web photo.jpg

${describeOptions(OPTIONS)}`;
}
