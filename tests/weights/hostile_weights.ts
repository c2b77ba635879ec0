/**
 * Files made to attack a reader of weights, each with the reason for which it must be refused. Programs
 * in them would leave a file behind; nothing of them may run.
 */

import type { Random } from "../reference/random.ts";
import {
  join,
  legacyHead,
  little,
  op,
  pickledDict,
  pickledStorage,
  pickledTensor,
  pickleOf,
  storage,
  type StorageSpec,
  type TensorSpec,
  torchPickles,
  torchZip,
  zipOf,
  type ZipSpec,
} from "./torch_files.ts";

/** A file, and what its refusal must say. */
export interface Attack {
  what: string;
  file: Uint8Array;
  reason: RegExp;
}

/** Makes one attack of a kind. */
type Kind = (random: Random, marker: string) => Attack;

const SIX = storage("0", "F32", Float32Array.of(0, 1, 2, 3, 4, 5));

/** A sound tensor, so that only one thing is wrong with a file. */
function soundTensor(spec: Partial<TensorSpec> = {}): Uint8Array {
  return pickledTensor({ storage: SIX, shape: [2, 3], ...spec });
}

/** The checkpoint in one of the containers. */
function contain(random: Random, value: Uint8Array, storages: StorageSpec[] = [SIX]): Uint8Array {
  const container = random.integer(0, 3);
  if (container === 0) return torchPickles(value, storages);
  const end = { zip64: container === 3 };
  return torchZip(value, storages, { deflate: container === 2, end });
}

/** Functions and classes that attackers use, and some that look like those that are known. */
const NAMES: [module: string, name: string][] = [
  ["os", "system"],
  ["posix", "system"],
  ["nt", "system"],
  ["os", "popen"],
  ["subprocess", "Popen"],
  ["subprocess", "check_output"],
  ["builtins", "eval"],
  ["builtins", "exec"],
  ["__builtin__", "eval"],
  ["builtins", "__import__"],
  ["builtins", "getattr"],
  ["builtins", "open"],
  ["operator", "attrgetter"],
  ["functools", "partial"],
  ["importlib", "import_module"],
  ["runpy", "_run_code"],
  ["pickle", "loads"],
  ["_codecs", "encode"],
  ["socket", "create_connection"],
  ["webbrowser", "open"],
  ["shutil", "rmtree"],
  ["torch", "load"],
  ["torch.hub", "load"],
  ["torch", "Tensor"],
  ["torch._utils", "_rebuild_tensor_v2.__globals__"],
  ["torch._utils", "_rebuild_sparse_tensor"],
  ["torch._utils ", "_rebuild_tensor_v2"],
  ["torch.storage", "_load_from_bytes"],
  ["torch.nn.modules.conv", "Conv2d"],
  ["collections", "defaultdict"],
  ["collections.OrderedDict", "fromkeys"],
  ["numpy.core.multiarray", "_reconstruct"],
  ["__main__", "Network"],
];

function unknownGlobal(random: Random, marker: string): Attack {
  const [module, name] = random.pick(NAMES);
  const command = op.text(`touch ${marker}`);
  const form = random.pick(["global", "stack global", "instance", "object", "remembered"] as const);
  const forms = {
    global: () => op.call(op.global(module, name), command),
    "stack global": () => op.call(op.stackGlobal(module, name), command),
    instance: () => join("(", command, `i${module}\n${name}\n`),
    object: () => join("(", op.global(module, name), command, "o"),
    remembered: () =>
      join(op.text(module), "q", 1, "0", op.text(name), "q", 2, "0h", 1, "h", 2, 0x93, [
        0x29,
        0x52,
      ]),
  };
  const called = forms[form]();
  const places: Record<string, () => Uint8Array> = {
    "the checkpoint": () => called,
    "a value": () => pickledDict({ x: soundTensor(), y: called }),
    "a value before the tensors": () => pickledDict({ y: called, x: soundTensor() }),
    "a thrown away value": () => join(called, "0", pickledDict({ x: soundTensor() })),
    "a key": () => op.dict(called, soundTensor()),
    "a device": () => pickledDict({ x: join(op.tuple(op.text("storage"), called), "Q") }),
    "a state": () => join(pickledDict({ x: soundTensor() }), called, "b"),
  };
  const place = random.pick(Object.keys(places));
  const shown = JSON.stringify(`${module}.${name}`).replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return {
    what: `${module}.${name} as ${place} (${form})`,
    file: contain(random, places[place]()),
    reason: new RegExp(`Pickle asks for ${shown}, which is no part of a tensor`),
  };
}

