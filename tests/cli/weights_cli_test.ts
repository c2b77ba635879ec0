/** `tessera convert` and `tessera inspect-model`, as processes of their own. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { readWeights } from "../../src/weights/read_weights.ts";
import { toFloat32 } from "../../src/weights/tensor.ts";
import { attacks } from "../weights/hostile_weights.ts";
import { filesIn, inFolder, ON_DAWN, runMeasured, runProgram, writePicture } from "./program.ts";
import { hasShared, shared } from "../reference/shared.ts";
import { tinyRrdbNetFile } from "../networks/tiny_networks.ts";
import { Random, withRandom } from "../reference/random.ts";
import {
  op,
  pickledDict,
  pickledTensor,
  rowMajor,
  storage,
  torchZip,
} from "../weights/torch_files.ts";

/** A small RRDBNet as a training program would keep it, with its author's name. */
async function tinyCheckpoint(): Promise<Uint8Array> {
  const { tensors } = await readWeights(tinyRrdbNetFile(new Random(5)));
  const storages = [...tensors.values()].map((tensor, i) => storage(`${i}`, "F32", tensor.bytes));
  const params = [...tensors.values()].map((
    { name, shape },
    i,
  ) => [
    name,
    pickledTensor({ storage: storages[i], shape: [...shape], strides: rowMajor([...shape]) }),
  ]);
  const value = pickledDict({
    author: op.text("A. Person"),
    license: op.text("CC0-1.0"),
    params_ema: pickledDict(Object.fromEntries(params)),
  });
  return torchZip(value, storages, { deflate: true });
}

Deno.test("tessera convert writes equal tensors, with what the file says of itself", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(join(folder, "tiny.pth"), await tinyCheckpoint());
    const { code, stderr } = await runProgram(["convert", "tiny.pth"], { cwd: folder });
    assert.deepEqual([code, filesIn(folder)], [0, ["tiny.pth", "tiny.safetensors"]], stderr);
    const expected = await readWeights(await tinyCheckpoint());
    const found = await readWeights(await Deno.readFile(join(folder, "tiny.safetensors")));
    assert.equal(found.format, "safetensors");
    assert.deepEqual([...found.metadata].sort(), [...expected.metadata].sort());
    assert.deepEqual([...found.tensors.keys()].sort(), [...expected.tensors.keys()].sort());
    for (const [name, tensor] of found.tensors) {
      assert.deepEqual(toFloat32(tensor), toFloat32(expected.tensors.get(name)!));
    }
  });
});

Deno.test("tessera convert --f16 rounds to the nearest, and refuses what is too large", async () => {
  await inFolder(async (folder) => {
    const write = async (value: number) => {
      const x = storage("0", "F32", Float32Array.of(value, 1));
      const count = storage("1", "I64", BigInt64Array.of(3n));
      const dict = pickledDict({
        x: pickledTensor({ storage: x, shape: [2] }),
        count: pickledTensor({ storage: count, shape: [] }),
      });
      await Deno.writeFile(join(folder, "x.pth"), torchZip(dict, [x, count]));
    };
    await write(0.1);
    const args = ["convert", "x.pth", "half.safetensors", "--f16", "--json"];
    const { stdout, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(JSON.parse(stdout).tensors, 2, stderr);
    const { tensors } = await readWeights(await Deno.readFile(join(folder, "half.safetensors")));
    assert.deepEqual([...toFloat32(tensors.get("x")!)], [Math.f16round(0.1), 1]);
    assert.equal(tensors.get("count")!.dtype, "I64");
    await write(1e6);
    const refused = await runProgram([...args, "--overwrite"], { cwd: folder });
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /x\.pth: Tensor "x" has the value 1000000, too large for half/);
    assert.deepEqual(filesIn(folder), ["half.safetensors", "x.pth"]);
  });
});

Deno.test("tessera convert leaves nothing behind when it refuses", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "page.pth"), "<html>not found</html>");
    const cases: [args: string[], code: number, message: RegExp][] = [
      [["page.pth"], 3, /page\.pth: File of 22 bytes is neither safetensors nor PyTorch's/],
      [["none.pth"], 3, /none\.pth: There is no such file/],
      [["page.pth", "out.bin"], 2, /Expected a name that ends with \.safetensors/],
      [[], 2, /Expected one or two files but received 0/],
    ];
    for (const [args, code, message] of cases) {
      const outcome = await runProgram(["convert", ...args], { cwd: folder });
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, message);
      assert.deepEqual(filesIn(folder), ["page.pth"]);
    }
  });
});

