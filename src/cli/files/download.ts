/**
 * Downloads of files whose size and hash are known. What was fetched before a connection broke, or
 * before the program was stopped, is kept and gone on from; nothing counts before its hash is right.
 */

import { dirname } from "node:path";
import { ModelError, UsageError } from "../../errors.ts";
import { freeBytes, megabytes } from "./disk_space.ts";
import { isRefusal } from "../terminal/permissions.ts";
import { hashOfFile } from "../batch/settings.ts";

/** A file on the net. */
export interface RemoteFile {
  url: string;
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
}

/** How a download goes. */
export interface DownloadOptions {
  signal?: AbortSignal;
  /** Told how many bytes are here. */
  onProgress?: (bytes: number) => void;
  /** Milliseconds before the first new try; each further one waits twice as long. Default: 1000. */
  pause?: number;
  /** Milliseconds without a byte after which a connection counts as broken. Default: 60,000. */
  patience?: number;
}

/** Tries without a single new byte before a download is given up. */
const MAX_TRIES = 5;

/** The connection broke, or the server has a bad moment: worth another try. */
class Broken extends Error {}

/**
 * Fetches a file, or the rest of it.
 *
 * @param path Where it goes. What is there already is taken for its beginning.
 * @throws {ModelError} If the server does not have it, or has another file under its address; nothing
 * is kept then. If the connection breaks again and again, what is here is kept.
 * @throws {UsageError} If the disk is full, or another run is fetching it.
 */
export async function download(
  remote: RemoteFile,
  path: string,
  options: DownloadOptions = {},
): Promise<void> {
  using part = openPart(path);
  checkRoom(path, remote.bytes - part.length);
  let tries = 0;
  for (let before = part.length; part.length < remote.bytes; before = part.length) {
    try {
      await fetchRest(remote, part, options);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      tries = part.length > before ? 1 : tries + 1;
      if (tries >= MAX_TRIES) throw givenUp(remote, part.length, error.message);
      await pauseFor((options.pause ?? 1000) * 2 ** (tries - 1), options.signal);
    }
  }
  const found = await hashOfFile(path);
  if (part.length === remote.bytes && found === remote.sha256) return;
  part.remove();
  throw new ModelError(
    `${remote.url} is another file than expected: its SHA-256 is ${found}, expected ` +
      `${remote.sha256}; nothing was kept of it`,
  );
}

/** A file that is not complete, open for more. */
class Part implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  length: number;

  constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
    this.length = file.statSync().size;
  }

  /** Adds bytes at the end. */
  append(bytes: Uint8Array): void {
    try {
      this.#file.seekSync(this.length, Deno.SeekMode.Start);
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(this.#file.writeSync(rest));
      this.length += bytes.length;
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      const isFull = code === "ENOSPC" || code === "EDQUOT";
      if (isFull) this.remove();
      throw new UsageError(
        isFull
          ? `The disk of "${dirname(this.#path)}" is full: nothing was kept of the download`
          : `Cannot write "${this.#path}": ${message}`,
      );
    }
  }

  /** Begins anew. */
  clear(): void {
    this.#file.truncateSync();
    this.length = 0;
  }

  remove(): void {
    Deno.removeSync(this.#path);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function openPart(path: string): Part {
  const file = Deno.openSync(path, { read: true, write: true, create: true });
  let isMine = true;
  try {
    isMine = file.tryLockSync(true);
  } catch {
    // A file system without locks is no reason not to write.
  }
  if (isMine) return new Part(path, file);
  file.close();
  throw new UsageError(`Another run is fetching "${path}": wait for it`);
}

function checkRoom(path: string, bytes: number): void {
  const free = freeBytes(dirname(path));
  // The download itself, and what it is converted to.
  if (free === undefined || free >= 2 * bytes) return;
  throw new UsageError(
    `The network needs ${megabytes(2 * bytes)} MB but the disk of "${dirname(path)}" has only ` +
      `${megabytes(free)} MB left: make room`,
  );
}

/** Asks for what is missing and adds it, until the connection ends. */
async function fetchRest(
  { url, bytes }: RemoteFile,
  part: Part,
  { signal, onProgress, patience = 60_000 }: DownloadOptions,
): Promise<void> {
  const silence = new AbortController();
  const startTimer = () => setTimeout(() => silence.abort(), patience);
  let timer = startTimer();
  try {
    const response = await ask(
      url,
      part.length,
      AbortSignal.any([silence.signal, signal ?? []].flat()),
    );
    checkStatus(response, url, part);
    for await (const piece of response.body ?? []) {
      if (part.length + piece.length > bytes) {
        part.remove();
        throw new ModelError(
          `${url} has more than the ${bytes} bytes expected; nothing was kept of it`,
        );
      }
      part.append(piece);
      onProgress?.(part.length);
      clearTimeout(timer);
      timer = startTimer();
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ModelError || error instanceof UsageError || isRefusal(error)) throw error;
    throw new Broken(
      silence.signal.aborted ? `no byte came for ${patience / 1000} s` : (error as Error).message,
    );
  } finally {
    clearTimeout(timer);
  }
  if (part.length < bytes) throw new Broken("the connection ended early");
}

/** Asks for the bytes from `start` on, as they are on the server: a packed answer has other ranges. */
async function ask(url: string, start: number, signal: AbortSignal): Promise<Response> {
  const headers = new Headers({ "accept-encoding": "identity" });
  if (start > 0) headers.set("range", `bytes=${start}-`);
  return await fetch(url, { headers, signal });
}

/** Makes sure that what follows in an answer belongs where the part ends. */
function checkStatus(response: Response, url: string, part: Part): void {
  const { status, statusText } = response;
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  if (status === 206 && Number(start) === part.length) return;
  if (status === 200) return part.clear();
  if (status === 206 || status === 416) {
    part.clear();
    throw new Broken(`the server has no bytes from there on`);
  }
  const reason = `HTTP ${status} ${statusText}`.trim();
  if (status >= 500 || status === 429) throw new Broken(reason);
  throw new ModelError(`Cannot fetch ${url}: ${reason}`);
}

function givenUp({ url, bytes }: RemoteFile, here: number, reason: string): ModelError {
  return new ModelError(
    `Cannot fetch ${url}: ${reason}. ${here} of ${bytes} bytes are here: run the same command again ` +
      "to go on from there",
  );
}

function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
