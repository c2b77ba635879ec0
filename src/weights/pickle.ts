/**
 * Python pickles (protocols 0 to 5), read without Python and without risk.
 *
 * A pickle is a program for a stack machine whose instructions may name any function of Python and call
 * it. This machine has no functions: whoever reads a pickle lists the names it may mention and says
 * what a call of them means. Any other name is refused where it is mentioned, before anything is made
 * of it. Time and memory are bounded by the number of instructions; nothing recurses.
 */

import { ModelError } from "../errors.ts";
import { quote } from "./tensor.ts";

/** What a pickle holds: plain values, the four kinds below, and what its reader makes of calls. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleObject;

/** What the reader of a pickle makes of calls and of references to things outside the pickle. */
export interface PickleObject {
  readonly made: string;
}

/** A tuple. */
export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dict, whose keys are text or whole numbers. */
export class PickleDict {
  readonly entries: Map<string | number, PickleValue> = new Map();
}

/** A function or class by its full name, such as `collections.OrderedDict`. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** What the names in a pickle mean. */
export interface PickleWorld {
  /** Says whether a pickle may mention this name. */
  allows(name: string): boolean;
  /** Returns what a call of an allowed name gives. */
  call(name: string, args: readonly PickleValue[]): PickleValue;
  /** Returns what a reference to something outside the pickle means. */
  load(reference: PickleValue): PickleValue;
}

/** Instructions of one pickle: some thirty describe a tensor. */
const MAX_INSTRUCTIONS = 2_000_000;

const MAX_PROTOCOL = 5;

/** Bytes of the largest whole number: the magic number of PyTorch's files takes 10. */
const MAX_INTEGER_BYTES = 256;

/** Characters of the longest line in the instructions that are written as text. */
const MAX_LINE = 65_536;

/** Where the items of a tuple, list or dict begin on the stack. */
const MARK = Symbol("mark");

type Instruction = (machine: Machine) => void;

/**
 * Reads one pickle.
 *
 * @param bytes the pickle, and whatever follows it
 * @returns its value, and how many bytes it takes
 * @throws {ModelError} when it is damaged, too long, or mentions what `world` does not allow
 *
 * @example
 * ```ts
 * const world = {
 *   allows: () => false,
 *   call: () => null,
 *   load: () => null,
 * };
 * console.log(readPickle(Uint8Array.of(0x80, 2, 0x4b, 7, 0x2e), world)); // { value: 7, length: 5 }
 * ```
 */
export function readPickle(
  bytes: Uint8Array,
  world: PickleWorld,
): { value: PickleValue; length: number } {
  const machine: Machine = new Machine(bytes, world);
  for (let count = 0; !machine.stopped; count++) {
    if (count === MAX_INSTRUCTIONS) {
      throw new ModelError(`Pickle has more than ${MAX_INSTRUCTIONS} instructions`);
    }
    const opcode = machine.take(1)[0];
    const instruction = INSTRUCTIONS.get(opcode);
    if (instruction === undefined) {
      const code = `0x${opcode.toString(16).padStart(2, "0")}`;
      machine.fail(`instruction ${code} has no place in a file of tensors`);
    }
    instruction(machine);
  }
  return { value: machine.pop(), length: machine.position };
}

/** The stack, the memo, and the bytes that are still to come. */
class Machine {
  position = 0;
  stopped = false;
  readonly memo = new Map<number, PickleValue>();
  readonly world: PickleWorld;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: (PickleValue | typeof MARK)[] = [];