Deno.test("a .pth upscales to the very bytes of its safetensors", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(join(folder, "tiny.pth"), await tinyCheckpoint());
    await writePicture(join(folder, "a.png"));
    await runProgram(["convert", "tiny.pth"], { cwd: folder });
    for (const model of ["tiny.pth", "tiny.safetensors"]) {
      const args = ["a.png", "--model", model, "--strip", "-o", `${model}.png`];
      const { code, stderr } = await runProgram(args, { cwd: folder });
      assert.equal(code, 0, stderr);
    }
    const [a, b] = ["tiny.pth.png", "tiny.safetensors.png"].map((name) =>
      Deno.readFileSync(join(folder, name))
    );
    assert.deepEqual(a, b);
  });
});

Deno.test("tessera inspect-model tells the network, its cost, its author and its licence", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(join(folder, "tiny.pth"), await tinyCheckpoint());
    const { code, stdout } = await runProgram(["inspect-model", "tiny.pth", "--json"], {
      cwd: folder,
      // Dawn is a native library, which the program loads for the tests on it.
      ...!ON_DAWN && { flags: ["--allow-read"] },
    });
    assert.equal(code, 0);
    const { family, scale, features, blocks, author, licence, types, format, ...rest } = JSON.parse(
      stdout,
    );
    assert.deepEqual([family, scale, features, blocks], ["RRDBNet", 4, 12, 1]);
    assert.deepEqual([author, licence, types], ["A. Person", "CC0-1.0", ["F32"]]);
    assert.equal(format, "PyTorch");
    assert.ok(rest.memory.f32 > rest.memory.f16 && rest.memory.f16 > 1e6, stdout);
    const people = await runProgram(["inspect-model", "tiny.pth"], { cwd: folder });
    assert.match(people.stdout, /RRDBNet x4, 12 features, 1 blocks[^]*Licence +CC0-1\.0/);
  });
});

Deno.test("tessera inspect-model takes the names of networks, as --model does", async () => {
  const names = ["fast-x2", "realesrgan-x2plus", "nothing-x9"];
  const { code, stdout, stderr } = await runProgram(["inspect-model", "--json", ...names]);
  assert.equal(code, 1);
  const [known, ...others] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([known.family, known.scale, known.features], ["SRResNetCompact", 2, 24]);
  assert.deepEqual(others.map(({ error }) => error.kind), ["usage", "model"]);
  assert.match(stderr, /tessera models pull realesrgan-x2plus fetches it/);
});

const KNOWN: [file: string, facts: Record<string, unknown>][] = [
  ["realesr-animevideov3.pth", {
    family: "SRVGGNetCompact",
    scale: 4,
    features: 64,
    blocks: 16,
    parameters: 621_424,
    receptiveRadius: 18,
    multiplyAddsPerPixel: 619_200,
  }],
  ["RealESRGAN_x4plus_anime_6B.safetensors", {
    family: "RRDBNet",
    scale: 4,
    features: 64,
    blocks: 6,
    parameters: 4_467_779,
    receptiveRadius: 94,
  }],
];

for (const [file, facts] of KNOWN) {
  Deno.test({
    name: `tessera inspect-model knows ${file} (../shared)`,
    ignore: !hasShared(`models/${file}`),
    async fn() {
      const path = shared(`models/${file}`).pathname;
      const { code, stdout } = await runProgram(["inspect-model", "--json", path]);
      assert.equal(code, 0);
      const found = JSON.parse(stdout);
      const told = Object.keys(facts).map((key) => [key, found[key]]);
      assert.deepEqual(Object.fromEntries(told), facts);
    },
  });
}

Deno.test({
  name: "tessera inspect-model says what an unknown network looks like (../shared)",
  ignore: !hasShared("models/legacy-pickle-dncnn_25.pth"),
  async fn() {
    const path = shared("models/legacy-pickle-dncnn_25.pth").pathname;
    const { code, stdout } = await runProgram(["inspect-model", path]);
    assert.equal(code, 3);
    assert.match(stdout, /Looks like +a plain network of 17 convolutions/);
    assert.match(stdout, /Reason +Checkpoint of 34 tensors \("model\.0\.weight" \[64, 1, 3, 3\]/);
  },
});

Deno.test({
  name: "500 hostile files take under 500 MB (TESSERA_TEST=all)",
  ignore: Deno.env.get("TESSERA_TEST") !== "all" || Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const files: string[] = [];
      await withRandom((random) => {
        for (const { file } of attacks(random, join(folder, "it-ran"))) {
          files.push(`${files.length}.pth`);
          Deno.writeFileSync(join(folder, files.at(-1)!), file);
        }
      });
      const args = ["inspect-model", "--json", ...files];
      const { outcome, peak } = await runMeasured(args, { cwd: folder });
      assert.equal(outcome.code, 1, outcome.stderr);
      const lines = outcome.stdout.trim().split("\n").map((line) => JSON.parse(line));
      assert.equal(lines.length, files.length);
      assert.ok(lines.every(({ error }) => error.kind === "model"), outcome.stdout);
      assert.ok(peak < 500e6, `${(peak / 1e6).toFixed(0)} MB`);
      assert.deepEqual(filesIn(folder), files.sort());
    }),
});
