/**
 * A network as an ONNX model, so that other programs can run the very same one.
 *
 * The model is written for one size of picture, which leaves a runtime nothing to find out. Bare
 * numbers in calls are those that onnx.proto gives its fields.
 */

import type {
  Activation,
  ConvOperation,
  InputOperation,
  Network,
  OutputOperation,
} from "../../src/networks/network.ts";
import type { Size } from "../../src/raster/size.ts";
import { bytesField, floatField, integerField, message, textField } from "./protobuf.ts";

/** The model's input: `[1][3][height][width]`, RGB in 0..1. */
export const INPUT = "input";

/** The model's output: `[1][3][scale * height][scale * width]`, not clamped. */
export const OUTPUT = "output";

const IR_VERSION = 8;
const OPSET = 17;

/** Element types of tensors. */
const FLOAT = 1;
const INT64 = 7;

/** An attribute's value; `{ float }` tells 1.0 from 1. */
type Attribute = number | { float: number } | string | number[];

/**
 * Returns the bytes of an ONNX model.
 *
 * @param picture both sides multiples of the network's unshuffle factor
 * @throws {RangeError} if one is not
 */
export function toOnnx(network: Network, picture: Size): Uint8Array {
  const graph = new Graph();
  for (const operation of network.operations) {
    if (operation.kind === "input") addInput(graph, operation, picture);
    else if (operation.kind === "conv") addConv(graph, operation);
    else if (operation.kind === "output") addOutput(graph, operation);
    else {throw new RangeError(
        `Operation "${operation.name}" (${operation.kind}) is not written here`,
      );}
  }
  const [height, width] = [picture.height * network.scale, picture.width * network.scale];
  const inputShape = [1, 3, picture.height, picture.width];
  return message(
    integerField(1, IR_VERSION),
    textField(2, "tessera"),
    bytesField(7, graph.encode(inputShape, [1, 3, height, width])),
    bytesField(8, message(textField(1, ""), integerField(2, OPSET))),
  );
}

/** Pixel-unshuffle: the pixels of a cell become channels `[3][y][x]`. */
function addInput(graph: Graph, { output, factor }: InputOperation, picture: Size): void {
  const { width, height } = picture;
  if (width % factor !== 0 || height % factor !== 0) {
    throw new RangeError(`Expected multiples of ${factor} but received ${width}x${height} pixels`);
  }
  let value = INPUT;
  if (factor > 1) {
    const [rows, columns] = [height / factor, width / factor];
    value = graph.addReshape(value, [1, 3, rows, factor, columns, factor]);
    value = graph.add("Transpose", [value], { perm: [0, 1, 3, 5, 2, 4] });
    value = graph.addReshape(value, [1, 3 * factor ** 2, rows, columns]);
  }
  graph.tensors.set(output, value);
}

/** As `ConvOperation` has it, with the gain multiplied into weight and bias. */
function addConv(graph: Graph, operation: ConvOperation): void {
  const { inputs, inChannels, outChannels, kernel, gain } = operation;
  const values = inputs.map((tensor) => graph.tensors.get(tensor)!);
  const joined = values.length === 1 ? values[0] : graph.add("Concat", values, { axis: 1 });
  const operands = [
    graph.addEnlargement(joined, operation.upsample),
    graph.addFloats(
      [outChannels, inChannels, kernel, kernel],
      operation.weight.map((w) => w * gain),
    ),
    graph.addFloats([outChannels], operation.bias.map((b) => b * gain)),
  ];
  const pads = Array(4).fill(kernel >> 1);
  let value = graph.add("Conv", operands, { kernel_shape: [kernel, kernel], pads });
  value = addGate(graph, value, operation);
  for (const { tensor, scale } of operation.residuals) {
    const residual = graph.tensors.get(tensor)!;
    const scaled = scale === 1
      ? residual
      : graph.add("Mul", [residual, graph.addFloats([], Float32Array.of(scale))]);
    value = graph.add("Add", [value, scaled]);
  }
  graph.tensors.set(operation.output, value);
}

function addGate(graph: Graph, value: string, { activation, gate }: ConvOperation): string {
  if (gate === undefined) return addActivation(graph, value, activation);
  const other = graph.tensors.get(gate.tensor)!;
  if (gate.kind === "attention") return addAttention(graph, value, other);
  return graph.add("Mul", [addActivation(graph, value, activation), other]);
}

