/** PyTorch's files: what is in them, in every form they come in. */

import assert from "node:assert/strict";
import { readPickle } from "../../src/weights/pickle.ts";
import { readWeights } from "../../src/weights/read_weights.ts";
import { toFloat32 } from "../../src/weights/tensor.ts";
import { hasShared, shared } from "../reference/shared.ts";
import { withRandom } from "../reference/random.ts";
import {
  join,
  legacyHead,
  op,
  pickledDict,
  pickledStorage,
  pickledTensor,
  pickleOf,
  rowMajor,
  storage,
  type StorageSpec,
  torchPickles,
  torchZip,
} from "./torch_files.ts";

const SIX = storage("0", "F32", Float32Array.of(0, 1, 2, 3, 4, 5));

/** Reads a checkpoint of one tensor, `x`, in every container. */
async function readEverywhere(x: Uint8Array, storages: StorageSpec[]): Promise<number[][]> {
  const value = pickledDict({ x });
  const files = [
    torchZip(value, storages),
    torchZip(value, storages, { deflate: true }),
    torchZip(value, storages, { end: { zip64: true } }),
    torchZip(value, storages, { end: { comment: "made for a test" } }),
    torchPickles(value, storages),
  ];
  return await Promise.all(files.map(async (file) => {
    const { tensors } = await readWeights(file);
    return [...toFloat32(tensors.get("x")!)];
  }));
}

Deno.test("readWeights() reads stored, deflated, zip64 and bare pickles", async () => {
  const x = pickledTensor({ storage: SIX, shape: [2, 3] });
  for (const values of await readEverywhere(x, [SIX])) assert.deepEqual(values, [0, 1, 2, 3, 4, 5]);
});

Deno.test("readWeights() follows offsets and strides, and shares storages", async () => {
  const cases: [offset: number, shape: number[], strides: number[], expected: number[]][] = [
    [2, [3], [1], [2, 3, 4]],
    [0, [3, 2], [1, 3], [0, 3, 1, 4, 2, 5]],
    [5, [], [], [5]],
    [1, [2, 1, 2], [2, 99, 1], [1, 2, 3, 4]],
    [0, [3], [2], [0, 2, 4]],
    [6, [0, 3], [3, 1], []],
    [1, [3], [0], [1, 1, 1]],
  ];
  for (const [offset, shape, strides, expected] of cases) {
    const x = pickledTensor({ storage: SIX, offset, shape, strides });
    for (const values of await readEverywhere(x, [SIX])) assert.deepEqual(values, expected);
  }
});

Deno.test("readWeights() gathers any permutation as a plain loop does", async () => {
  await withRandom(async (random) => {
    const shape = Array.from({ length: random.integer(1, 5) }, () => random.integer(1, 4));
    const order = shape.map((_, i) => i).sort(() => random.uniform(-1, 1));
    const stored = order.map((i) => shape[i]);
    const strides = shape.map((_, i) => rowMajor(stored)[order.indexOf(i)]);
    const count = shape.reduce((product, size) => product * size, 1);
    const values = random.values(count);
    const whole = storage("7", "F32", values);
    const expected = Array.from({ length: count }, (_, n) => {
      const index = rowMajor(shape).map((step, i) => Math.floor(n / step) % shape[i]);
      return values[index.reduce((sum, position, i) => sum + position * strides[i], 0)];
    });
    const x = pickledTensor({ storage: whole, shape, strides });
    for (const found of await readEverywhere(x, [whole])) assert.deepEqual(found, expected);
  });
});