/** Lists that hold the one before many times: 10^depth items to whoever follows them. */
function laughs(random: Random): Attack {
  const depth = random.integer(9, 200);
  const levels = Array.from(
    { length: depth },
    (_, i) => join("0](", ...Array.from({ length: 10 }, () => join("h", i)), "e", "q", i + 1),
  );
  const bomb = join("]q", 0, ...levels);
  return {
    what: `${depth} lists of ten times the one before`,
    file: contain(random, random.pick([bomb, pickledDict({ params: bomb })])),
    reason: /no dict of tensors|no weights that could be found/,
  };
}

function nestedDicts(random: Random): Attack {
  const depth = random.integer(7, 100_000);
  const head = Array.from({ length: depth }, () => join("}", op.text("params")));
  return {
    what: `${depth} dicts within each other`,
    file: contain(random, join(...head, soundTensor(), new Uint8Array(depth).fill(0x73))),
    reason: /no weights that could be found/,
  };
}

function endlessDict(random: Random): Attack {
  const key = random.pick(["params", "state_dict", "anything"]);
  return {
    what: `a dict that has itself as ${key}`,
    file: contain(random, join("}q", 0, op.text(key), "h", 0, "s")),
    reason: /no weights that could be found/,
  };
}

function badMemo(random: Random): Attack {
  const index = random.integer(300, 2 ** 32 - 1);
  return {
    what: `a memo index of ${index}`,
    file: contain(random, join("Nr", little(index, 4), "0j", little(index - 1, 4))),
    reason: /nothing is remembered as/,
  };
}

function tooManyInstructions(random: Random): Attack {
  const count = random.integer(1_000_001, 1_200_000);
  const pair = random.pick(["N0", "}0", "]0", ")0", "(0", "N2"]);
  return {
    what: `${2 * count} instructions ${pair}`,
    file: contain(random, new TextEncoder().encode(pair.repeat(count))),
    reason: /more than 2000000 instructions/,
  };
}

const INSTRUCTIONS: [what: string, () => Uint8Array, RegExp][] = [
  ["an instruction that no protocol has", () => join(0xff), /instruction 0xff has no place/],
  ["an extension of Python's registry", () => join(0x82, 1), /instruction 0x82 has no place/],
  ["an instance with keywords", () => join(")})", 0x92), /instruction 0x92 has no place/],
  ["a reference as text", () => join("Pstorage\n"), /instruction 0x50 has no place/],
  ["protocol 6", () => join(0x80, 6), /protocol 6, the newest known is 5/],
  ["text of 4 GB", () => join("X", little(0xffffffff, 4)), /4294967295 more bytes.*truncated/],
  ["text of 2^63 bytes", () => join(0x8d, little(2n ** 63n, 8)), /more bytes.*truncated/],
  ["bytes of 4 GB", () => join("B", little(0xfffffff0, 4)), /more bytes.*truncated/],
  ["a frame beyond the end", () => join(0x95, little(2n ** 40n, 8)), /more bytes.*truncated/],
  [
    "a whole number of 2 GB",
    () => join(0x8b, little(0x7fffffff, 4)),
    /a whole number of 2147483647/,
  ],
  ["a line without an end", () => join("V".padEnd(70_000, "x")), /a line has no end/],
  ["a number that is none", () => join("Ione\n"), /"one" is no whole number/],
  ["text with a wrong encoding", () => join("U", 2, [0xc3, 0x28]), /are not UTF-8/],
  ["an empty stack", () => join("R"), /the stack is empty/],
  ["an empty stack under a mark", () => join("(R"), /the stack is empty/],
  ["items without a mark", () => join("}NNu"), /no mark is on the stack/],
  ["a key without a value", () => join("}(Nu"), /a key has no value/],
  ["a key that is a list", () => join("}(]Nu"), /a key is neither text nor a number/],
  [
    "a key twice",
    () => op.dict(op.text("a"), join("N"), op.text("a"), join("N")),
    /"a" is set twice/,
  ],
  ["keys set on a tuple", () => join(")(NNu"), /keys are set on what is no dict/],
  ["items appended to a dict", () => join("}Na"), /items are appended to what is no list/],
  ["a call of text", () => join(op.text("os.system"), ")R"), /what is called is no function/],
  ["a call of a type", () => op.call(op.global("torch", "FloatStorage")), /which is a type only/],
  [
    "arguments that are no tuple",
    () => join(op.global("collections", "OrderedDict"), "]R"),
    /a tuple/,
  ],
  ["a state of a tensor", () => join(soundTensor(), "}b"), /a state is set on what is no dict/],
  ["a state that is no dict", () => join("})b"), /a state is set on what is no dict/],
];