  constructor(bytes: Uint8Array, world: PickleWorld) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.world = world;
  }

  fail(reason: string): never {
    throw new ModelError(`Pickle cannot be read before byte ${this.position}: ${reason}`);
  }

  take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.position) {
      this.fail(
        `expected ${count} more bytes, found ${this.#bytes.length - this.position}: truncated`,
      );
    }
    this.position += count;
    return this.#bytes.subarray(this.position - count, this.position);
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. */
  unsigned(byteCount: 1 | 2 | 4 | 8): number {
    this.take(byteCount);
    const start = this.position - byteCount;
    if (byteCount === 1) return this.#view.getUint8(start);
    if (byteCount === 2) return this.#view.getUint16(start, true);
    if (byteCount === 4) return this.#view.getUint32(start, true);
    return Number(this.#view.getBigUint64(start, true));
  }

  int32(): number {
    this.take(4);
    return this.#view.getInt32(this.position - 4, true);
  }

  float64(): number {
    this.take(8);
    return this.#view.getFloat64(this.position - 8);
  }

  text(byteCount: number): string {
    return this.decode(this.take(byteCount));
  }

  /** A line of text, without its end. */
  line(): string {
    const rest = this.#bytes.subarray(this.position, this.position + MAX_LINE);
    const length = rest.indexOf(0x0a);
    if (length < 0) this.fail("a line has no end");
    return this.decode(this.take(length + 1).subarray(0, length));
  }

  decode(bytes: Uint8Array): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      this.fail(`${bytes.length} bytes of text are not UTF-8`);
    }
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pushMark(): void {
    this.#stack.push(MARK);
  }

  /** The topmost value, which stays. */
  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) this.fail("the stack is empty");
    return value;
  }

  pop(): PickleValue {
    const value = this.top();
    this.#stack.pop();
    return value;
  }

  /** Takes off the topmost value or mark. */
  discard(): void {
    if (this.#stack.pop() === undefined) this.fail("the stack is empty");
  }

  /** The values above the last mark, which goes with them. */
  popToMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) this.fail("no mark is on the stack");
    const values = this.#stack.splice(mark).slice(1);
    return values as PickleValue[];
  }

  popTuple(): PickleTuple {
    const value = this.pop();
    if (!(value instanceof PickleTuple)) this.fail("expected a tuple");
    return value;
  }

  popText(): string {
    const value = this.pop();
    if (typeof value !== "string") this.fail("expected text");
    return value;
  }

  remember(index: number): void {
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) this.fail(`nothing is remembered as ${index}`);
    this.push(value);
  }

  /** Refuses names before anything is made of them. */
  global(module: string, name: string): PickleGlobal {
    const full = `${module}.${name}`;
    if (this.world.allows(full)) return new PickleGlobal(full);
    throw new ModelError(
      `Pickle asks for ${
        quote(full)
      }, which is no part of a tensor: a program may hide in such a ` +
        "file, so nothing of it was used",
    );
  }

  /** Calls a name that was allowed. */
  call(callee: PickleValue, args: PickleTuple): void {
    if (!(callee instanceof PickleGlobal)) this.fail("what is called is no function");
    this.push(this.world.call(callee.name, args.items));
  }

  setItems(pairs: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) this.fail("keys are set on what is no dict");
    if (pairs.length % 2 !== 0) this.fail("a key has no value");
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      if (typeof key !== "string" && typeof key !== "number") {
        this.fail("a key is neither text nor a number");
      }
      if (dict.entries.has(key)) this.fail(`key ${quote(`${key}`)} is set twice`);
      dict.entries.set(key, pairs[i + 1]);
    }
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) this.fail("items are appended to what is no list");
    for (const value of values) list.push(value);
  }
}

/** A whole number of little-endian two's complement; a bigint where a number would lose digits. */
function integerOf(machine: Machine, byteCount: number): number | bigint {
  if (byteCount > MAX_INTEGER_BYTES) machine.fail(`a whole number of ${byteCount} bytes`);
  const bytes = machine.take(byteCount);
  let value = 0n;
  for (const byte of bytes.toReversed()) value = value << 8n | BigInt(byte);
  return narrow(BigInt.asIntN(8 * byteCount, value));
}

