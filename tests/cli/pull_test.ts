/**
 * Networks fetched by name, from a server on this machine that behaves as badly as servers do. The file
 * is the published realesr-animevideov3 of ../shared where that is there, and a made one elsewhere.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { download, type DownloadOptions, type RemoteFile } from "../../src/cli/files/download.ts";
import { PERMISSIONS } from "../../src/cli/terminal/permissions.ts";
import { pullModel } from "../../src/cli/commands/pull.ts";
import {
  type CatalogueEntry,
  checkLicence,
  knownModels,
  parseCatalogue,
} from "../../src/weights/catalogue.ts";
import { embeddedModels } from "../../src/weights/library.ts";
import { readWeights } from "../../src/weights/read_weights.ts";
import { toFloat32 } from "../../src/weights/tensor.ts";
import { filesIn, inFolder, runProgram, writePicture } from "./program.ts";
import { hasShared, shared } from "../reference/shared.ts";
import {
  op,
  pickledDict,
  pickledTensor,
  pickleOf,
  storage,
  torchZip,
} from "../weights/torch_files.ts";

const REAL = "models/realesr-animevideov3.pth";

/** A file that can be fetched. */
function servedFile(): Uint8Array<ArrayBuffer> {
  if (hasShared(REAL)) return Deno.readFileSync(shared(REAL));
  const values = storage("0", "F32", Float32Array.from({ length: 500_000 }, (_, i) => i));
  return torchZip(pickledDict({ x: pickledTensor({ storage: values, shape: [500_000] }) }), [
    values,
  ]);
}

const FILE = servedFile();

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What a server does with one request; `undefined` means that it answers as it should. */
type Behaviour = (request: Request, count: number) => Response | undefined;

/** Serves the file, with ranges, and notes what was asked for. */
function serve(behave: Behaviour = () => undefined, file = FILE) {
  const ranges: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    ranges.push(request.headers.get("range"));
    return behave(request, ranges.length) ?? answer(request, file);
  });
  const host = `127.0.0.1:${server.addr.port}`;
  const remote: RemoteFile = {
    url: `http://${host}/network.pth`,
    bytes: file.length,
    sha256: sha256Of(file),
  };
  return { host, remote, ranges, [Symbol.asyncDispose]: () => server.shutdown() };
}

function answer(request: Request, file: Uint8Array<ArrayBuffer>): Response {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
  if (start === 0) return new Response(file);
  if (start >= file.length) return new Response(null, { status: 416 });
  const range = `bytes ${start}-${file.length - 1}/${file.length}`;
  return new Response(file.subarray(start), { status: 206, headers: { "content-range": range } });
}

/** An answer that breaks off after so many bytes of what it should send. */
function breakingOff(request: Request, after: number): Response {
  const whole = answer(request, FILE);
  const start = Number(/(\d+)-/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(FILE.slice(start, start + after));
      await new Promise((resolve) => setTimeout(resolve, 20));
      controller.error(new Error("pulled out"));
    },
  });
  return new Response(body, { status: whole.status, headers: whole.headers });
}

const QUICK: DownloadOptions = { pause: 1 };

/** Downloads into a folder and compares. */
async function downloadAll(remote: RemoteFile, folder: string, options = QUICK): Promise<void> {
  const path = join(folder, "part");
  await download(remote, path, options);
  assert.deepEqual(await Deno.readFile(path), FILE);
}

Deno.test("download() fetches a file, and tells how far it is", async () => {
  await inFolder(async (folder) => {
    await using server = serve();
    const told: number[] = [];
    await downloadAll(server.remote, folder, { onProgress: (bytes) => told.push(bytes) });
    assert.equal(told.at(-1), FILE.length);
    assert.deepEqual(told, told.toSorted((a, b) => a - b));
    assert.deepEqual(server.ranges, [null]);
  });
});

Deno.test("download() goes on where a broken connection ended", async () => {
  await inFolder(async (folder) => {
    await using server = serve((request, count) =>
      count < 4 ? breakingOff(request, 100_000) : undefined
    );
    await downloadAll(server.remote, folder);
    assert.equal(server.ranges.length, 4);
    assert.deepEqual(server.ranges.slice(1), ["bytes=100000-", "bytes=200000-", "bytes=300000-"]);
  });
});