function badInstruction(random: Random): Attack {
  const [what, make, reason] = random.pick(INSTRUCTIONS);
  return { what, file: contain(random, join(make(), "0", pickledDict({}))), reason };
}

/** Sizes, offsets and strides that reach beyond the six elements of the storage. */
const REACHES: [Partial<TensorSpec>, RegExp][] = [
  [{ shape: [7] }, /7 elements up to the 7th of storage "0", which has 6/],
  [{ shape: [2, 3], offset: 1 }, /6 elements up to the 7th/],
  [{ shape: [6], offset: 2 ** 40 }, /up to the/],
  [{ shape: [2], strides: [6] }, /up to the 7th/],
  [{ shape: [2, 2], strides: [5, 5] }, /up to the 11th/],
  [{ shape: [1000], strides: [0] }, /1000 elements/],
  [{ shape: [2 ** 31, 2 ** 31] }, /elements up to/],
  [{ shape: [2 ** 52, 2 ** 52, 2 ** 52], strides: [0, 0, 0] }, /elements up to/],
  [{ shape: [2], strides: [2 ** 53 - 1] }, /up to the/],
  [{ shape: [1, 2], strides: [2 ** 53 - 1, 2 ** 53 - 1] }, /up to the/],
  [{ shape: [0], offset: 7 }, /0 elements up to the 7th/],
  [{ shape: [-1] }, /shape are no whole numbers/],
  [{ shape: [2 ** 53] }, /shape are no whole numbers/],
  [{ shape: [2, 3], strides: [-3, 1] }, /strides are no whole numbers/],
  [{ shape: [2, 3], offset: -1 }, /offset is no whole number/],
  [{ shape: [2, 3], strides: [1] }, /2 sizes and 1 strides/],
  [{ shape: Array(17).fill(1) }, /17 dimensions, the limit is 16/],
];

function badReach(random: Random): Attack {
  const [spec, reason] = random.pick(REACHES);
  const what = `a tensor of ${JSON.stringify(spec)}`;
  return { what, file: contain(random, pickledDict({ x: soundTensor(spec) })), reason };
}

/** Storages that are not what is said of them. */
const STORAGES: [what: string, said: Partial<StorageSpec>, RegExp][] = [
  ["larger than it is", { elements: 7 }, /should have (28 bytes|7 elements)/],
  ["smaller than it is", { elements: 5 }, /should have (20 bytes|5 elements)|which has 5/],
  ["of 2^50 elements", { elements: 2 ** 50 }, /should have/],
  ["of another type", { dtype: "F64" }, /should have (48 bytes|6 elements of F64)/],
  [
    "missing",
    { key: "1" },
    /should have 24 bytes, but the archive has none|lists "0" as a storage/,
  ],
  ["outside", { key: "../../../data/0" }, /none of it|lists "0" as a storage/],
  ["called like a method", { key: "constructor" }, /none of it|lists "0" as a storage/],
];

function badStorage(random: Random): Attack {
  const [what, said, reason] = random.pick(STORAGES);
  const spec = { ...SIX, ...said };
  const value = pickledDict({ x: pickledTensor({ storage: spec, shape: [1] }) });
  return { what: `a storage that is ${what}`, file: contain(random, value), reason };
}

