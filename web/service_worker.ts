/// <reference lib="webworker" />
/**
 * Makes the page work without a network: the page itself is kept when this is installed, networks and
 * codecs when they were used once, or when the page asks for all of them. It also isolates the page, which
 * libvips' threads need, where the server does not.
 */

/** Written in front of this file by the build: what there is, and a name for this state of it. */
declare const TESSERA_FILES: { version: string; shell: string[]; rest: string[] };

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `tessera-page-${TESSERA_FILES.version}`;
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};
const SHARED = "tessera-shared";

worker.addEventListener("install", (event) => {
  event.waitUntil(keep(TESSERA_FILES.shell).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(removeOld().then(() => worker.clients.claim()));
});

worker.addEventListener("message", (event) => {
  if (event.data !== "keep") return;
  event.waitUntil(keep(TESSERA_FILES.rest).then(() => event.ports[0]?.postMessage("kept")));
});

worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin) return;
  const path = url.pathname.slice(new URL("./", location.href).pathname.length);
  if (event.request.method === "POST" && path === "share") {
    event.respondWith(takeShared(event.request));
  } else if (event.request.method === "GET") {
    event.respondWith(answer(event.request, path));
  }
});

async function answer(request: Request, path: string): Promise<Response> {
  if (path.startsWith("shared/")) {
    return await (await caches.open(SHARED)).match(request) ?? Response.error();
  }
  const cache = await caches.open(CACHE);
  const name = path === "" ? "index.html" : path;
  const kept = await cache.match(name);
  if (kept !== undefined) return isolated(kept);
  const response = await fetch(request);
  const isOurs = [...TESSERA_FILES.shell, ...TESSERA_FILES.rest].includes(name);
  if (response.ok && isOurs) await cache.put(name, response.clone()).catch(() => {});
  return isolated(response);
}

function isolated({ body, status, statusText, headers }: Response): Response {
  const all = { ...Object.fromEntries(headers), ...ISOLATION };
  return new Response(status === 204 || status === 304 ? null : body, {
    status,
    statusText,
    headers: all,
  });
}

async function keep(names: readonly string[]): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const name of names) {
    // The front page has headers of its own under the name by which it is asked for.
    if (await cache.match(name) !== undefined) continue;
    const response = await fetch(name === "index.html" ? "./" : name, { cache: "no-cache" });
    if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
    await cache.put(name, response);
  }
}

async function removeOld(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith("tessera-page-") && name !== CACHE) await caches.delete(name);
  }
}

/** Keeps what the system's share menu sends, for the page to fetch. */
async function takeShared(request: Request): Promise<Response> {
  const files = (await request.formData()).getAll("pictures").filter((value) =>
    value instanceof File
  );
  await caches.delete(SHARED);
  const cache = await caches.open(SHARED);
  const folder = `shared/${crypto.randomUUID()}`;
  await cache.put(`${folder}/list.json`, Response.json(files.map(({ name }) => name)));
  for (const [i, file] of files.entries()) await cache.put(`${folder}/${i}`, new Response(file));
  return Response.redirect(`./#given=${folder}`, 303);
}
