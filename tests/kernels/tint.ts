/**
 * Tint's word on shader texts: a headless Chromium opens a page that compiles them to modules and posts
 * what it was told. All of it stays on 127.0.0.1.
 */

import type { Shader } from "../../src/kernels/dispatch.ts";

/** Chromium by the names it has on Debian, Fedora, Arch and in Google's own packages. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** WebGPU on a software adapter, and nothing that looks beyond this machine. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--no-first-run",
  "--disable-quic",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
  "--enable-unsafe-webgpu",
];

/** Milliseconds until a browser that does not answer is given up. */
const PATIENCE = 120_000;

/** Runs in the page. */
const PAGE = `<!doctype html><script type="module">
async function answer() {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("Chromium has no adapter");
  const half = adapter.features.has("shader-f16");
  const requiredFeatures = half ? ["subgroups", "shader-f16"] : ["subgroups"];
  const device = await adapter.requestDevice({ requiredFeatures });
  const refused = [];
  for (const { label, code } of await (await fetch("shaders")).json()) {
    // Tint asks a device for f16 before it reads on; SwiftShader has none.
    if (code.includes("enable f16;") && !half) continue;
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    const error = messages.find(({ type }) => type === "error");
    if (error) refused.push({ label, reason: error.lineNum + ": " + error.message });
  }
  return { refused };
}
const word = await answer().catch((error) => ({ failure: String(error) }));
await fetch("word", { method: "POST", body: JSON.stringify(word) });
</script>`;

/** A text that Tint does not take, and its line and words. */
export interface Refused {
  label: string;
  reason: string;
}

/** Returns the name of the Chromium that is installed, or undefined. */
export function findChromium(): string | undefined {
  return NAMES.find((name) => {
    try {
      return new Deno.Command(name, { args: ["--version"] }).outputSync().success;
    } catch {
      return false;
    }
  });
}

/**
 * Returns the shaders that Tint refuses.
 *
 * @throws {Error} If Chromium opens no device or does not answer.
 */
export async function refusedByTint(chromium: string, shaders: Shader[]): Promise<Refused[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Refused[]>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    if (request.method === "POST") {
      const { refused, failure } = await request.json();
      if (failure === undefined) resolve(refused);
      else reject(new Error(failure));
      return new Response();
    }
    if (request.url.endsWith("/shaders")) return Response.json(shaders);
    return new Response(PAGE, { headers: { "content-type": "text/html" } });
  });
  const profile = await Deno.makeTempDir();
  const browser = new Deno.Command(chromium, {
    args: [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${server.addr.port}/`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  browser.status.then(({ code }) => reject(new Error(`Chromium ended with exit code ${code}`)));
  const giveUp = setTimeout(() => reject(new Error("Chromium does not answer")), PATIENCE);
  try {
    return await promise;
  } finally {
    clearTimeout(giveUp);
    browser.kill();
    await browser.status;
    await server.shutdown();
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}
