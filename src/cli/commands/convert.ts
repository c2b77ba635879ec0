/** `tessera convert in.pth out.safetensors`: weights in another file format. */

import { ModelError, UsageError } from "../../errors.ts";
import {
  type FloatTensor,
  type StoredTensor,
  writeSafetensors,
} from "../../weights/safetensors.ts";
import { quote, type TensorView, toFloat32 } from "../../weights/tensor.ts";
import { describeOptions, parseOptions, switchOption } from "../options/arguments.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { OutputFile } from "../files/output_file.ts";
import { printNote, printResult } from "../terminal/print.ts";
import { readWeightsFile } from "../files/weights_file.ts";

const OPTIONS = {
  f16: switchOption("round numbers to half precision: half the size"),
  overwrite: switchOption("replace a file that exists"),
  quiet: switchOption("only errors", "q"),
  json: switchOption("one JSON line on stdout"),
  help: switchOption("this text", "h"),
};

const ENDING = ".safetensors";

/** Types that half precision is made of; counters stay as they are. */
const FLOATS = new Set(["F32", "F64", "BF16"]);

/** Larger numbers would become infinite. */
const LARGEST_HALF = 65504;

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (inputs.length < 1 || inputs.length > 2) {
    throw new UsageError(
      `Expected one or two files but received ${inputs.length}: tessera convert in.pth out${ENDING}`,
    );
  }
  const [input, output = input.replace(/\.\w+$/, "") + ENDING] = inputs;
  if (!output.endsWith(ENDING)) {
    throw new UsageError(`Expected a name that ends with ${ENDING} but received "${output}"`);
  }
  using file = new OutputFile(output, values);
  const { tensors, metadata, format } = await naming(input, () => readWeightsFile(input));
  const written = await naming(input, () => values.f16 ? toHalf(tensors) : tensors);
  await file.write(writeSafetensors(written, metadata));
  const { bytes } = file;
  await file.commit();
  if (!values.quiet) {
    const size = (bytes / 1e6).toFixed(1);
    printNote(`${input} (${format}): ${tensors.size} tensors, ${size} MB, now in ${output}`);
  }
  const facts = { input, output, format, tensors: tensors.size, bytes };
  if (values.json) printResult(JSON.stringify(facts));
  return EXIT.done;
}

/** Does something with a weights file; errors of the file then name it. */
async function naming<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(`${path}: ${error.message}`, { cause: error });
  }
}

function toHalf(
  tensors: ReadonlyMap<string, TensorView>,
): Map<string, FloatTensor | StoredTensor> {
  const halves = new Map<string, FloatTensor | StoredTensor>(tensors);
  for (const [name, { dtype, shape }] of tensors) {
    if (!FLOATS.has(dtype)) continue;
    const data = toFloat32(tensors.get(name)!);
    const lost = data.find((value) => Math.abs(value) > LARGEST_HALF);
    if (lost !== undefined) {
      throw new ModelError(
        `Tensor ${
          quote(name)
        } has the value ${lost}, too large for half precision (${LARGEST_HALF})`,
      );
    }
    halves.set(name, { dtype: "F16", shape, data });
  }
  return halves;
}

function help(): string {
  return `Writes the weights of a file as safetensors: from PyTorch's .pth, .pt and .ckpt,
or safetensors again. PyTorch is not needed. Nothing in a file is ever executed;
what holds more than tensors is refused.

Usage: tessera convert IN [OUT${ENDING}] [options]

${describeOptions(OPTIONS)}`;
}
