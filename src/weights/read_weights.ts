/**
 * Weights files of every format: which one a file is follows from its bytes, never from its name.
 *
 * A new format is one more row of the table.
 */

import { ModelError } from "../errors.ts";
import { isPickle, isZip } from "./pth_signatures.ts";
import { isSafetensors, readSafetensors } from "./safetensors.ts";
import { quote, type Weights } from "./tensor.ts";

/** A format that weights come in. */
interface WeightsFormat {
  /** What people call it. */
  name: string;
  /** Says whether the bytes of a file begin as this format does. */
  recognises(file: Uint8Array): boolean;
  /** Reads a whole file, or throws a `ModelError`. */
  read(file: Uint8Array): Weights | Promise<Weights>;
}

/** Formats, in the order in which they are asked; PyTorch's readers are loaded with the first such file. */
const FORMATS: readonly WeightsFormat[] = [
  {
    name: "PyTorch",
    recognises: isZip,
    read: async (file) => await (await import("./pth.ts")).readTorchZip(file),
  },
  { name: "safetensors", recognises: isSafetensors, read: readSafetensors },
  {
    name: "PyTorch before 1.6",
    recognises: isPickle,
    read: async (file) => (await import("./pth.ts")).readTorchPickles(file),
  },
];

/** Formats that are known by name only: `bytes` at `start`. */
const OTHERS: readonly { name: string; start: number; bytes: string }[] = [
  { name: "a tar archive", start: 257, bytes: "ustar" },
  { name: "a 7z archive", start: 0, bytes: "7z\xbc\xaf" },
  { name: "compressed by gzip", start: 0, bytes: "\x1f\x8b" },
  { name: "HDF5, as Keras writes it", start: 0, bytes: "\x89HDF" },
  { name: "GGUF", start: 0, bytes: "GGUF" },
  { name: "a network of ncnn", start: 0, bytes: "7767517" },
  { name: "a PNG picture", start: 0, bytes: "\x89PNG" },
];

/**
 * Reads the tensors of a weights file.
 *
 * @param file the whole file; tensors are views into it where they can be
 * @returns the tensors, the file's metadata, and what people call its format
 * @throws {ModelError} when the file is of no known format, or damaged
 *
 * @example
 * ```ts
 * const url = new URL("../../models/fast-x4.safetensors", import.meta.url);
 * const { format, tensors } = await readWeights(await Deno.readFile(url));
 * console.log(format, tensors.get("body.0.weight")?.shape); // safetensors [ 40, 3, 3, 3 ]
 * ```
 */
export async function readWeights(file: Uint8Array): Promise<Weights & { format: string }> {
  const format = FORMATS.find(({ recognises }) => recognises(file));
  if (format === undefined) throw unknownFormat(file);
  return { format: format.name, ...await format.read(file) };
}

function unknownFormat(file: Uint8Array): ModelError {
  const text = (start: number, length: number) =>
    String.fromCharCode(...file.subarray(start, start + length));
  const other = OTHERS.find(({ start, bytes }) => text(start, bytes.length) === bytes);
  const found = other?.name ?? `${quote(text(0, 8))} in front`;
  return new ModelError(
    `File of ${file.length} bytes is neither safetensors nor PyTorch's .pth: it is ${
      other === undefined ? "unknown, with " : ""
    }${found}`,
  );
}
