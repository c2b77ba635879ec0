import assert from "node:assert/strict";
import { ModelError } from "../../src/errors.ts";
import {
  type FloatDtype,
  type FloatTensor,
  readSafetensors,
  SafetensorsError,
  type SafetensorsErrorKind,
  writeSafetensors,
} from "../../src/weights/safetensors.ts";
import { type Dtype, getTensor, type TensorView, toFloat32 } from "../../src/weights/tensor.ts";
import { withRandom } from "../reference/random.ts";

/** A file with the given header and that many zero bytes of data. */
function craft(header: string | Uint8Array, dataBytes = 0): Uint8Array {
  const encoded = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + encoded.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(encoded.length), true);
  file.set(encoded, 8);
  return file;
}

/** The header's entry of one tensor. */
function entry(name: string, dtype: string, shape: string, offsets: string): string {
  return `"${name}":{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${offsets}]}`;
}

/** A file that only claims to have a header of that length. */
function claim(length: bigint, bytes = 16): Uint8Array {
  const file = new Uint8Array(bytes);
  new DataView(file.buffer).setBigUint64(0, length, true);
  return file;
}

function assertKind(kind: SafetensorsErrorKind, message: RegExp, body: () => unknown): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof SafetensorsError, `${error}`);
    assert.ok(error instanceof ModelError);
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

const VALID = entry("a", "F32", "2", "0,8");

const INVALID: [what: string, SafetensorsErrorKind, RegExp, Uint8Array][] = [
  ["no bytes", "HeaderTooSmall", /0 bytes/, new Uint8Array()],
  ["7 bytes", "HeaderTooSmall", /7 bytes/, new Uint8Array(7)],
  ["a header above the limit", "HeaderTooLarge", /100000001/, claim(100_000_001n)],
  ["the largest header length", "HeaderTooLarge", /18446744073709551615/, claim(2n ** 64n - 1n)],
  ["a header beyond the file", "InvalidHeaderLength", /9 bytes.*16 bytes/, claim(9n)],
  ["a header that is not UTF-8", "InvalidHeader", /2 bytes/, craft(Uint8Array.of(0x7b, 0xff))],
  ["a missing byte", "MetadataIncompleteBuffer", /8 bytes.* 7 /, craft(`{${VALID}}`, 7)],
  ["an extra byte", "MetadataIncompleteBuffer", /8 bytes.* 9 /, craft(`{${VALID}}`, 9)],
  [
    "a hole before the first tensor",
    "InvalidOffset",
    /"a".*4 to 12.* 0/,
    craft(`{${entry("a", "F32", "2", "4,12")}}`, 12),
  ],
  [
    "a hole between tensors",
    "InvalidOffset",
    /"b".*9 to 10.* 8/,
    craft(`{${VALID},${entry("b", "U8", "1", "9,10")}}`, 10),
  ],
  [
    "ten tensors on one range",
    "InvalidOffset",
    /0 to 8/,
    craft(`{${Array.from("abcdefghij", (n) => entry(n, "F32", "2", "0,8")).join()}}`, 8),
  ],
  [
    "an end before its start",
    "InvalidOffset",
    /8 to 4/,
    craft(`{${VALID},${entry("b", "U8", "1", "8,4")}}`, 8),
  ],
  [
    "a shape whose product overflows",
    "ValidationOverflow",
    /"a"/,
    craft(`{${entry("a", "I32", "2,18446744073709551614", "0,16")}}`, 16),
  ],
  [
    "a shape whose bits overflow",
    "ValidationOverflow",
    /"a"/,
    craft(`{${entry("a", "F64", "4611686018427387904", "0,16")}}`, 16),
  ],
  [
    "a dimension that a number cannot hold",
    "ValidationOverflow",
    /"a"/,
    craft(`{${entry("a", "U8", "0,9007199254740993", "0,0")}}`),
  ],
  [
    "half a byte",
    "MisalignedSlice",
    /F4 \[3\].*12 bits/,
    craft(`{${entry("a", "F4", "3", "0,2")}}`, 2),
  ],
  [
    "fewer bytes than the shape takes",
    "TensorInvalidInfo",
    /"a" has 8 bytes.*\[2, 2\] takes 16/,
    craft(`{${entry("a", "F32", "2,2", "0,8")}}`, 8),
  ],
];

