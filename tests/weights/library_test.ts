import assert from "node:assert/strict";
import { ModelError } from "../../src/errors.ts";
import {
  defaultModel,
  embeddedModels,
  loadModel,
  type LoadOptions,
} from "../../src/weights/library.ts";
import { SafetensorsError } from "../../src/weights/safetensors.ts";
import { type Random, withRandom } from "../reference/random.ts";

const ROOT = new URL("../../", import.meta.url);
const MODELS = new URL("models/", ROOT);
const FAST = new URL("fast-x4.safetensors", MODELS);

async function assertRefused(source: string | URL | Uint8Array, message: RegExp): Promise<Error> {
  let refusal: Error | undefined;
  await assert.rejects(loadModel(source), (error) => {
    assert.ok(error instanceof ModelError, `${error}`);
    assert.match(error.message, message);
    refusal = error;
    return true;
  });
  return refusal!;
}

Deno.test("embeddedModels() has one default, and says of each file what is true", async () => {
  const entries = embeddedModels();
  assert.deepEqual(entries.filter((entry) => entry.default), [defaultModel()]);
  assert.equal(defaultModel().name, "photo-x4");
  assert.equal(new Set(entries.map(({ name }) => name)).size, entries.length);
  for (const { name, file, sha256, scale, architecture } of entries) {
    const bytes = await Deno.readFile(new URL(file, MODELS));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    assert.equal(digest, sha256, `${file} has changed: put its SHA-256 into models.json`);
    const { label, network } = await loadModel(name);
    assert.deepEqual([label, network.scale, network.architecture], [name, scale, architecture]);
  }
});

Deno.test("embeddedModels() returns a list that its caller may change", () => {
  embeddedModels()[0].name = "changed";
  assert.notEqual(embeddedModels()[0].name, "changed");
});

Deno.test("loadModel() takes a name, a path, file URLs and bytes", async () => {
  const expected = await loadModel("fast-x4");
  assert.equal(expected.label, "fast-x4");
  assert.equal(expected.metadata.get("architecture"), "SRResNetCompact");
  const sources = [FAST, FAST.href, Deno.realPathSync(FAST), await Deno.readFile(FAST)];
  const labels = [];
  for (const source of sources) {
    const { label, network } = await loadModel(source);
    assert.deepEqual(network, expected.network);
    labels.push(label);
  }
  const file = "fast-x4.safetensors";
  assert.deepEqual(labels, [file, file, file, "model"]);
});

Deno.test("loadModel() lists the embedded models when there is no such name or file", async () => {
  const { message } = await assertRefused("photo-x5", /^Model "photo-x5" is neither a file nor /);
  assert.ok(message.endsWith(embeddedModels().map(({ name }) => name).join(", ")), message);
});

Deno.test("loadModel() says why it cannot read a place", async () => {
  await assertRefused(MODELS, /^Cannot read the model "file:.*models\/": /);
});

Deno.test("loadModel() takes a header of 640 bytes for no pickle", async () => {
  const bytes = Uint8Array.of(0x80, 2, 0, 0, 0, 0, 0, 0, 0x7b);
  await assertRefused(bytes, /Header of 640 bytes exceeds the file of 9 bytes/);
});

Deno.test("loadModel() passes on what is wrong with a file", async () => {
  const error = await assertRefused(new Uint8Array(3), /^Cannot use the model "model": File has 3/);
  assert.ok(error.cause instanceof SafetensorsError);
  assert.equal(error.cause.kind, "HeaderTooSmall");
});

/** Damages a copy of the file: cuts it, flips bits, or claims huge sizes. */
function mutate(file: Uint8Array, random: Random): Uint8Array {
  const bytes = file.slice();
  const view = new DataView(bytes.buffer);
  const headerEnd = 8 + Number(view.getBigUint64(0, true));
  const damage = random.integer(0, 4);
  if (damage === 0) return bytes.subarray(0, random.integer(0, bytes.length - 1));
  if (damage === 1) {
    view.setUint32(random.pick([0, 4]), random.bits(), true);
  } else if (damage === 2) {
    const digits = Array.from({ length: bytes.length }, (_, i) => i)
      .filter((i) => i < headerEnd && bytes[i] >= 0x30 && bytes[i] <= 0x39);
    const start = random.pick(digits);
    for (let i = start; i < start + random.integer(1, 20) && i < headerEnd; i++) bytes[i] = 0x39;
  } else {
    const end = damage === 3 ? headerEnd : bytes.length;
    for (let i = random.integer(1, 8); i > 0; i--) {
      bytes[random.integer(0, end - 1)] ^= 1 << random.integer(0, 7);
    }
  }
  return bytes;
}

