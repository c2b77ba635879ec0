/**
 * Tessera by URL: the repository is served over HTTP, and a stranger's program imports `mod.ts` from
 * there; `cli.ts` is run from there, and installed from there as a command.
 *
 * Deno keeps what it fetched in a cache; a new one is used here, into which only the npm packages of
 * the usual one are linked, so that nothing is downloaded twice and nothing is left behind.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { PERMISSIONS } from "../../src/cli/terminal/permissions.ts";
import { filesIn, inFolder, type Outcome, ROOT, toOutcome, writePicture } from "./program.ts";

const FLAGS = PERMISSIONS.map(({ flag }) => flag);

/** What a stranger would write: no path of this repository, no import map, no codec. */
const STRANGER = `
import { type Picture, Upscaler } from "http://HOST/mod.ts";

const data = Uint8Array.from({ length: 8 * 6 * 3 }, (_, i) => i);
const picture: Picture = { width: 8, height: 6, channels: 3, depth: 8, data, metadata: {} };
const upscaler = await Upscaler.create();
const { width, height } = await upscaler.upscale(picture);
upscaler.destroy();
console.log(upscaler.label, width, height);
`;

Deno.test("mod.ts imported by URL upscales with the embedded model", async () => {
  await withServedRepository(async ({ host, folder, deno }) => {
    const path = join(folder, "stranger.ts");
    await Deno.writeTextFile(path, STRANGER.replace("HOST", host));
    const checked = await deno(["check", `--allow-import=${host}`, path]);
    assert.equal(checked.code, 0, checked.stderr);
    const net = [`--allow-import=${host}`, `--allow-net=${host}`];
    const first = await deno(["run", "--quiet", ...net, path]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^photo-x4 32 24\n$/);
    const cached = await deno(["run", "--quiet", `--allow-import=${host}`, "--cached-only", path]);
    assert.deepEqual(cached, first);
  });
});

Deno.test("cli.ts runs from a URL", async () => {
  await withServedRepository(async ({ host, folder, deno }) => {
    await writePicture(join(folder, "a.jpg"));
    const url = `http://${host}/cli.ts`;
    const refused = await deno(["run", "--quiet", url, "a.jpg"]);
    assert.equal(refused.code, 2, refused.stderr);
    assert.ok(refused.stderr.includes(`${url} ...`), refused.stderr);
    const flags = [...FLAGS, `--allow-net=${host}`];
    const { code, stderr } = await deno(["run", "--quiet", ...flags, url, "a.jpg"]);
    assert.equal(code, 0, stderr);
    assert.ok(filesIn(folder).includes("a-x4.jpg"));
    const compare = ["compare", "a.jpg", "a-x4.jpg"];
    const compared = await deno(["run", "--quiet", ...flags, url, ...compare]);
    assert.equal(compared.code, 0, compared.stderr);
    assert.ok(filesIn(folder).includes("a-x4-compare.html"));
  });
});

Deno.test({
  name: "cli.ts is installed from a URL",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withServedRepository(async ({ host, folder, deno, run }) => {
      await writePicture(join(folder, "a.png"));
      const options = ["--global", "--quiet", "--root", folder, "--name", "tessera"];
      const flags = [...FLAGS, `--allow-net=${host}`];
      const installed = await deno(["install", ...options, ...flags, `http://${host}/cli.ts`]);
      assert.equal(installed.code, 0, installed.stderr);
      const { code, stderr } = await run(join(folder, "bin", "tessera"), ["a.png"]);
      assert.equal(code, 0, stderr);
      assert.ok(filesIn(folder).includes("a-x4.png"));
    });
  },
});

interface Stranger {
  /** Name and port of the server. */
  host: string;
  /** Where the commands run. */
  folder: string;
  run(command: string, args: string[]): Promise<Outcome>;
  deno(args: string[]): Promise<Outcome>;
}

async function withServedRepository(work: (stranger: Stranger) => Promise<void>): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, serve);
  try {
    await inFolder(async (folder) => {
      const env = await strangerEnv(folder);
      const run = async (command: string, args: string[]) => {
        const options = { args, env, cwd: folder, stdin: "null" } as const;
        return toOutcome(await new Deno.Command(command, options).output());
      };
      const deno = (args: string[]) => run(Deno.execPath(), args);
      await work({ host: `127.0.0.1:${server.addr.port}`, folder, run, deno });
    });
  } finally {
    await server.shutdown();
  }
}

/** Serves the repository's files; a module must say that it is one. */
async function serve(request: Request): Promise<Response> {
  const path = decodeURIComponent(new URL(request.url).pathname);
  const type = path.endsWith(".ts") ? "application/typescript" : "application/octet-stream";
  try {
    const body = await Deno.readFile(join(ROOT, path));
    return new Response(body, { headers: { "content-type": type } });
  } catch {
    return new Response("Not found", { status: 404 });
  }
}

async function strangerEnv(folder: string): Promise<Record<string, string>> {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] });
  const { denoDir } = JSON.parse(toOutcome(await info.output()).stdout);
  const cache = join(folder, "cache");
  await Deno.mkdir(cache);
  await Deno.symlink(join(denoDir, "npm"), join(cache, "npm"));
  const path = `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`;
  return { DENO_DIR: cache, NO_COLOR: "1", PATH: path };
}