const REFERENCES: [what: string, () => Uint8Array, RegExp][] = [
  [
    "a module, which is a program",
    () => join(op.tuple(op.text("module")), "Q"),
    /reference to "module"/,
  ],
  ["text", () => join(op.text("storage"), "Q"), /a reference that is no tuple/],
  [
    "a storage of text",
    () => join(op.tuple(op.text("storage"), op.text("torch.FloatStorage"), op.text("0")), "Q"),
    /without a type/,
  ],
  [
    "a storage without a size",
    () => join(op.tuple(op.text("storage"), op.global("torch", "FloatStorage"), op.text("0")), "Q"),
    /a size/,
  ],
  [
    "a part beyond the whole",
    () => pickledStorage(SIX, op.tuple(op.text("v"), op.int(4), op.int(3))),
    /beyond its 6 elements/,
  ],
  [
    "two sizes of one storage",
    () => join(pickledStorage(SIX), "0", pickledStorage({ ...SIX, elements: 8 })),
    /"0" twice, of 24 and of 32/,
  ],
  [
    "a tensor of no storage",
    () => op.call(op.global("torch._utils", "_rebuild_tensor_v2"), op.none()),
    /a tensor without a storage/,
  ],
  [
    "a parameter of no tensor",
    () => op.call(op.global("torch._utils", "_rebuild_parameter"), op.none()),
    /a parameter without a tensor/,
  ],
];

function badReference(random: Random): Attack {
  const [what, make, reason] = random.pick(REFERENCES);
  return { what, file: contain(random, pickledDict({ x: make() })), reason };
}

/** Many transposed tensors on one storage: each would be a copy. */
function sharing(random: Random): Attack {
  const side = random.integer(600, 1000);
  const large = storage("0", "F32", new Float32Array(side * side));
  const transposed = pickledTensor({ storage: large, shape: [side, side], strides: [1, side] });
  const names = Array.from({ length: random.integer(17, 200) }, (_, i) => `tensor${i}`);
  const [first, ...others] = names;
  const value = op.dict(
    op.text(first),
    join(transposed, "q", 0),
    ...others.flatMap((name) => [op.text(name), join("h", 0)]),
  );
  return {
    what: `${names.length} transposed tensors on one storage of ${side} x ${side}`,
    file: contain(random, value, [large]),
    reason: /more than 16 times the bytes of their storages/,
  };
}

/** The members of a sound archive, one of them changed. */
function archive(random: Random, change: (member: ZipSpec) => Partial<ZipSpec>, deflate: boolean) {
  const members: ZipSpec[] = [
    { name: "a/data.pkl", bytes: pickleOf(pickledDict({ x: soundTensor() })), deflate },
    { name: "a/data/0", bytes: SIX.bytes, deflate },
    { name: "a/version", bytes: join("3\n"), deflate },
  ];
  const chosen = random.integer(0, 1);
  return zipOf(members.map((one, i) => i === chosen ? { ...one, ...change(one) } : one));
}

