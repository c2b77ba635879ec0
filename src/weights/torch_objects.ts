/**
 * What a PyTorch pickle says of its tensors: the few names it may mention, and what they mean. Nothing
 * is read from storages here: a tensor is a reference to one, with offset, shape and strides.
 */

import { ModelError } from "../errors.ts";
import {
  PickleDict,
  PickleGlobal,
  type PickleObject,
  PickleTuple,
  type PickleValue,
  type PickleWorld,
} from "./pickle.ts";
import { BITS_PER_ELEMENT, type Dtype, quote } from "./tensor.ts";

/** Elements in a row that tensors share, all of it or a part. */
export class Storage implements PickleObject {
  readonly made = "storage";

  constructor(
    /** What the file calls it. */
    readonly key: string,
    readonly dtype: Dtype,
    /** Elements of the whole. */
    readonly elements: number,
    /** The part that is meant, in elements of the whole. */
    readonly first: number,
    readonly count: number,
  ) {}

  /** Bytes of the whole. */
  get bytes(): number {
    return this.elements * BITS_PER_ELEMENT[this.dtype] / 8;
  }
}

/** A tensor that has not been read. */
export class TensorReference implements PickleObject {
  readonly made = "tensor";

  constructor(
    readonly storage: Storage,
    /** Its first element in the storage. */
    readonly offset: number,
    readonly shape: readonly number[],
    /** Elements of the storage from one index of a dimension to the next. */
    readonly strides: readonly number[],
  ) {}
}

/** Storages by the class that names their type. */
const STORAGES: ReadonlyMap<string, Dtype> = new Map<string, Dtype>([
  ["torch.FloatStorage", "F32"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.DoubleStorage", "F64"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

/** Functions and classes that a file of tensors calls. */
const CALLS: ReadonlyMap<string, (args: readonly PickleValue[]) => PickleValue> = new Map([
  ["collections.OrderedDict", orderedDict],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
]);

/** More dimensions than the tensors of any network have. */
const MAX_DIMENSIONS = 16;

/** The meaning of names in the pickles of one file, which notes what storages they mention. */
export class TorchWorld implements PickleWorld {
  /** Storages by key: every one that was mentioned, of whatever part of the file. */
  readonly storages: Map<string, Storage> = new Map();

  allows(name: string): boolean {
    return CALLS.has(name) || STORAGES.has(name);
  }

  call(name: string, args: readonly PickleValue[]): PickleValue {
    const call = CALLS.get(name);
    if (call === undefined) throw malformed(`a call of ${quote(name)}, which is a type only`);
    return call(args);
  }

  load(reference: PickleValue): PickleValue {
    const storage = storageOf(reference);
    const known = this.storages.get(storage.key) ?? storage;
    if (known.bytes !== storage.bytes) {
      throw malformed(
        `storage ${quote(storage.key)} twice, of ${known.bytes} and of ${storage.bytes} bytes`,
      );
    }
    this.storages.set(storage.key, known);
    return storage;
  }
}

/** `OrderedDict()`, or `OrderedDict([[key, value], ...])` as Python 2 wrote it. */
function orderedDict([pairs, ...rest]: readonly PickleValue[]): PickleValue {
  const dict = new PickleDict();
  if (pairs === undefined) return dict;
  if (!Array.isArray(pairs) || rest.length > 0) throw malformed("an OrderedDict of no pairs");
  for (const pair of pairs) {
    const items = pair instanceof PickleTuple ? pair.items : pair;
    if (!Array.isArray(items) || items.length !== 2 || typeof items[0] !== "string") {
      throw malformed("an OrderedDict of no pairs");
    }
    dict.entries.set(items[0], items[1]);
  }
  return dict;
}

/** `(storage, offset, shape, strides)`; what follows is about training. */
function rebuildTensor(args: readonly PickleValue[]): PickleValue {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof Storage)) throw malformed("a tensor without a storage");
  const sizes = wholeNumbers(shape, "shape");
  const steps = wholeNumbers(strides, "strides");
  if (sizes.length !== steps.length) {
    throw malformed(`a tensor of ${sizes.length} sizes and ${steps.length} strides`);
  }
  if (!isWhole(offset)) throw malformed("a tensor whose offset is no whole number");
  return new TensorReference(storage, offset, sizes, steps);
}

/** `(tensor, requires_grad, hooks)`. */
function rebuildParameter([tensor]: readonly PickleValue[]): PickleValue {
  if (!(tensor instanceof TensorReference)) throw malformed("a parameter without a tensor");
  return tensor;
}

/**
 * `("storage", type, key, device, elements)`; before zip also None, or which part of another storage
 * it is: `(key, first, count)`.
 */
function storageOf(reference: PickleValue): Storage {
  if (!(reference instanceof PickleTuple)) throw malformed("a reference that is no tuple");
  const [what, type, key, , elements, part = null] = reference.items;
  if (what !== "storage") throw malformed(`a reference to ${quote(String(what))}, no storage`);
  const dtype = type instanceof PickleGlobal ? STORAGES.get(type.name) : undefined;
  if (dtype === undefined) throw malformed("a storage without a type");
  if (typeof key !== "string" || !isWhole(elements)) throw malformed("a storage without a size");
  const [, first, count] = part instanceof PickleTuple ? part.items : [null, 0, elements];
  if (!isWhole(first) || !isWhole(count) || first + count > elements) {
    throw malformed(`a part of storage ${quote(key)} beyond its ${elements} elements`);
  }
  return new Storage(key, dtype, elements, first, count);
}

function wholeNumbers(value: PickleValue | undefined, what: string): number[] {
  const items = value instanceof PickleTuple ? value.items : value;
  if (!Array.isArray(items) || !items.every(isWhole)) {
    throw malformed(`a tensor whose ${what} are no whole numbers`);
  }
  if (items.length > MAX_DIMENSIONS) {
    throw malformed(`a tensor of ${items.length} dimensions, the limit is ${MAX_DIMENSIONS}`);
  }
  return items;
}

function isWhole(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function malformed(what: string): ModelError {
  return new ModelError(`Pickle has ${what}`);
}
