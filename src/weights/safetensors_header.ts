/**
 * The header of a safetensors file: strict JSON of one known form.
 *
 * `JSON.parse` would take duplicate keys, lose digits of integers above 2^53 and build millions of
 * objects out of a hostile header before anyone could look at them. This scanner knows the form,
 * so it stops at the first character that does not belong there.
 */

import { ModelError } from "../errors.ts";
import { BITS_PER_ELEMENT, type Dtype, quote } from "./tensor.ts";

/** What went wrong, by the name that the reference implementation (in Rust) gives it. */
export type SafetensorsErrorKind =
  | "HeaderTooSmall"
  | "HeaderTooLarge"
  | "InvalidHeaderLength"
  | "InvalidHeader"
  | "InvalidHeaderDeserialization"
  | "InvalidOffset"
  | "ValidationOverflow"
  | "MisalignedSlice"
  | "TensorInvalidInfo"
  | "MetadataIncompleteBuffer"
  | "InvalidTensorView";

/**
 * Bytes that are not a safetensors file, or tensors that cannot be written as one.
 *
 * @example
 * ```ts
 * import { readSafetensors } from "./safetensors.ts";
 *
 * try {
 *   readSafetensors(new Uint8Array(3));
 * } catch (error) {
 *   if (error instanceof SafetensorsError) console.log(error.kind); // HeaderTooSmall
 * }
 * ```
 */
export class SafetensorsError extends ModelError {
  override readonly name: string = "SafetensorsError";

  constructor(
    /** The reference implementation's name for the error. */
    readonly kind: SafetensorsErrorKind,
    message: string,
  ) {
    super(message);
  }
}

/** The key of the header that holds strings, not a tensor. */
export const METADATA_KEY = "__metadata__";

/** The largest u64, which bounds every integer of the header. */
export const U64_MAX = 2n ** 64n - 1n;

/** What the header says of one tensor; integers are exact and not yet compared with anything. */
export interface TensorInfo {
  name: string;
  dtype: Dtype;
  shape: bigint[];
  /** First byte, counted from the end of the header. */
  start: bigint;
  /** One past the last byte. */
  end: bigint;
}

/** A parsed header: tensors in the order in which they were written. */
export interface Header {
  metadata: Map<string, string>;
  tensors: TensorInfo[];
}

/** Nesting at which the reference's JSON reader gives up, too. */
const MAX_DEPTH = 128;

/**
 * Limits that the reference does not have: without them a hostile header of 100 MB fills gigabytes
 * of memory before anything is found wrong. The largest upscaling networks have about a thousand tensors.
 */
const MAX_KEYS = 65_536;
const MAX_DIMENSIONS = 64;

/**
 * Parses the header's text.
 *
 * Fields of a tensor other than `dtype`, `shape` and `data_offsets` are passed over, as in the
 * reference; a key that occurs twice is refused, where the reference takes the last.
 *
 * @throws {SafetensorsError} `InvalidHeaderDeserialization`, with the place and the reason
 */
export function parseHeader(text: string): Header {
  const scanner = new HeaderScanner(text);
  const metadata = new Map<string, string>();
  const tensors: TensorInfo[] = [];
  scanner.object((key) => {
    if (key !== METADATA_KEY) tensors.push(tensorInfo(scanner, key));
    else if (!scanner.tryLiteral("null")) scanner.object((k) => metadata.set(k, scanner.string()));
  });
  scanner.end();
  return { metadata, tensors };
}

function tensorInfo(scanner: HeaderScanner, name: string): TensorInfo {
  let dtype: string | undefined;
  let shape: bigint[] | undefined;
  let offsets: bigint[] | undefined;
  scanner.object((key) => {
    if (key === "dtype") dtype = scanner.string();
    else if (key === "shape") shape = scanner.integers();
    else if (key === "data_offsets") offsets = scanner.integers();
    else scanner.skipValue();
  });
  if (dtype === undefined || !Object.hasOwn(BITS_PER_ELEMENT, dtype)) {
    scanner.fail(`the dtype of tensor ${quote(name)} is ${dtype ?? "missing"}`);
  }
  if (shape === undefined) scanner.fail(`tensor ${quote(name)} has no shape`);
  if (offsets?.length !== 2) {
    scanner.fail(`tensor ${quote(name)} has ${offsets?.length ?? "no"} data_offsets, expected 2`);
  }
  return { name, dtype: dtype as Dtype, shape, start: offsets[0], end: offsets[1] };
}