const LIES: [what: string, (member: ZipSpec) => Partial<ZipSpec>, RegExp][] = [
  ["encrypted", () => ({ entry: { flags: 1 }, local: { flags: 1 } }), /is encrypted/],
  [
    "encrypted, says its own header",
    () => ({ local: { flags: 1 } }),
    /has flags 0x1 in its header/,
  ],
  ["encrypted, says the directory", () => ({ entry: { flags: 1 } }), /is encrypted/],
  [
    "flagged as a patch",
    () => ({ entry: { flags: 0x20 } }),
    /flags 0x20, of which 0x20 is not known/,
  ],
  ["strongly encrypted", () => ({ entry: { flags: 0x40 } }), /of which 0x40 is not known/],
  ["masked", () => ({ entry: { flags: 0x2000 } }), /of which 0x2000 is not known/],
  ["packed by an unknown method", () => ({ entry: { method: 99 } }), /packed by method 99/],
  [
    "packed by LZMA",
    () => ({ entry: { method: 14 }, local: { method: 14 } }),
    /packed by method 14/,
  ],
  ["of two methods", (m) => ({ local: { method: m.deflate ? 0 : 8 } }), /has method/],
  ["of another CRC", () => ({ entry: { crc: 1 }, local: { crc: 1 } }), /is damaged: its CRC-32 is/],
  ["of two CRCs", () => ({ local: { crc: 2 } }), /has crc 0x2 in its header/],
  ["of two sizes", () => ({ local: { size: 3 } }), /has size 0x3 in its header/],
  ["packed in two sizes", () => ({ local: { packed: 3 } }), /has packed 0x3 in its header/],
  ["of two names", () => ({ local: { name: "a/innocent" } }), /calls itself "a\/innocent"/],
  ["elsewhere", () => ({ entry: { start: 7 } }), /has no header at byte 7/],
  ["beyond the end", () => ({ entry: { start: 0xfffffff0 } }), /has no header at byte 4294967280/],
  [
    "as long as 4 GB",
    () => ({ entry: { size: 0xfffffff0 } }),
    /Zip members claim \d+ bytes, the limit/,
  ],
  ["packed into 4 GB", () => ({ entry: { packed: 0xfffffff0 } }), /claims 4294967280|ends at byte/],
  ["without its zip64 sizes", () => ({ entry: { size: 0xffffffff } }), /lacks its zip64 sizes/],
];

function lie(random: Random): Attack {
  const [what, change, reason] = random.pick(LIES);
  const deflate = random.integer(0, 1) === 1;
  return { what: `a member that is ${what}`, file: archive(random, change, deflate), reason };
}

function bomb(random: Random): Attack {
  const size = random.integer(70, 120) * 2 ** 20;
  const zeros = new Uint8Array(size);
  const claimed = random.pick([size, 1000]);
  const sizes = { size: claimed };
  const member = { name: "a/data/0", bytes: zeros, deflate: true, entry: sizes, local: sizes };
  return {
    what: `${size} zeros, said to be ${claimed}`,
    file: zipOf([
      { name: "a/data.pkl", bytes: pickleOf(pickledDict({ x: soundTensor() })) },
      member,
    ]),
    reason: claimed === size
      ? /Zip members claim/
      : /inflates to more than the 1000 bytes it claims/,
  };
}

function shortInflate(random: Random): Attack {
  const sizes = { size: SIX.bytes.length + random.integer(1, 1000) };
  const change = () => ({ entry: sizes, local: sizes, deflate: true });
  const file = archive(random, change, true);
  return {
    what: "a member that inflates to less",
    file,
    reason: /inflates to \d+ bytes, but claims|Zip /,
  };
}

function brokenDeflate(random: Random): Attack {
  const bytes = Uint8Array.from({ length: 200 }, () => random.integer(0, 255) | 6);
  const fields = { method: 8, size: 5000 };
  const member = { name: "a/data.pkl", bytes, entry: fields, local: fields };
  const reason = /is no valid deflate stream|inflates to|is damaged/;
  return { what: "noise as a deflated member", file: zipOf([member]), reason };
}

/** Members that share the bytes of one: a small archive then unpacks to any size. */
function overlap(random: Random): Attack {
  const bytes = new Uint8Array(1000);
  const names = Array.from({ length: random.integer(2, 50) }, () => "a/data/0");
  const file = zipOf(
    names.map((name, i) => ({ name, bytes, ...(i > 0 && { entry: { start: 0 } }) })),
  );
  return { what: `${names.length} members in one place`, file, reason: /the next begins at 0/ };
}

function duplicates(random: Random): Attack {
  const evil = pickleOf(op.call(op.global("os", "system"), op.text("true")));
  const good = pickleOf(pickledDict({ x: soundTensor() }));
  const order = random.pick([[evil, good], [good, evil], [good, good]]);
  const folder = random.pick(["a/", ""]);
  const file = zipOf(order.map((bytes) => ({ name: `${folder}data.pkl`, bytes })));
  return { what: "two members of one name", file, reason: /"(a\/)?data\.pkl" occurs twice/ };
}

