/** From a tensor's storage, offset and strides to its elements in row-major order. */

import { ModelError } from "../errors.ts";
import { BITS_PER_ELEMENT, quote, type TensorView } from "./tensor.ts";
import type { TensorReference } from "./torch_objects.ts";

/** Times that all tensors together may be larger than their storages. */
const MAX_SHARING = 16;

/**
 * Makes views of tensors. Elements that lie in order are viewed, others are copied.
 *
 * @param storages the bytes of each whole storage by key
 * @throws {ModelError} when a tensor reaches beyond its storage, has more elements than that, or all of
 * them take far more than the storages hold
 */
export function viewTensors(
  references: ReadonlyMap<string, TensorReference>,
  storages: ReadonlyMap<string, Uint8Array>,
): Map<string, TensorView> {
  const views = new Map<string, TensorView>();
  let room = MAX_SHARING * [...storages.values()].reduce((sum, { length }) => sum + length, 0);
  for (const [name, reference] of references) {
    checkReach(name, reference);
    room -= elementsOf(reference) * bytesPerElement(reference);
    if (room < 0) {
      throw new ModelError(
        `Tensors take more than ${MAX_SHARING} times the bytes of their storages: ` +
          `the limit is reached at ${quote(name)}`,
      );
    }
    const { storage: { key, dtype }, shape } = reference;
    views.set(name, { name, dtype, shape, bytes: bytesOf(reference, storages.get(key)!) });
  }
  return views;
}

function checkReach(name: string, { storage, offset, shape, strides }: TensorReference): void {
  const count = shape.reduce((product, size) => product * size, 1);
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i], offset);
  const reach = count === 0 ? offset : last + 1;
  if (count <= storage.count && reach <= storage.count) return;
  throw new ModelError(
    `Tensor ${quote(name)} of [${shape.join(", ")}] with strides [${strides.join(", ")}] has ` +
      `${count} elements up to the ${reach}th of storage ${quote(storage.key)}, which has ` +
      `${storage.count}`,
  );
}

function bytesOf(reference: TensorReference, storage: Uint8Array): Uint8Array {
  const size = bytesPerElement(reference);
  const first = size * (reference.storage.first + reference.offset);
  const count = elementsOf(reference);
  if (isRowMajor(reference)) return storage.subarray(first, first + size * count);
  return gather(reference, storage.subarray(first), size, count);
}

/** Says whether the elements lie one after the other; strides of single indices do not matter. */
function isRowMajor({ shape, strides }: TensorReference): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) return false;
    expected *= shape[i];
  }
  return true;
}

/** Copies element by element, counting the indices up from the last dimension. */
function gather(
  { shape, strides }: TensorReference,
  source: Uint8Array,
  size: number,
  count: number,
): Uint8Array {
  const bytes = new Uint8Array(size * count);
  const index = shape.map(() => 0);
  let position = 0;
  for (let to = 0; to < bytes.length; to += size) {
    for (let byte = 0; byte < size; byte++) bytes[to + byte] = source[size * position + byte];
    for (let i = shape.length - 1; i >= 0; i--) {
      position += strides[i];
      if (++index[i] < shape[i]) break;
      position -= shape[i] * strides[i];
      index[i] = 0;
    }
  }
  return bytes;
}

function elementsOf({ shape }: TensorReference): number {
  return shape.reduce((product, size) => product * size, 1);
}

function bytesPerElement({ storage }: TensorReference): number {
  return BITS_PER_ELEMENT[storage.dtype] / 8;
}
