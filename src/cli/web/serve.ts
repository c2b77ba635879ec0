/**
 * Serves the page to this machine only, and pictures that were given on the command line with it. What
 * is sent forbids every other origin.
 */

import { extname } from "node:path";

/** What may be done by what is sent: nothing is fetched from, or sent to, any other origin. */
const POLICY: Readonly<Record<string, string>> = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "connect-src": "'self'",
  "img-src": "'self' blob: data:",
  "style-src": "'self'",
  "manifest-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

/** libvips makes functions of texts, in threads of its own, for which a policy of their own holds. */
const POLICY_OF_VIPS = { ...POLICY, "script-src": "'self' 'unsafe-eval' 'wasm-unsafe-eval'" };
const FILES_OF_VIPS = /^vips(_thread\.js$|\/)/;

/** What every answer says. The page is isolated, as libvips' threads share memory. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": policyText(POLICY),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

function policyText(policy: Readonly<Record<string, string>>): string {
  return Object.entries(policy).map(([name, sources]) => `${name} ${sources}`).join("; ");
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".jpg": "image/jpeg",
};

/** A picture of the command line. */
export interface GivenFile {
  name: string;
  path: string;
}

/** The server, and where it is. */
export interface PageServer extends AsyncDisposable {
  /** The page's address, with what was given. */
  url: string;
  /** Resolves when the server has ended. */
  finished: Promise<void>;
}

/**
 * Serves the page on 127.0.0.1.
 *
 * @param folder The page as it was built.
 * @param port 0: any that is free.
 * @param given Pictures that the page opens at once. Only who knows the address of this run gets them.
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 */
export function servePage(folder: URL, port: number, given: readonly GivenFile[]): PageServer {
  const secret = `given/${crypto.randomUUID()}`;
  let hosts: string[] = [];
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port,
      onListen: (address) =>
        hosts = ["127.0.0.1", "localhost"].map((host) => `${host}:${address.port}`),
    },
    async (request) => {
      // A name of somebody else's that leads here would make this origin theirs.
      if (!hosts.includes(request.headers.get("host") ?? "")) return refuse(403);
      if (request.method !== "GET" && request.method !== "HEAD") return refuse(405);
      const path = decodeURIComponent(new URL(request.url).pathname).slice(1);
      if (path.startsWith(`${secret}/`)) {
        return await answerGiven(path.slice(secret.length + 1), given);
      }
      return await answerFile(new URL(path === "" ? "index.html" : path, folder), folder);
    },
  );
  const fragment = given.length === 0 ? "" : `#given=${secret}`;
  return {
    url: `http://127.0.0.1:${server.addr.port}/${fragment}`,
    finished: server.finished,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function answerGiven(rest: string, given: readonly GivenFile[]): Promise<Response> {
  if (rest === "list.json") {
    return Response.json(given.map(({ name }) => name), { headers: HEADERS });
  }
  const file = given[Number(rest)];
  if (file === undefined) return refuse(404);
  return await send(file.path, "application/octet-stream");
}

async function answerFile(url: URL, folder: URL): Promise<Response> {
  // Parts such as `..` are resolved by then.
  if (!url.href.startsWith(folder.href)) return refuse(404);
  const type = TYPES[extname(url.pathname)] ?? "application/octet-stream";
  const isVips = FILES_OF_VIPS.test(url.href.slice(folder.href.length));
  return await send(url, type, isVips ? policyText(POLICY_OF_VIPS) : undefined);
}

/** @param policy Another one than that of the page. */
async function send(path: string | URL, type: string, policy?: string): Promise<Response> {
  const own = policy === undefined ? {} : { "content-security-policy": policy };
  try {
    const file = await Deno.open(path);
    const headers = { ...HEADERS, "content-type": type, ...own };
    return new Response(file.readable, { headers });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory) {
      return refuse(404);
    }
    throw error;
  }
}

function refuse(status: number): Response {
  return new Response(null, { status, headers: HEADERS });
}