Deno.test("download() goes on with what an earlier run left, and fetches nothing twice", async () => {
  await inFolder(async (folder) => {
    await using server = serve();
    await Deno.writeFile(join(folder, "part"), FILE.subarray(0, 123_456));
    await downloadAll(server.remote, folder);
    assert.deepEqual(server.ranges, ["bytes=123456-"]);
    await downloadAll(server.remote, folder);
    assert.equal(server.ranges.length, 1);
  });
});

Deno.test("download() begins anew at a server that knows no ranges, or denies them", async () => {
  for (const status of [200, 416]) {
    await inFolder(async (folder) => {
      await using server = serve((request) => {
        if (status === 200) return new Response(FILE);
        return request.headers.has("range") ? new Response(null, { status }) : undefined;
      });
      await Deno.writeFile(join(folder, "part"), FILE.subarray(0, 1000));
      await downloadAll(server.remote, folder);
    });
  }
});

Deno.test("download() follows redirections, with the range", async () => {
  await inFolder(async (folder) => {
    await using server = serve((request) =>
      new URL(request.url).pathname === "/network.pth"
        ? Response.redirect(new URL("/elsewhere", request.url), 302)
        : undefined
    );
    await Deno.writeFile(join(folder, "part"), FILE.subarray(0, 1000));
    await downloadAll(server.remote, folder);
    assert.deepEqual(server.ranges, ["bytes=1000-", "bytes=1000-"]);
  });
});

Deno.test("download() tries again when the server has a bad moment", async () => {
  await inFolder(async (folder) => {
    await using server = serve((_, count) =>
      count < 4 ? new Response("later", { status: [503, 429, 500][count - 1] }) : undefined
    );
    await downloadAll(server.remote, folder);
    assert.equal(server.ranges.length, 4);
  });
});

Deno.test("download() gives up after five tries that bring nothing, and keeps what is here", async () => {
  await inFolder(async (folder) => {
    await using server = serve((request, count) =>
      count === 1 ? breakingOff(request, 5000) : new Response(null, { status: 502 })
    );
    await assert.rejects(download(server.remote, join(folder, "part"), QUICK), {
      name: "ModelError",
      message: new RegExp(`HTTP 502.* 5000 of ${FILE.length} bytes are here: run the same command`),
    });
    assert.equal(Deno.statSync(join(folder, "part")).size, 5000);
    assert.equal(server.ranges.length, 5);
  });
});

Deno.test("download() takes a connection without a byte for broken", async () => {
  await inFolder(async (folder) => {
    const silence = () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
    await using server = serve((_, count) => count < 3 ? silence() : undefined);
    await downloadAll(server.remote, folder, { pause: 1, patience: 100 });
    assert.equal(server.ranges.length, 3);
  });
});

Deno.test("download() keeps nothing of another file, a longer one, or a missing one", async () => {
  const other = FILE.slice();
  other[FILE.length >> 1] ^= 1;
  const cases: [Behaviour, RegExp][] = [
    [() => new Response(other), /is another file than expected: its SHA-256 is [0-9a-f]{64}, exp/],
    [() => new Response(new Blob([FILE, "more"])), /has more than the \d+ bytes expected/],
    [() => new Response("no", { status: 404 }), /^Cannot fetch http.*: HTTP 404 Not Found$/],
    [() => new Response("no", { status: 403 }), /HTTP 403/],
  ];
  for (const [behave, message] of cases) {
    await inFolder(async (folder) => {
      await using server = serve(behave);
      await assert.rejects(download(server.remote, join(folder, "part"), QUICK), {
        name: "ModelError",
        message,
      });
      const left = filesIn(folder).map((name) => Deno.statSync(join(folder, name)).size);
      assert.ok(left.every((size) => size === 0), `${left}`);
    });
  }
});

Deno.test("download() keeps what is here when it is stopped", async () => {
  await inFolder(async (folder) => {
    const stop = new AbortController();
    const reason = new Error("stopped");
    await using server = serve((request) => breakingOff(request, 100_000));
    const onProgress = (bytes: number) => bytes > 250_000 && stop.abort(reason);
    const options = { ...QUICK, signal: stop.signal, onProgress };
    await assert.rejects(download(server.remote, join(folder, "part"), options), reason);
    assert.ok(Deno.statSync(join(folder, "part")).size > 250_000);
  });
});

