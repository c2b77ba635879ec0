/** `tessera inspect-model FILE|NAME`: which network a weights file holds, and what it takes to run it. */

import { ModelError, UsageError } from "../../errors.ts";
import { flopPerPixel, parameterCount, receptiveRadius } from "../../networks/analysis.ts";
import { networkFromTensors } from "../../networks/detect.ts";
import { type Likeness, likenessOf } from "../../networks/likeness.ts";
import type { Network } from "../../networks/network.ts";
import { chooseTiles } from "../../tiles/budget.ts";
import { alignRows, describeOptions, parseOptions, switchOption } from "../options/arguments.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { explainError, printFailure } from "../terminal/failure.ts";
import { printResult } from "../terminal/print.ts";
import { readNamedWeights, type WeightsOfFile } from "../files/weights_file.ts";

const OPTIONS = {
  json: switchOption("one JSON line per file on stdout"),
  help: switchOption("this text", "h"),
};

/** The picture whose memory is told. */
const PICTURE = { width: 960, height: 540 };

/** Keys under which programs write who made a network, and on what terms. */
const AUTHOR_KEYS = ["author", "modelspec.author", "authors"];
const LICENCE_KEYS = ["licence", "license", "modelspec.license"];

/** What the file itself says. */
interface FileFacts {
  format: string;
  bytes: number;
  tensors: number;
  /** Types of the tensors, the most frequent first. */
  types: string[];
  author: string | null;
  licence: string | null;
}

/** A network that runs. */
interface NetworkFacts {
  family: string;
  scale: number;
  features: number;
  blocks: number;
  parameters: number;
  /** How far an output pixel sees, in input pixels to each side. */
  receptiveRadius: number;
  multiplyAddsPerPixel: number;
  /** GPU memory for the picture in one piece, with f32 and with f16 between layers, in bytes. */
  memory: typeof PICTURE & { f32: number; f16: number };
}

/** Tensors that are of no network that runs here, and why. */
interface UnknownFacts extends Likeness {
  family: null;
  reason: string;
}

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (inputs.length === 0) {
    throw new UsageError(
      "No file was given: tessera inspect-model some.pth, or the name of a network",
    );
  }
  const codes: number[] = [];
  for (const input of inputs) codes.push(await inspectFile(input, values.json));
  if (codes.length === 1) return codes[0];
  return codes.every((code) => code === EXIT.done) ? EXIT.done : EXIT.failed;
}

/** Inspects one file, says what it is and returns its exit code: the others go on. */
async function inspectFile(input: string, json: boolean): Promise<number> {
  try {
    const file = await readNamedWeights(input);
    const facts = factsOf(file);
    const network = networkFactsOf(file);
    printResult(
      json ? JSON.stringify({ input, ...facts, ...network }) : describe(input, facts, network),
    );
    return network.family === null ? EXIT.input : EXIT.done;
  } catch (error) {
    const failure = explainError(error);
    printFailure(input, failure, json);
    return failure.exitCode;
  }
}

function factsOf({ format, bytes, tensors, metadata }: WeightsOfFile): FileFacts {
  const counts = new Map<string, number>();
  for (const { dtype } of tensors.values()) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
  const types = [...counts].sort(([, a], [, b]) => b - a).map(([dtype]) => dtype);
  const firstOf = (keys: string[]) =>
    keys.map((key) => metadata.get(key)).find((text) => text !== undefined) ?? null;
  const [author, licence] = [firstOf(AUTHOR_KEYS), firstOf(LICENCE_KEYS)];
  return { format, bytes, tensors: tensors.size, types, author, licence };
}

function networkFactsOf({ tensors, metadata }: WeightsOfFile): NetworkFacts | UnknownFacts {
  let network: Network;
  try {
    network = networkFromTensors(tensors, metadata);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { family: null, reason: error.message, ...likenessOf(tensors) };
  }
  return {
    family: network.architecture,
    scale: network.scale,
    features: network.features,
    blocks: network.depth,
    parameters: parameterCount(network),
    receptiveRadius: receptiveRadius(network),
    multiplyAddsPerPixel: flopPerPixel(network) / 2,
    memory: { ...PICTURE, f32: memoryOf(network, "f32"), f16: memoryOf(network, "f16") },
  };
}

/** Bytes of GPU memory for the picture in one piece, of 8 bits. */
function memoryOf(network: Network, storage: "f32" | "f16"): number {
  return chooseTiles({
    network,
    storage,
    style: "uniform",
    ...PICTURE,
    depthIn: 8,
    depthOut: 8,
    memory: Infinity,
    weightBytes: Float32Array.BYTES_PER_ELEMENT * parameterCount(network),
    maxBinding: Infinity,
    tile: PICTURE.width,
    halo: "auto",
  }).gpuBytes;
}

function describe(input: string, file: FileFacts, network: NetworkFacts | UnknownFacts): string {
  const rows = network.family === null ? unknownRows(network) : networkRows(network);
  const types = file.types.join(", ");
  return [
    `${input}: ${file.format}, ${file.tensors} tensors of ${types}, ${megabytes(file.bytes)}`,
    alignRows([
      ...rows,
      ["Author", file.author ?? "not said in the file"],
      ["Licence", file.licence ?? "not said in the file"],
    ]),
  ].join("\n");
}

function networkRows(network: NetworkFacts): [string, string][] {
  const { memory, multiplyAddsPerPixel: work, scale, receptiveRadius: radius } = network;
  return [
    [
      "Network",
      `${network.family} x${scale}, ${network.features} features, ${network.blocks} blocks`,
    ],
    ["Parameters", network.parameters.toLocaleString("en")],
    ["Receptive radius", `${radius} pixels`],
    ["Work", `${Math.round(work).toLocaleString("en")} multiply-adds per input pixel`],
    [
      "Memory",
      `${megabytes(memory.f32)} for ${memory.width} x ${memory.height} in one piece, ` +
      `${megabytes(memory.f16)} with --precision f16; less in tiles`,
    ],
  ];
}

function unknownRows(unknown: UnknownFacts): [string, string][] {
  const { looksLike, parameters, inChannels, outChannels, reason } = unknown;
  const channels = inChannels === undefined ? [] : [
    ["Channels", `${inChannels} into the first convolution, ${outChannels} out of the last`] as [
      string,
      string,
    ],
  ];
  return [
    ["Network", "none that Tessera runs"],
    ["Looks like", looksLike],
    ["Parameters", parameters.toLocaleString("en")],
    ...channels,
    ["Reason", reason],
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

function help(): string {
  return `Shows which network a weights file holds, what it takes to run it, and who made
it if the file says so. Nothing in a file is executed.

Usage: tessera inspect-model FILE|NAME... [options]

  tessera inspect-model some.pth
  tessera inspect-model photo-x4    a network of tessera models

${describeOptions(OPTIONS)}

The exit code is 3 for a file that holds no network that Tessera runs.`;
}