/** The same in decimal digits, with the `L` that Python 2 put behind them. */
function integerOfText(machine: Machine): number | bigint {
  const digits = machine.line().replace(/L$/, "");
  if (!/^-?\d{1,600}$/.test(digits)) machine.fail(`${quote(digits)} is no whole number`);
  return narrow(BigInt(digits));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** `I01` and `I00` are how old protocols write True and False. */
function integerOrBoolean(machine: Machine): number | bigint | boolean {
  const start = machine.position;
  const text = machine.line();
  if (text === "00" || text === "01") return text === "01";
  machine.position = start;
  return integerOfText(machine);
}

function floatOfText(machine: Machine): number {
  const text = machine.line();
  const value = text === "" ? NaN : Number(text.replace(/^([-+]?)inf$/, "$1Infinity"));
  if (Number.isNaN(value) && text !== "nan") machine.fail(`${quote(text)} is no number`);
  return value;
}

/** Text in quotes, as Python 2 wrote it; escapes do not occur in files of tensors. */
function quotedText(machine: Machine): string {
  const text = machine.line();
  if (!/^(['"])[^\\]*\1$/.test(text)) machine.fail(`${quote(text)} is no plain text in quotes`);
  return text.slice(1, -1);
}

function escapedText(machine: Machine): string {
  const unescaped = (_: string, hex: string) => String.fromCharCode(parseInt(hex, 16));
  return machine.line().replaceAll(/\\u([0-9a-fA-F]{4})/g, unescaped);
}

function indexOfText(machine: Machine): number {
  const text = machine.line();
  if (!/^\d{1,10}$/.test(text)) machine.fail(`${quote(text)} is no index`);
  return Number(text);
}

function tupleOf(machine: Machine, count: number): PickleTuple {
  return new PickleTuple(Array.from({ length: count }, () => machine.pop()).reverse());
}

function dictOf(machine: Machine, pairs: readonly PickleValue[]): void {
  machine.push(new PickleDict());
  machine.setItems(pairs);
}

/** The state of an OrderedDict is what PyTorch notes about modules; no other object has one. */
function build(machine: Machine): void {
  const state = machine.pop();
  if (!(machine.top() instanceof PickleDict) || !(state instanceof PickleDict)) {
    machine.fail("a state is set on what is no dict");
  }
}

/** Calls the class that lies below its arguments on the stack. */
function makeInstance(machine: Machine, args: readonly PickleValue[]): void {
  machine.call(machine.pop(), new PickleTuple(args));
}

/** Every instruction that is known, by the letter that Python's pickletools give it. */
const INSTRUCTIONS: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x80, (m) => {
    const protocol = m.unsigned(1);
    if (protocol > MAX_PROTOCOL) m.fail(`protocol ${protocol}, the newest known is 5`);
  }],
  [0x95, (m) => {
    const length = m.unsigned(8);
    m.take(length);
    m.position -= length;
  }],
  [byteOf("."), (m) => m.stopped = true],

  [byteOf("N"), (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [byteOf("I"), (m) => m.push(integerOrBoolean(m))],
  [byteOf("L"), (m) => m.push(integerOfText(m))],
  [byteOf("K"), (m) => m.push(m.unsigned(1))],
  [byteOf("M"), (m) => m.push(m.unsigned(2))],
  [byteOf("J"), (m) => m.push(m.int32())],
  [0x8a, (m) => m.push(integerOf(m, m.unsigned(1)))],
  [0x8b, (m) => m.push(integerOf(m, m.unsigned(4)))],
  [byteOf("F"), (m) => m.push(floatOfText(m))],
  [byteOf("G"), (m) => m.push(m.float64())],

  [byteOf("S"), (m) => m.push(quotedText(m))],
  [byteOf("V"), (m) => m.push(escapedText(m))],
  [byteOf("T"), (m) => m.push(m.text(m.unsigned(4)))],
  [byteOf("U"), (m) => m.push(m.text(m.unsigned(1)))],
  [byteOf("X"), (m) => m.push(m.text(m.unsigned(4)))],
  [0x8c, (m) => m.push(m.text(m.unsigned(1)))],
  [0x8d, (m) => m.push(m.text(m.unsigned(8)))],
  [byteOf("B"), (m) => m.push(m.take(m.unsigned(4)))],
  [byteOf("C"), (m) => m.push(m.take(m.unsigned(1)))],
  [0x8e, (m) => m.push(m.take(m.unsigned(8)))],

  [byteOf("("), (m) => m.pushMark()],
  [byteOf("0"), (m) => m.discard()],
  [byteOf("1"), (m) => m.popToMark()],
  [byteOf("2"), (m) => m.push(m.top())],
  [byteOf(")"), (m) => m.push(new PickleTuple([]))],
  [byteOf("t"), (m) => m.push(new PickleTuple(m.popToMark()))],
  [0x85, (m) => m.push(tupleOf(m, 1))],
  [0x86, (m) => m.push(tupleOf(m, 2))],
  [0x87, (m) => m.push(tupleOf(m, 3))],
  [byteOf("]"), (m) => m.push([])],
  [byteOf("l"), (m) => m.push(m.popToMark())],
  [byteOf("a"), (m) => m.append([m.pop()])],
  [byteOf("e"), (m) => m.append(m.popToMark())],
  [byteOf("}"), (m) => m.push(new PickleDict())],
  [byteOf("d"), (m) => dictOf(m, m.popToMark())],
  [byteOf("s"), (m) => m.setItems(tupleOf(m, 2).items)],
  [byteOf("u"), (m) => m.setItems(m.popToMark())],
  [0x8f, (m) => m.push([])],
  [0x90, (m) => m.append(m.popToMark())],
  [0x91, (m) => m.push(m.popToMark())],

  [byteOf("p"), (m) => m.remember(indexOfText(m))],
  [byteOf("q"), (m) => m.remember(m.unsigned(1))],
  [byteOf("r"), (m) => m.remember(m.unsigned(4))],
  [0x94, (m) => m.remember(m.memo.size)],
  [byteOf("g"), (m) => m.recall(indexOfText(m))],
  [byteOf("h"), (m) => m.recall(m.unsigned(1))],
  [byteOf("j"), (m) => m.recall(m.unsigned(4))],

  [byteOf("c"), (m) => m.push(m.global(m.line(), m.line()))],
  [0x93, (m) => {
    const name = m.popText();
    m.push(m.global(m.popText(), name));
  }],
  [byteOf("R"), (m) => {
    const args = m.popTuple();
    m.call(m.pop(), args);
  }],
  [byteOf("i"), (m) => {
    const callee = m.global(m.line(), m.line());
    m.call(callee, new PickleTuple(m.popToMark()));
  }],
  [byteOf("o"), (m) => {
    const [callee = null, ...args] = m.popToMark();
    m.call(callee, new PickleTuple(args));
  }],
  [0x81, (m) => makeInstance(m, m.popTuple().items)],
  [byteOf("b"), build],
  [byteOf("Q"), (m) => m.push(m.world.load(m.pop()))],
]);

function byteOf(letter: string): number {
  return letter.charCodeAt(0);
}
