/**
 * PyTorch's files, `.pth`, `.pt` and `.ckpt`, without PyTorch: a zip archive with one pickle and a
 * member for each storage, or, before PyTorch 1.6, five pickles in a row and the storages after them.
 *
 * Only weights are read. A file that mentions anything but tensors and plain values is refused: see
 * `pickle.ts`.
 */

import { ModelError } from "../errors.ts";
import { PickleDict, type PickleValue, readPickle } from "./pickle.ts";
import { findStateDict } from "./state_dict.ts";
import { viewTensors } from "./strides.ts";
import { quote, type Weights } from "./tensor.ts";
import { type Storage, TorchWorld } from "./torch_objects.ts";
import { readZip } from "./zip.ts";

/** First pickle of a file before zip: `0x1950a86a20f9469cfc6c`. */
const MAGIC = 0x1950a86a20f9469cfc6cn;

/** Second pickle. */
const PROTOCOL_VERSION = 1001;

/** Longest pickle; that of a network of a thousand tensors takes some 100 kB. */
const MAX_PICKLE_BYTES = 2 ** 24;

const PICKLE_NAME = /^(?:[^/]+\/)?data\.pkl$/;

/** A storage's size before its bytes, in the form before zip. */
const COUNT_BYTES = 8;

/**
 * Reads a zip archive of PyTorch.
 *
 * @param file the whole file; tensors are views into it where it is not deflated
 * @throws {ModelError} when it is damaged, no file of tensors, or mentions anything else
 */
export async function readTorchZip(file: Uint8Array): Promise<Weights> {
  const members = await readZip(file);
  const pickles = [...members.keys()].filter((name) => PICKLE_NAME.test(name));
  if (pickles.length !== 1) {
    throw new ModelError(
      `Zip archive has ${pickles.length} members "data.pkl", expected 1: no file of PyTorch`,
    );
  }
  const folder = pickles[0].slice(0, -"data.pkl".length);
  checkArchive(members, folder);
  const pickle = members.get(pickles[0])!;
  const world = new TorchWorld();
  const { value, length } = unpickle(pickle, world);
  if (length !== pickle.length) {
    throw new ModelError(`Pickle ends after ${length} of its ${pickle.length} bytes`);
  }
  const { tensors, metadata } = findStateDict(value);
  const storages = new Map<string, Uint8Array>();
  for (const { storage: { key, bytes } } of tensors.values()) {
    const member = members.get(`${folder}data/${key}`);
    if (member?.length !== bytes) {
      throw new ModelError(
        `Storage ${quote(key)} should have ${bytes} bytes, but the archive has ` +
          (member === undefined ? "none of it" : `${member.length}`),
      );
    }
    storages.set(key, member);
  }
  return { metadata, tensors: viewTensors(tensors, storages) };
}

/** Refuses archives whose values mean something else, or which hold a program. */
function checkArchive(members: ReadonlyMap<string, Uint8Array>, folder: string): void {
  const order = members.get(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order).trim() !== "little") {
    throw new ModelError("Tensors are not in little-endian order");
  }
  if (members.has(`${folder}constants.pkl`)) {
    throw new ModelError("File is TorchScript, a program with its weights: only weights are read");
  }
}

/**
 * Reads a file of PyTorch before zip.
 *
 * @param file the whole file; tensors are views into it
 * @throws {ModelError} when it is damaged, no file of tensors, or mentions anything else
 */
export function readTorchPickles(file: Uint8Array): Weights {
  const world = new TorchWorld();
  let position = 0;
  const next = (): PickleValue => {
    const { value, length } = unpickle(file.subarray(position), world);
    position += length;
    return value;
  };
  if (next() !== MAGIC) {
    throw new ModelError("File is a pickle, but not PyTorch's: it lacks the magic number");
  }
  const version = next();
  if (version !== PROTOCOL_VERSION) {
    throw new ModelError(`File has PyTorch's protocol ${version}, expected ${PROTOCOL_VERSION}`);
  }
  const system = next();
  if (!(system instanceof PickleDict) || system.entries.get("little_endian") !== true) {
    throw new ModelError("Tensors are not in little-endian order");
  }
  const [root, keys] = [next(), next()];
  const { tensors, metadata } = findStateDict(root);
  const storages = readStorages(file.subarray(position), keys, world.storages);
  for (const { storage: { key } } of tensors.values()) {
    if (!storages.has(key)) throw new ModelError(`Storage ${quote(key)} is not in the file`);
  }
  return { metadata, tensors: viewTensors(tensors, storages) };
}

/** Reads the storages after the pickles: each is its number of elements, then their bytes. */
function readStorages(
  data: Uint8Array,
  keys: PickleValue,
  known: ReadonlyMap<string, Storage>,
): Map<string, Uint8Array> {
  if (!Array.isArray(keys)) throw new ModelError("File does not list its storages");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const storages = new Map<string, Uint8Array>();
  let position = 0;
  for (const key of keys) {
    const storage = typeof key === "string" ? known.get(key) : undefined;
    if (storage === undefined || storages.has(storage.key)) {
      throw new ModelError(`File lists ${quote(String(key))} as a storage, which no tensor uses`);
    }
    const start = position + COUNT_BYTES;
    const count = start > data.length ? 0n : view.getBigUint64(position, true);
    position = start + storage.bytes;
    if (count !== BigInt(storage.elements) || position > data.length) {
      throw new ModelError(
        `Storage ${quote(storage.key)} should have ${storage.elements} elements of ` +
          `${storage.dtype}, but the file says ${count} and holds ${data.length - start} bytes`,
      );
    }
    storages.set(storage.key, data.subarray(start, position));
  }
  if (position !== data.length) {
    throw new ModelError(`File has ${data.length - position} bytes after its last storage`);
  }
  return storages;
}

function unpickle(
  bytes: Uint8Array,
  world: TorchWorld,
): { value: PickleValue; length: number } {
  return readPickle(bytes.subarray(0, MAX_PICKLE_BYTES), world);
}
