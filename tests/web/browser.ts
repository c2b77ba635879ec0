/// <reference lib="dom" />
/**
 * The page in a real Chromium: it is built, served as `tessera web` serves it, and driven from outside.
 * All of it stays on 127.0.0.1.
 */

import { fileURLToPath, pathToFileURL } from "node:url";
import fs from "node:fs";
import type { Browser, BrowserContext, Page } from "npm:playwright-core@1.65.0";
import { type GivenFile, servePage } from "../../src/cli/web/serve.ts";
import { findChromium } from "../kernels/tint.ts";

/**
 * Loads Playwright, which looks at a file of `/proc` that Deno shows to nobody without all permissions:
 * for as long as it loads, such files are not there.
 */
async function loadChromium() {
  const { existsSync } = fs;
  fs.existsSync = (path) => {
    try {
      return existsSync(path);
    } catch {
      return false;
    }
  };
  try {
    return (await import("npm:playwright-core@1.65.0")).chromium;
  } finally {
    fs.existsSync = existsSync;
  }
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** WebGPU on a software adapter, and nothing that looks beyond this machine. */
const FLAGS = [
  "--no-sandbox",
  "--no-first-run",
  "--disable-quic",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
];
const WEBGPU = "--enable-unsafe-webgpu";

/** Milliseconds for whatever a software adapter does on a busy machine. */
export const PATIENCE = 600_000;

/** Where Chromium is; undefined where there is none, and tests that need it are skipped by name. */
export const CHROMIUM: string | undefined = pathOf(findChromium());

function pathOf(name: string | undefined): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const paths = name === undefined ? [] : folders.map((folder) => `${folder}/${name}`);
  return paths.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** How the page is opened. */
export interface VisitOptions {
  /** What is remembered from a visit before. */
  settings?: Record<string, unknown>;
  given?: GivenFile[];
  /** Whether the browser has WebGPU. Default: true. */
  webgpu?: boolean;
  width?: number;
  height?: number;
  scheme?: "light" | "dark";
  /** Whether the browser asks where files are saved, of which tests see nothing. Default: false. */
  picker?: boolean;
}

/** A page that is open, and what it asked for. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  browser: Browser;
  origin: string;
  /** Every address that was asked for. */
  requests: string[];
  /** What went wrong in the page, in its own words. */
  errors: string[];
  /** Ends the server: the machine has no network any more. */
  stopServer(): Promise<void>;
}

let built: Promise<URL> | undefined;

/** Builds the page, once for all tests of a file, in a folder of its own: files of tests run side by side. */
export function buildPage(): Promise<URL> {
  return built ??= (async () => {
    const folder = await Deno.makeTempDir({ prefix: "tessera-page-" });
    globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
    const args = ["run", "--quiet", "--allow-read", "--allow-write", "--allow-run", "--allow-ffi"];
    const command = [...args, "scripts/build_web.ts", folder];
    const { success } = await new Deno.Command(Deno.execPath(), { args: command, cwd: ROOT })
      .output();
    if (!success) throw new Error("The page cannot be built: deno task web");
    return pathToFileURL(`${folder}/`);
  })();
}

/** Starts the Chromium that was found. */
export async function launchChromium(webgpu: boolean): Promise<Browser> {
  return await (await loadChromium()).launch({
    executablePath: CHROMIUM!,
    headless: true,
    args: webgpu ? [...FLAGS, WEBGPU] : FLAGS,
  });
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  wasm: "application/wasm",
};

/** Serves the files of a folder to this machine, `index.html` for its root. */
export function serveFolder(folder: string): Deno.HttpServer<Deno.NetAddr> {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  return Deno.serve(options, async (request) => {
    const name = new URL(request.url).pathname.slice(1) || "index.html";
    const bytes = await Deno.readFile(`${folder}/${name}`).catch(() => undefined);
    if (bytes === undefined) return new Response("not found", { status: 404 });
    const type = TYPES[name.split(".").at(-1)!] ?? "application/octet-stream";
    return new Response(bytes, { headers: { "content-type": type } });
  });
}

/** Opens the page, and closes everything afterwards. */
export async function visit(
  work: (visit: Visit) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  const folder = await buildPage();
  const { settings, given = [], webgpu = true, width = 1280, height = 800, scheme = "light" } =
    options;
  const { picker = false } = options;
  const server = servePage(folder, 0, given);
  const browser = await launchChromium(webgpu);
  let isServed = true;
  const stopServer = async () => {
    if (isServed) await server[Symbol.asyncDispose]();
    isServed = false;
  };
  try {
    const size = { width, height };
    const context = await browser.newContext({ viewport: size, screen: size, colorScheme: scheme });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const requests: string[] = [];
    const errors: string[] = [];
    context.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    await page.addInitScript((kept) => {
      if (kept !== null) localStorage.setItem("tessera", kept);
    }, settings === undefined ? null : JSON.stringify(settings));
    if (!picker) {
      await page.addInitScript(() => Reflect.deleteProperty(globalThis, "showSaveFilePicker"));
    }
    await page.goto(server.url);
    const { origin } = new URL(server.url);
    await work({ page, context, browser, origin, requests, errors, stopServer });
  } finally {
    await browser.close();
    await stopServer();
  }
}

/** Drops files onto the page, as a person does. */
export async function drop(page: Page, files: Record<string, Uint8Array>): Promise<void> {
  const named = Object.entries(files).map(([name, bytes]) => ({ name, bytes: bytes.toBase64() }));
  await page.evaluate((named) => {
    const transfer = new DataTransfer();
    for (const { name, bytes } of named) {
      const data = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([data], name));
    }
    document.body.dispatchEvent(
      new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }),
    );
  }, named);
}

/** Waits until a state of the page is shown. */
export async function waitFor(page: Page, view: string): Promise<void> {
  await page.waitForSelector(`[data-view=${view}]:not([hidden])`, { timeout: PATIENCE });
}

/** Clicks a button that downloads, and returns what came. */
export async function download(
  page: Page,
  button: string,
): Promise<{ name: string; bytes: Uint8Array }> {
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  return { name: file.suggestedFilename(), bytes: await Deno.readFile(await file.path()) };
}