Deno.test("readWeights() reads F32, F16, BF16 and F64, and keeps counters as they are", async () => {
  const floats = [
    storage("a", "F16", Float16Array.of(0.5, -2)),
    storage("b", "BF16", Uint16Array.of(0x3f00, 0xc000)),
    storage("c", "F64", Float64Array.of(0.5, -2)),
    storage("d", "F32", Float32Array.of(0.5, -2)),
  ];
  const count = storage("e", "I64", BigInt64Array.of(7n));
  const entries = Object.fromEntries(
    floats.map((spec) => [spec.key, pickledTensor({ storage: spec, shape: [2] })]),
  );
  const num_batches_tracked = pickledTensor({ storage: count, shape: [] });
  const value = pickledDict({ ...entries, num_batches_tracked });
  for (
    const file of [torchZip(value, [...floats, count]), torchPickles(value, [...floats, count])]
  ) {
    const { tensors } = await readWeights(file);
    for (const { key } of floats) assert.deepEqual([...toFloat32(tensors.get(key)!)], [0.5, -2]);
    assert.equal(tensors.get("num_batches_tracked")!.dtype, "I64");
    assert.throws(() => toFloat32(tensors.get("num_batches_tracked")!), /"num_batches.* is I64/);
  }
});

Deno.test("readWeights() takes the F32 of a stored archive for a view, not a copy", async () => {
  const file = torchZip(pickledDict({ x: pickledTensor({ storage: SIX, shape: [6] }) }), [SIX]);
  const { tensors } = await readWeights(file);
  assert.equal(tensors.get("x")!.bytes.buffer, file.buffer);
});

Deno.test("readWeights() reads parameters, and a part of a storage before zip", async () => {
  const part = op.tuple(op.text("view"), op.int(2), op.int(3));
  const tensor = op.call(
    op.global("torch._utils", "_rebuild_tensor"),
    pickledStorage(SIX, part),
    op.int(1),
    op.tuple(op.int(2)),
    op.tuple(op.int(1)),
  );
  const parameter = op.call(
    op.global("torch._utils", "_rebuild_parameter"),
    tensor,
    join(0x88),
    op.call(op.global("collections", "OrderedDict")),
  );
  const { tensors } = await readWeights(torchPickles(pickledDict({ x: parameter }), [SIX]));
  assert.deepEqual([...toFloat32(tensors.get("x")!)], [3, 4]);
});

Deno.test("readWeights() finds the weights among what else a checkpoint has", async () => {
  const x = pickledTensor({ storage: SIX, shape: [6] });
  const y = pickledTensor({ storage: SIX, shape: [1] });
  const inner = pickledDict({ x });
  const other = pickledDict({ y });
  const cases: Uint8Array[] = [
    pickledDict({ params: other, params_ema: inner }),
    pickledDict({ epoch: op.int(3), state_dict: inner, optimizer: pickledDict({ state: other }) }),
    pickledDict({ model: pickledDict({ params: inner }) }),
    pickledDict({ anything: inner, losses: op.list(op.int(1)) }),
    pickledDict({ x, version: op.int(2), other }),
    op.call(op.global("collections", "OrderedDict"), op.list(op.tuple(op.text("x"), x))),
  ];
  for (const value of cases) {
    const { tensors } = await readWeights(torchZip(value, [SIX]));
    assert.deepEqual([...tensors.keys()], ["x"]);
  }
});

Deno.test("readWeights() says what a checkpoint without known weights has", async () => {
  const x = pickledTensor({ storage: SIX, shape: [6] });
  const cases: [value: Uint8Array, message: RegExp][] = [
    [pickledDict({ a: pickledDict({ x }), b: pickledDict({ x }) }), /2 sets of tensors.*"a", "b"$/],
    [pickledDict({ epoch: op.int(1) }), /no weights that could be found; its keys are "epoch"$/],
    [pickledDict({}), /its keys are none$/],
    [x, /no dict of tensors/],
  ];
  for (const [value, message] of cases) {
    await assert.rejects(readWeights(torchZip(value, [SIX])), { name: "ModelError", message });
  }
});

Deno.test("readWeights() takes what stands beside the weights as text for metadata", async () => {
  const x = pickledTensor({ storage: SIX, shape: [6] });
  const value = pickledDict({
    author: op.text("A. Person"),
    scale: op.int(4),
    params: pickledDict({ x }),
  });
  const { metadata, format } = await readWeights(torchZip(value, [SIX]));
  assert.deepEqual([...metadata], [["author", "A. Person"], ["scale", "4"]]);
  assert.equal(format, "PyTorch");
});

Deno.test("readWeights() refuses big-endian files and TorchScript", async () => {
  const value = pickledDict({ x: pickledTensor({ storage: SIX, shape: [6] }) });
  const more = [{ name: "archive/byteorder", bytes: join("big") }];
  await assert.rejects(readWeights(torchZip(value, [SIX], { more })), /not in little-endian/);
  const big = join(legacyHead(false), pickleOf(value), pickleOf(op.list()));
  await assert.rejects(readWeights(big), /not in little-endian/);
  const script = [{ name: "archive/constants.pkl", bytes: join("x") }];
  await assert.rejects(readWeights(torchZip(value, [SIX], { more: script })), /TorchScript/);
});

Deno.test("readWeights() says what a file is that holds no weights", async () => {
  const cases: [file: Uint8Array, message: RegExp][] = [
    [join("7z", [0xbc, 0xaf, 0x27, 0x1c, 0, 4]), /neither safetensors .*: it is a 7z archive$/],
    [join("<!DOCTYPE html><html>"), /neither safetensors nor PyTorch's .pth: .*"<!DOCTYP"/],
    [join([0x1f, 0x8b, 8, 0, 0, 0, 0, 1, 2]), /compressed by gzip/],
  ];
  for (const [file, message] of cases) {
    await assert.rejects(readWeights(file), { name: "ModelError", message });
  }
});

Deno.test("readPickle() reads plain values of every protocol", () => {
  const world = { allows: () => false, call: () => null, load: () => null };
  const read = (...parts: Parameters<typeof join>) => readPickle(join(...parts, "."), world).value;
  assert.equal(read("I42\n"), 42);
  assert.equal(read("I01\n"), true);
  assert.equal(read("L-12345678901234567890L\n"), -12345678901234567890n);
  assert.equal(read(0x8a, 2, [0xff, 0x7f]), 32767);
  assert.equal(read(0x8a, 1, [0xff]), -1);
  assert.equal(read(0x8a, 0), 0);
  assert.equal(read("J", [0xfe, 0xff, 0xff, 0xff]), -2);
  assert.equal(read("F1.5\n"), 1.5);
  assert.equal(read("G", [0xbf, 0xf8, 0, 0, 0, 0, 0, 0]), -1.5);
  assert.equal(read("S'text'\n"), "text");
  assert.equal(read("Vt\\u00e4xt\n"), "täxt");
  assert.equal(read("U", 2, "ab"), "ab");
  assert.equal(read(0x80, 4, 0x95, little8(4), 0x8c, 2, "ab"), "ab");
  assert.deepEqual(read("(K", 1, "K", 2, "l"), [1, 2]);
  assert.deepEqual(read("](K", 1, "K", 2, "e"), [1, 2]);
  assert.deepEqual(read("K", 1, "q", 5, "0h", 5), 1);
  assert.deepEqual(read("K", 1, 0x94, "0h", 0), 1);
});

function little8(value: number): number[] {
  return [value, 0, 0, 0, 0, 0, 0, 0];
}

const COMPACT = ["pth", "deflated-zip.pth"].map((kind) => `models/realesr-animevideov3.${kind}`);

for (const path of COMPACT) {
  Deno.test({
    name: `readWeights() gives equal tensors for ${path} and its safetensors (../shared)`,
    ignore: !hasShared(path),
    async fn() {
      const twin = shared("models/realesr-animevideov3.safetensors");
      const expected = await readWeights(await Deno.readFile(twin));
      const found = await readWeights(await Deno.readFile(shared(path)));
      assert.deepEqual([...found.tensors.keys()].sort(), [...expected.tensors.keys()].sort());
      for (const [name, { shape, dtype, bytes }] of found.tensors) {
        const twin = expected.tensors.get(name)!;
        assert.deepEqual([shape, dtype], [twin.shape, twin.dtype]);
        assert.deepEqual(toFloat32({ name, dtype, shape, bytes }), toFloat32(twin));
      }
    },
  });
}

/** Tensors and learned numbers of published files, counted by Python's own pickle module. */
const PUBLISHED: [file: string, tensors: number, values: number][] = [
  ["legacy-pickle-dncnn_25.pth", 34, 555_137],
  ["realesr-animevideov3.pth", 53, 621_424],
  ["esr/team00_SPAN.pth", 44, 150_688],
  ["esr/team01_PDS.pth", 35, 141_748],
  ["esr/team15_DSCF_Fused.pth", 43, 125_992],
  ["esr/team16_PKDSR.pth", 35, 143_928],
  ["esr/team18_DISP.pth", 38, 163_792],
  ["esr/team20_ERRN2.pth", 54, 245_968],
  ["esr/team22_spanv2_c2.pth", 26, 139_104],
  ["esr/team23_DSCF25.pth", 44, 130_828],
  ["esr/team24_spanf.pth", 35, 148_288],
];

for (const [file, count, values] of PUBLISHED) {
  Deno.test({
    name: `readWeights() reads ${file} (../shared)`,
    ignore: !hasShared(`models/${file}`),
    async fn() {
      const bytes = await Deno.readFile(shared(`models/${file}`));
      const { tensors } = await readWeights(bytes);
      assert.equal(tensors.size, count);
      const read = [...tensors.values()].map(toFloat32);
      assert.equal(read.reduce((sum, { length }) => sum + length, 0), values);
      assert.ok(read.every((tensor) => tensor.every(Number.isFinite)));
    },
  });
}