Deno.test("download() says that the disk is full, and gives the room back", async () => {
  await inFolder(async (folder) => {
    await using server = serve();
    const full = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
    const { writeSync } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.writeSync = () => {
      throw full;
    };
    try {
      await assert.rejects(download(server.remote, join(folder, "part"), QUICK), {
        name: "UsageError",
        message: /^The disk of ".*" is full: nothing was kept of the download$/,
      });
    } finally {
      Deno.FsFile.prototype.writeSync = writeSync;
    }
    assert.deepEqual(filesIn(folder), []);
  });
});

Deno.test("download() lets one run at a time fetch a file", async () => {
  await inFolder(async (folder) => {
    await using server = serve((_, count) =>
      count === 1
        ? new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))
        : undefined
    );
    const first = download(server.remote, join(folder, "part"), { pause: 1, patience: 300 });
    await assert.rejects(download(server.remote, join(folder, "part"), QUICK), /Another run is/);
    await first;
  });
});

function entryFor(remote: RemoteFile, more: Partial<CatalogueEntry> = {}): CatalogueEntry {
  const about = { family: "SRVGGNetCompact", scale: 4, purpose: "tests", author: "A. Person" };
  return {
    name: "test-x4",
    ...about,
    licence: "BSD-3-Clause",
    page: remote.url,
    ...remote,
    ...more,
  };
}

Deno.test("pullModel() keeps equal tensors as safetensors, with author, licence and origin", async () => {
  await inFolder(async (folder) => {
    await using server = serve();
    const entry = entryFor(server.remote);
    const { path, fetched } = await pullModel(entry, join(folder, "new", "models"), QUICK);
    assert.deepEqual([fetched, filesIn(join(folder, "new", "models"))], [true, [
      "test-x4.safetensors",
    ]]);
    const kept = await readWeights(await Deno.readFile(path));
    const { tensors } = await readWeights(FILE);
    assert.deepEqual([...kept.tensors.keys()].sort(), [...tensors.keys()].sort());
    for (const [name, tensor] of tensors) {
      assert.deepEqual(toFloat32(kept.tensors.get(name)!), toFloat32(tensor));
    }
    const { author, licence, url, sha256 } = entry;
    assert.deepEqual(
      ["author", "licence", "source", "source_sha256"].map((key) => kept.metadata.get(key)),
      [author, licence, url, sha256],
    );
    assert.equal((await pullModel(entry, join(folder, "new", "models"))).fetched, false);
    assert.equal(server.ranges.length, 1);
  });
});

Deno.test("pullModel() refuses a program in the right wrapping, and keeps no network", async () => {
  const evil = pickleOf(op.call(op.global("os", "system"), op.text("true")));
  await inFolder(async (folder) => {
    await using server = serve(undefined, evil);
    await assert.rejects(
      pullModel(entryFor(server.remote), folder, QUICK),
      /asks for "os\.system"/,
    );
    assert.ok(!filesIn(folder).includes("test-x4.safetensors"));
  });
});

Deno.test({
  name: "tessera models pull NAME, then --model NAME (../shared)",
  ignore: !hasShared(REAL),
  fn: () =>
    inFolder(async (folder) => {
      await using server = serve();
      const entries = [
        entryFor(server.remote),
        entryFor(server.remote, { name: "not-for-sale-x4", licence: "CC-BY-NC-4.0" }),
      ];
      await Deno.writeTextFile(join(folder, "list.json"), JSON.stringify(entries));
      await writePicture(join(folder, "a.png"));
      const flags = [...PERMISSIONS.map(({ flag }) => flag), `--allow-net=${server.host}`];
      const env = { XDG_CACHE_HOME: folder, LOCALAPPDATA: folder };
      const run = (...args: string[]) => runProgram(args, { cwd: folder, env, flags });
      const list = ["--catalogue", "list.json"];
      const pulled = await run("models", "pull", "test-x4", "not-for-sale-x4", ...list, "--json");
      assert.equal(pulled.code, 0, pulled.stderr);
      assert.match(pulled.stderr, /test-x4 by A\. Person, under BSD-3-Clause: http/);
      const lines = pulled.stdout.trim().split("\n").map((line) => JSON.parse(line));
      assert.deepEqual(lines.map(({ name, fetched }) => [name, fetched]), [
        ["test-x4", true],
        ["not-for-sale-x4", true],
      ]);
      const real = shared(REAL).pathname;
      for (const [model, output] of [["test-x4", "named.png"], [real, "direct.png"]]) {
        const { code, stderr } = await run("a.png", "--model", model, "-o", output, "--strip");
        assert.equal(code, 0, stderr);
      }
      const [named, direct] = ["named.png", "direct.png"].map((name) =>
        Deno.readFileSync(join(folder, name))
      );
      assert.deepEqual(named, direct);
      const policy = ["--licence-policy", "commercial"];
      const sold = await run("a.png", "--model", "not-for-sale-x4", ...policy, "-o", "sold.png");
      assert.equal(sold.code, 3);
      assert.match(
        sold.stderr,
        /"not-for-sale-x4\.safetensors" is under CC-BY-NC-4\.0, which does not/,
      );
      const refused = await run("models", "pull", "not-for-sale-x4", ...list, ...policy);
      assert.equal(refused.code, 3, refused.stderr);
      const allowed = await run("a.png", "--model", "test-x4", ...policy, "-o", "allowed.png");
      assert.equal(allowed.code, 0, allowed.stderr);
    }),
});