Deno.test("loadModel() gives 200 damaged files a ModelError or a valid network", async () => {
  const file = await Deno.readFile(FAST);
  await withRandom(async (random) => {
    let refused = 0;
    for (let run = 0; run < 200; run++) {
      try {
        await loadModel(mutate(file, random));
      } catch (error) {
        assert.ok(error instanceof ModelError, `run ${run}: ${error}`);
        refused++;
      }
    }
    assert.ok(refused > 100, `only ${refused} of 200 were refused`);
  }, 2024);
});

/** Serves the repository's files, counting requests for models. */
function serveRepository(): { origin: string; models: () => number; stop: () => Promise<void> } {
  let models = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname.slice(1);
    if (path.endsWith(".safetensors")) models++;
    try {
      const type = path.endsWith(".ts") ? "application/typescript" : "application/json";
      return new Response(await Deno.readFile(new URL(path, ROOT)), {
        headers: { "content-type": type },
      });
    } catch {
      return new Response("no such file", { status: 404 });
    }
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return { origin, models: () => models, stop: () => server.shutdown() };
}

Deno.test("loadModel() fetches from http, and says what the server answered", async () => {
  const server = serveRepository();
  try {
    const { label, network } = await loadModel(`${server.origin}/models/fast-x4.safetensors?v=1`);
    assert.equal(label, "fast-x4.safetensors");
    assert.deepEqual(network, (await loadModel("fast-x4")).network);
    await assertRefused(`${server.origin}/nothing.safetensors`, /nothing.safetensors": HTTP 404/);
  } finally {
    await server.stop();
  }
});

Deno.test("an embedded model loads from a module imported by URL, once with --allow-net", async () => {
  const server = serveRepository();
  const folder = await Deno.makeTempDir();
  const run = async (...flags: string[]) => {
    const program = `import { loadModel } from "${server.origin}/src/weights/library.ts";
      try { console.log((await loadModel("fast-x4")).label); }
      catch (error) { console.log(error.name, error.message); }`;
    await Deno.writeTextFile(`${folder}/program.ts`, program);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-import", ...flags, `${folder}/program.ts`],
      env: { DENO_DIR: `${folder}/deno`, NO_COLOR: "1" },
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
    return out || err;
  };
  try {
    assert.match(await run(), /^ModelError Cannot read the model .*--allow-net/);
    assert.equal(await run(`--allow-net=${new URL(server.origin).host}`), "fast-x4");
    assert.equal(await run(), "fast-x4", "the second run needs no permission");
    assert.equal(server.models(), 1);
  } finally {
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadModel() blends in as much of the restorer as asked for", async () => {
  const firstWeights = async (source: string, denoise = 0) => {
    const { network } = await loadModel(source, { denoise });
    const conv = network.operations[1];
    assert.ok(conv.kind === "conv");
    return conv.weight;
  };
  for (const [name, restorer] of [["photo-x4", "restore-x4"], ["fast-x4", "fast-restore-x4"]]) {
    const clean = await firstWeights(name);
    const restored = await firstWeights(restorer);
    assert.notDeepEqual(clean, restored);
    assert.deepEqual(await firstWeights(name, 1), restored);
    const quarter = await firstWeights(name, 0.25);
    quarter.forEach((value, i) => {
      assert.ok(Math.abs(value - (0.75 * clean[i] + 0.25 * restored[i])) < 1e-6);
    });
  }
});

Deno.test("loadModel() adds what restorer and detailer have learned beyond the model", async () => {
  const firstWeights = async (source: string, options: LoadOptions = {}) => {
    const conv = (await loadModel(source, options)).network.operations[1];
    assert.ok(conv.kind === "conv");
    return conv.weight;
  };
  const [photo, restore, detail] = await Promise.all(
    ["photo-x4", "restore-x4", "detail-x4"].map((name) => firstWeights(name)),
  );
  const { label } = await loadModel("photo-x4", { denoise: 0.5, detail: 0.75 });
  assert.equal(label, "photo-x4, denoise 0.5, detail 0.75");
  const mixed = await firstWeights("photo-x4", { denoise: 0.5, detail: 0.75 });
  mixed.forEach((value, i) => {
    const expected = -0.25 * photo[i] + 0.5 * restore[i] + 0.75 * detail[i];
    assert.ok(Math.abs(value - expected) < 1e-6);
  });
  await assert.rejects(loadModel("restore-x4", { detail: 1 }), {
    name: "UsageError",
    message: "Detail needs one of the models photo-x4",
  });
});

Deno.test("loadModel() refuses to denoise with a model that has no restorer", async () => {
  await assert.rejects(loadModel("fast-x2", { denoise: 0.5 }), {
    name: "UsageError",
    message: "Denoising needs one of the models photo-x4, fast-x4",
  });
});