for (const [what, kind, message, file] of INVALID) {
  Deno.test(`readSafetensors() refuses ${what}: ${kind}`, () => {
    assertKind(kind, message, () => readSafetensors(file));
  });
}

const INVALID_HEADERS: [what: string, header: string][] = [
  ["nothing", ""],
  ["only spaces", "   "],
  ["no JSON", "not json"],
  ["no object", "[]"],
  ["an open object", "{"],
  ["text after the object", "{} {}"],
  ["a trailing comma", `{${VALID},}`],
  ["a byte order mark", "\ufeff{}"],
  ["a key twice", `{${VALID},${VALID}}`],
  ["a key twice, once escaped", `{${VALID},${VALID.replace("a", "\\u0061")}}`],
  ["a field twice", `{${VALID.replace("}", ',"dtype":"F32"}')}}`],
  ["an unknown dtype", `{${entry("a", "F31", "2", "0,8")}}`],
  ["a dtype from the prototype", `{${entry("a", "toString", "2", "0,8")}}`],
  ["a negative number", `{${entry("a", "F32", "-2", "0,8")}}`],
  ["a fraction", `{${entry("a", "F32", "2.0", "0,8")}}`],
  ["an exponent", `{${entry("a", "F32", "2e0", "0,8")}}`],
  ["a leading zero", `{${entry("a", "F32", "02", "0,8")}}`],
  ["a number beyond 64 bits", `{${entry("a", "F32", "18446744073709551616", "0,8")}}`],
  ["65 dimensions", `{${entry("a", "F32", Array(65).fill("1").join(), "0,4")}}`],
  ["a string for a number", `{${entry("a", "F32", '"2"', "0,8")}}`],
  ["one offset", `{${entry("a", "F32", "2", "8")}}`],
  ["three offsets", `{${entry("a", "F32", "2", "0,8,8")}}`],
  ["no dtype", '{"a":{"shape":[2],"data_offsets":[0,8]}}'],
  ["no shape", '{"a":{"dtype":"F32","data_offsets":[0,8]}}'],
  ["no offsets", '{"a":{"dtype":"F32","shape":[2]}}'],
  ["a number for a tensor", '{"a":1}'],
  ["metadata that are no strings", '{"__metadata__":{"scale":4}}'],
  ["metadata that are no object", '{"__metadata__":"pt"}'],
  ["a metadata key twice", '{"__metadata__":{"a":"1","a":"2"}}'],
  ["half a surrogate pair", '{"__metadata__":{"a":"\\ud800"}}'],
  ["a control character in a string", '{"__metadata__":{"a":"\n"}}'],
  ["65537 keys", `{${Array.from({ length: 65_537 }, (_, i) => entry(`${i}`, "U8", "0", "0,0"))}}`],
  ["endless nesting", `{"a":{"x":${"[".repeat(1_000_000)}`],
];

for (const [what, header] of INVALID_HEADERS) {
  Deno.test(`readSafetensors() refuses a header with ${what}`, () => {
    const message = /^Header is not valid before character \d+: /;
    assertKind("InvalidHeaderDeserialization", message, () => readSafetensors(craft(header, 8)));
  });
}

Deno.test("readSafetensors() accepts spaces around the header", () => {
  assert.equal(readSafetensors(craft(` \t\r\n{${VALID}} \n `, 8)).tensors.size, 1);
});

Deno.test("readSafetensors() accepts an empty file, scalars and tensors without elements", () => {
  assert.equal(readSafetensors(craft("{}")).tensors.size, 0);
  const scalar = entry("scalar", "F32", "", "0,4");
  const { tensors } = readSafetensors(
    craft(`{${scalar},${entry("none", "F32", "2,0", "0,0")}}`, 4),
  );
  assert.deepEqual([...tensors.keys()], ["none", "scalar"]);
  assert.deepEqual(tensors.get("scalar")?.shape, []);
  assert.equal(toFloat32(getTensor(tensors, "scalar")).length, 1);
  assert.equal(toFloat32(getTensor(tensors, "none")).length, 0);
});