function addActivation(graph: Graph, value: string, activation: Activation): string {
  if (activation.kind === "none") return value;
  if (activation.kind === "leaky") {
    return graph.add("LeakyRelu", [value], { alpha: { float: activation.slope } });
  }
  if (activation.kind === "silu") return graph.add("Mul", [value, graph.add("Sigmoid", [value])]);
  if (activation.kind === "sigmoid") return graph.add("Sigmoid", [value]);
  if (activation.kind !== "prelu") {
    throw new RangeError(`The activation ${activation.kind} is not written here`);
  }
  const { slopes } = activation;
  return graph.add("PRelu", [value, graph.addFloats([slopes.length, 1, 1], slopes)]);
}

/** `(value + other) * (sigmoid(value) - 1/2)`. */
function addAttention(graph: Graph, value: string, other: string): string {
  const half = graph.addFloats([], Float32Array.of(0.5));
  const weight = graph.add("Sub", [graph.add("Sigmoid", [value]), half]);
  return graph.add("Mul", [graph.add("Add", [value, other]), weight]);
}

function addOutput(graph: Graph, { input, factor, base }: OutputOperation): void {
  let value = graph.tensors.get(input)!;
  if (factor > 1) value = graph.add("DepthToSpace", [value], { blocksize: factor, mode: "CRD" });
  if (base) value = graph.add("Add", [value, graph.addEnlargement(INPUT, factor)]);
  graph.add("Identity", [value], {}, OUTPUT);
}

/** Nodes and constants, in the order in which they are added. */
class Graph {
  /** Names of the values that hold the network's tensors. */
  readonly tensors = new Map<string, string>();
  readonly #nodes: Uint8Array[] = [];
  readonly #constants: Uint8Array[] = [];

  /** Adds a node and returns the name of the value that it gives. */
  add(
    type: string,
    inputs: string[],
    attributes: Record<string, Attribute> = {},
    output: string = `${type}_${this.#nodes.length}`,
  ): string {
    this.#nodes.push(message(
      ...inputs.map((input) => textField(1, input)),
      textField(2, output),
      textField(3, output),
      textField(4, type),
      ...Object.entries(attributes).map((entry) => bytesField(5, encodeAttribute(...entry))),
    ));
    return output;
  }

  addReshape(value: string, shape: number[]): string {
    const sides = BigInt64Array.from(shape, BigInt);
    return this.add("Reshape", [value, this.#addConstant(INT64, [shape.length], sides)]);
  }

  /** Nearest neighbour; a factor of 1 adds nothing. */
  addEnlargement(value: string, factor: number): string {
    if (factor === 1) return value;
    const scales = this.addFloats([4], Float32Array.of(1, 1, factor, factor));
    return this.add("Resize", [value, "", scales], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
  }

  /** Adds constant numbers and returns their name. */
  addFloats(shape: number[], values: Float32Array): string {
    return this.#addConstant(FLOAT, shape, values);
  }

  encode(inputShape: number[], outputShape: number[]): Uint8Array {
    return message(
      ...this.#nodes.map((node) => bytesField(1, node)),
      textField(2, "network"),
      ...this.#constants.map((constant) => bytesField(5, constant)),
      bytesField(11, encodeValueInfo(INPUT, inputShape)),
      bytesField(12, encodeValueInfo(OUTPUT, outputShape)),
    );
  }

  #addConstant(type: number, shape: number[], values: Float32Array | BigInt64Array): string {
    const name = `constant_${this.#constants.length}`;
    this.#constants.push(message(
      ...shape.map((side) => integerField(1, side)),
      integerField(2, type),
      textField(8, name),
      bytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    ));
    return name;
  }
}

/** The fields of a value, and the number of its type. */
function encodeAttribute(name: string, value: Attribute): Uint8Array {
  const [type, ...fields] = typeof value === "object" && "float" in value
    ? [1, floatField(2, value.float)] as const
    : typeof value === "number"
    ? [2, integerField(3, value)] as const
    : typeof value === "string"
    ? [3, textField(4, value)] as const
    : [7, ...value.map((element) => integerField(8, element))] as const;
  return message(textField(1, name), ...fields, integerField(20, type));
}

function encodeValueInfo(name: string, sides: number[]): Uint8Array {
  const shape = message(...sides.map((side) => bytesField(1, integerField(1, side))));
  const tensor = message(integerField(1, FLOAT), bytesField(2, shape));
  return message(textField(1, name), bytesField(2, bytesField(1, tensor)));
}