Deno.test("a published network that was not fetched is fetched by nobody but the user", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    const env = { XDG_CACHE_HOME: folder, LOCALAPPDATA: folder };
    const args = ["a.png", "--model", "bsrgan-x4"];
    const { code, stderr } = await runProgram(args, { cwd: folder, env });
    assert.equal(code, 2);
    assert.match(
      stderr,
      /"bsrgan-x4" is not on this machine: tessera models pull bsrgan-x4 fetches/,
    );
    assert.match(stderr, /67\.0 MB, by Kai Zhang, Apache-2\.0/);
    const pull = await runProgram(["models", "pull", "bsrgan-x4"], { cwd: folder, env });
    assert.equal(pull.code, 2);
    assert.match(pull.stderr, /Requires net access/);
  });
});

Deno.test("the catalogue is sound: names, licences, hashes, addresses of authors", () => {
  const entries = knownModels();
  assert.ok(entries.length >= 20);
  const names = [...entries, ...embeddedModels()].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(new Set(entries.map(({ sha256 }) => sha256)).size, entries.length);
  for (const { url, page, purpose, author } of entries) {
    assert.match(url, /^https:\/\/github\.com\/[^/]+\/[^/]+\/(releases\/download|raw\/main)\//);
    assert.match(page, /^https:\/\/openmodeldb\.info\/models\//);
    assert.ok(`${purpose}${author}`.length < 100);
  }
});

Deno.test({
  name: "the catalogue's realesr-animevideov3 is the file of ../shared",
  ignore: !hasShared(REAL),
  fn() {
    const entry = knownModels().find(({ name }) => name === "realesr-animevideov3")!;
    assert.deepEqual([entry.sha256, entry.bytes], [sha256Of(FILE), FILE.length]);
  },
});

Deno.test("parseCatalogue() names the entry and the field that is wrong", () => {
  const [entry] = knownModels();
  const cases: [document: unknown, message: string][] = [
    [{}, "Expected a list of networks"],
    [[entry, {}], 'Network 2 of the list has no valid "name"'],
    [[{ ...entry, name: "../escape" }], 'Network 1 of the list has no valid "name"'],
    [[{ ...entry, url: "file:///etc/passwd" }], 'Network 1 of the list has no valid "url"'],
    [[{ ...entry, sha256: "abc" }], 'Network 1 of the list has no valid "sha256"'],
    [[{ ...entry, bytes: -1 }], 'Network 1 of the list has no valid "bytes"'],
    [[null], 'Network 1 of the list has no valid "name"'],
  ];
  for (const [document, message] of cases) {
    assert.throws(() => parseCatalogue(document), { name: "UsageError", message });
  }
});

Deno.test("checkLicence() rules out what is not for commercial use", () => {
  for (const licence of ["CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "Non-Commercial", "research only"]) {
    assert.throws(() => checkLicence("x", licence, "commercial"), /does not allow commercial use/);
    checkLicence("x", licence, "any");
  }
  for (
    const licence of ["MIT", "BSD-3-Clause", "Apache-2.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0"]
  ) {
    checkLicence("x", licence, "commercial");
  }
});