Deno.test("readSafetensors() passes over fields that it does not know", () => {
  const extra = ',"note":{"a":[1.5e3,-0,null,true,"x",[]]}}';
  assert.equal(readSafetensors(craft(`{${VALID.replace("}", extra)}}`, 8)).tensors.size, 1);
});

Deno.test("readSafetensors() keeps names that JavaScript objects reserve", () => {
  const names = ["__proto__", "constructor", "toString"];
  const entries = names.map((name, i) => entry(name, "U8", "1", `${i},${i + 1}`));
  const { tensors, metadata } = readSafetensors(
    craft(`{"__metadata__":{"__proto__":"x"},${entries.join()}}`, 3),
  );
  assert.deepEqual([...tensors.keys()], names);
  assert.deepEqual([...metadata], [["__proto__", "x"]]);
});

Deno.test("readSafetensors() reads null metadata as none", () => {
  assert.equal(readSafetensors(craft('{"__metadata__":null}')).metadata.size, 0);
});

Deno.test("readSafetensors() returns views into the file, not copies", () => {
  const file = craft(`{${VALID}}`, 8);
  const view = getTensor(readSafetensors(file).tensors, "a");
  assert.equal(view.bytes.buffer, file.buffer);
  assert.equal(view.bytes.byteOffset, file.length - 8);
});

Deno.test("readSafetensors() reads a file that begins inside a larger buffer", () => {
  const file = craft(`{${VALID}}`, 8);
  const larger = new Uint8Array(file.length + 10).fill(0xff);
  larger.set(file, 3);
  const { tensors } = readSafetensors(larger.subarray(3, 3 + file.length));
  assert.deepEqual([...toFloat32(getTensor(tensors, "a"))], [0, 0]);
});

Deno.test("getTensor() names the tensor that is not there", () => {
  const { tensors } = readSafetensors(craft(`{${VALID}}`, 8));
  assert.throws(() => getTensor(tensors, "b"), { name: "ModelError", message: /"b".* 1 / });
});

function viewOf(dtype: Dtype, bytes: number[], shape = [1]): TensorView {
  return { name: "x", dtype, shape, bytes: Uint8Array.from(bytes) };
}

Deno.test("toFloat32() converts F32, F16, BF16 and F64", () => {
  assert.deepEqual([...toFloat32(viewOf("F64", [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]))], [1.5]);
  assert.deepEqual([...toFloat32(viewOf("F32", [0, 0, 0x80, 0x3f]))], [1]);
  assert.deepEqual([...toFloat32(viewOf("F16", [0x01, 0x00]))], [2 ** -24]);
  assert.deepEqual([...toFloat32(viewOf("F16", [0x00, 0x7c]))], [Infinity]);
  assert.deepEqual([...toFloat32(viewOf("BF16", [0xc0, 0xbf]))], [-1.5]);
});

Deno.test("toFloat32() refuses other types by name", () => {
  const message = /^Tensor "x" is I64: Tessera reads F32, F16, BF16 and F64$/;
  assert.throws(() => toFloat32(viewOf("I64", Array(8).fill(0))), { name: "ModelError", message });
});

Deno.test("toFloat32() refuses a view whose bytes do not fit its shape", () => {
  const message = /\[2\] takes 4 bytes, but 2/;
  assert.throws(() => toFloat32(viewOf("F16", [0, 0], [2])), { name: "ModelError", message });
});

Deno.test("writeSafetensors() writes what the reference writes", () => {
  const tensors = new Map<string, FloatTensor>([
    ["attn.0", { dtype: "F32", shape: [1, 2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) }],
  ]);
  const header = '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}';
  const expected = craft(header, 24);
  expected.set(new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer), 8 + header.length);
  assert.deepEqual(writeSafetensors(tensors), expected);
  assert.deepEqual(writeSafetensors(new Map()), craft("{}      "));
});