function twoPickles(random: Random): Attack {
  const bytes = pickleOf(pickledDict({ x: soundTensor() }));
  const names = random.pick([["a/data.pkl", "b/data.pkl"], ["data.pkl", "a/data.pkl"], [
    "a/model.pkl",
  ]]);
  const file = zipOf(names.map((name) => ({ name, bytes })));
  return { what: `an archive of ${names}`, file, reason: /has \d members "data.pkl", expected 1/ };
}

function badEnd(random: Random): Attack {
  const value = pickledDict({ x: soundTensor() });
  const [end, reason] = random.pick<[Record<string, number | boolean>, RegExp]>([
    [{ count: 2 }, /does not hold the 2 members it claims/],
    [{ count: 9 }, /does not hold the 9 members it claims/],
    [{ directoryStart: 3 }, /Zip directory is at bytes 3 to/],
    [{ directoryBytes: 3 }, /Zip directory is at bytes/],
    [{ directoryBytes: 0xfffffff0 }, /Zip directory is at bytes/],
    [{ zip64: true, count: 60_000_000 }, /60000000 members, the limit is/],
    [{ zip64: true, directoryStart: 2 ** 50 }, /Zip directory is at bytes/],
  ]);
  const what = `an archive whose end says ${JSON.stringify(end)}`;
  return { what, file: torchZip(value, [SIX], { end }), reason };
}

function truncated(random: Random): Attack {
  const file = contain(random, pickledDict({ x: soundTensor() }));
  const length = random.integer(16, file.length - 1);
  const reason =
    /truncated|has no end|after its last|should have|is not in|has no place|Zip|no line/;
  return { what: `${length} of ${file.length} bytes`, file: file.subarray(0, length), reason };
}

function surplus(random: Random): Attack {
  const file = torchPickles(pickledDict({ x: soundTensor() }), [SIX]);
  const more = new Uint8Array(random.integer(1, 1000));
  return {
    what: `${more.length} bytes after a file's end`,
    file: join(file, more),
    reason: /bytes after its last storage/,
  };
}

function laterPickle(random: Random, marker: string): Attack {
  const evil = pickleOf(op.call(op.global("posix", "system"), op.text(`touch ${marker}`)));
  const place = random.integer(0, 2);
  const head = legacyHead();
  const good = pickleOf(pickledDict({}));
  const file = [join(evil, head), join(head, evil, good), join(head, good, evil)][place];
  return { what: `a program as pickle ${place}`, file, reason: /asks for "posix.system"/ };
}

function wrongMagic(random: Random): Attack {
  const first = random.pick([op.int(1), join(0x8a, 10, Array(10).fill(random.integer(0, 255)))]);
  const file = join(pickleOf(first), pickleOf(op.int(1001)), new Uint8Array(50));
  return { what: "another magic number", file, reason: /lacks the magic number/ };
}

/** Every kind, and how many of 500 are of it. */
export const KINDS: readonly { make: Kind; share: number }[] = [
  { make: unknownGlobal, share: 120 },
  { make: laughs, share: 15 },
  { make: nestedDicts, share: 10 },
  { make: endlessDict, share: 8 },
  { make: badMemo, share: 10 },
  { make: tooManyInstructions, share: 6 },
  { make: badInstruction, share: 50 },
  { make: badReach, share: 45 },
  { make: badStorage, share: 30 },
  { make: badReference, share: 24 },
  { make: sharing, share: 6 },
  { make: lie, share: 70 },
  { make: bomb, share: 6 },
  { make: shortInflate, share: 8 },
  { make: brokenDeflate, share: 8 },
  { make: overlap, share: 8 },
  { make: duplicates, share: 8 },
  { make: twoPickles, share: 6 },
  { make: badEnd, share: 14 },
  { make: truncated, share: 30 },
  { make: surplus, share: 5 },
  { make: laterPickle, share: 8 },
  { make: wrongMagic, share: 5 },
];

/** Makes so many attacks of each kind, or all 500. */
export function* attacks(random: Random, marker: string, most = Infinity): Generator<Attack> {
  for (const { make, share } of KINDS) {
    for (let i = 0; i < Math.min(most, share); i++) yield make(random, marker);
  }
}