/** Walks over JSON text from left to right; each method consumes what it is named after. */
class HeaderScanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fail(reason: string): never {
    throw new SafetensorsError(
      "InvalidHeaderDeserialization",
      `Header is not valid before character ${this.#position}: ${reason}`,
    );
  }

  /** Returns the next character that is not a space, without consuming it; "" at the end. */
  peek(): string {
    while (isSpace(this.#text[this.#position])) this.#position++;
    return this.#text.charAt(this.#position);
  }

  take(character: string): void {
    const found = this.peek();
    if (found !== character) {
      this.fail(`expected ${quote(character)}, found ${found === "" ? "the end" : quote(found)}`);
    }
    this.#position++;
  }

  end(): void {
    if (this.peek() !== "") this.fail(`expected the end, found ${quote(this.peek())}`);
  }

  tryLiteral(literal: string): boolean {
    this.peek();
    if (!this.#text.startsWith(literal, this.#position)) return false;
    this.#position += literal.length;
    return true;
  }

  string(): string {
    this.take('"');
    const start = this.#position;
    while (this.#position < this.#text.length && this.#text[this.#position] !== '"') {
      this.#position += this.#text[this.#position] === "\\" ? 2 : 1;
    }
    const value = parseString(this.#text.slice(start - 1, this.#position + 1));
    if (value === undefined) this.fail("a string is not closed, or has a wrong escape");
    this.#position++;
    return value;
  }

  /** An unsigned 64-bit integer: no sign, no fraction, no exponent. */
  integer(): bigint {
    this.peek();
    const digits = this.#match(/(?:0|[1-9]\d{0,19})(?![\d.eE])/y);
    if (digits === "" || BigInt(digits) > U64_MAX) this.fail("expected a whole number below 2^64");
    return BigInt(digits);
  }

  integers(): bigint[] {
    const values: bigint[] = [];
    this.array(() => {
      if (values.length === MAX_DIMENSIONS) this.fail(`more than ${MAX_DIMENSIONS} numbers`);
      values.push(this.integer());
    });
    return values;
  }

  array(element: () => void): void {
    this.take("[");
    if (this.peek() !== "]") {
      element();
      while (this.peek() === ",") {
        this.take(",");
        element();
      }
    }
    this.take("]");
  }

  object(value: (key: string) => void): void {
    const seen = new Set<string>();
    const member = () => {
      const key = this.string();
      if (seen.size === MAX_KEYS) this.fail(`an object has more than ${MAX_KEYS} keys`);
      if (seen.has(key)) this.fail(`key ${quote(key)} occurs twice`);
      seen.add(key);
      this.take(":");
      value(key);
    };
    this.take("{");
    if (this.peek() !== "}") {
      member();
      while (this.peek() === ",") {
        this.take(",");
        member();
      }
    }
    this.take("}");
  }

  skipValue(depth = 0): void {
    if (depth > MAX_DEPTH) this.fail(`values are nested deeper than ${MAX_DEPTH}`);
    const next = this.peek();
    if (next === "{") this.object(() => this.skipValue(depth + 1));
    else if (next === "[") this.array(() => this.skipValue(depth + 1));
    else if (next === '"') this.string();
    else if (!this.#match(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y)) {
      this.fail("expected a value");
    }
  }

  #match(sticky: RegExp): string {
    sticky.lastIndex = this.#position;
    const found = sticky.exec(this.#text)?.[0] ?? "";
    this.#position += found.length;
    return found;
  }
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}

/** Decodes a JSON string with its quotes; undefined when it is not one, or not valid Unicode. */
function parseString(quoted: string): string | undefined {
  try {
    const value: string = JSON.parse(quoted);
    return value.isWellFormed() ? value : undefined;
  } catch {
    return undefined;
  }
}