Deno.test("writeSafetensors() sorts by type, then by code point, whatever the order given", () => {
  const one = (dtype: FloatDtype): FloatTensor => ({ dtype, shape: [], data: Float32Array.of(1) });
  const given: [string, FloatTensor][] = [
    ["\u{1f600}", one("F32")],
    ["\uffee", one("F32")],
    ["b", one("F16")],
    ["a.10", one("F16")],
    ["a", one("F16")],
    ["c", one("BF16")],
    ["__proto__", one("F32")],
    ["10", one("F32")],
  ];
  const metadata: [string, string][] = [["b", "2"], ["a", "1"]];
  const file = writeSafetensors(new Map(given), new Map(metadata));
  const read = readSafetensors(file);
  const expected = ["10", "__proto__", "\uffee", "\u{1f600}", "c", "a", "a.10", "b"];
  assert.deepEqual([...read.tensors.keys()], expected);
  assert.deepEqual([...read.metadata], [["a", "1"], ["b", "2"]]);
  const reversed = writeSafetensors(
    new Map(given.toReversed()),
    new Map(metadata.toReversed()),
  );
  assert.deepEqual(reversed, file);
});

Deno.test("writeSafetensors() rounds to the nearest, ties to even", () => {
  const data = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -8, 1 + 3 * 2 ** -8, NaN);
  const [half, brain] = (["F16", "BF16"] as const).map((dtype) => {
    const file = writeSafetensors(new Map([["x", { dtype, shape: [5], data }]]));
    return [...toFloat32(getTensor(readSafetensors(file).tensors, "x"))];
  });
  assert.deepEqual(half, [1, 1 + 2 ** -9, 1 + 2 ** -8, 1 + 3 * 2 ** -8, NaN]);
  assert.deepEqual(brain, [1, 1, 1, 1 + 2 ** -6, NaN]);
});

Deno.test("writeSafetensors() refuses what could not be read back", () => {
  const wrong: FloatTensor = { dtype: "F32", shape: [3], data: new Float32Array(2) };
  assertKind("InvalidTensorView", /"x".*\[3\] takes 12 bytes, but 8/, () => {
    writeSafetensors(new Map([["x", wrong]]));
  });
  const right: FloatTensor = { ...wrong, shape: [2] };
  for (const name of ["__metadata__", "\ud800"]) {
    assertKind("InvalidHeaderDeserialization", /cannot hold/, () => {
      writeSafetensors(new Map([[name, right]]));
    });
  }
});

/** Rounds as the file does: to single, half or brain precision. */
function stored(dtype: FloatDtype, value: number): number {
  if (dtype === "F32") return value;
  if (dtype === "F16") return Math.f16round(value);
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] & 0xffff0000;
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}

Deno.test("a written file reads back, at any alignment, and writes back to equal bytes", async () => {
  await withRandom((random) => {
    for (let run = 0; run < 50; run++) {
      const tensors = new Map<string, FloatTensor>();
      for (let i = random.integer(0, 6); i > 0; i--) {
        const dtype = random.pick(["F32", "F16", "BF16"] as const);
        const shape = Array.from({ length: random.integer(0, 4) }, () => random.integer(0, 5));
        const length = shape.reduce((product, size) => product * size, 1);
        const data = random.values(length).map((value) => stored(dtype, value));
        tensors.set(`${"x".repeat(random.integer(0, 9))}.${i}`, { dtype, shape, data });
      }
      const metadata = new Map([["seed", `${random.seed}`]]);
      const file = writeSafetensors(tensors, metadata);

      const offset = random.integer(0, 7);
      const shifted = new Uint8Array(offset + file.length).subarray(offset);
      shifted.set(file);
      const read = readSafetensors(shifted);
      assert.deepEqual(read.metadata, metadata);
      const again = new Map<string, FloatTensor>();
      for (const [name, view] of read.tensors) {
        const { dtype, shape, data } = tensors.get(name)!;
        assert.deepEqual([view.dtype, view.shape], [dtype, shape]);
        assert.deepEqual(toFloat32(view), data);
        again.set(name, { dtype, shape, data: toFloat32(view) });
      }
      assert.equal(again.size, tensors.size);
      assert.deepEqual(writeSafetensors(again, read.metadata), file);
    }
  });
});
