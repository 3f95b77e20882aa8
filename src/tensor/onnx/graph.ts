/** Builds one ONNX graph: names for values, nodes in order, constants, and the run-time value of named dimensions. */

import { TensorError } from "../errors.ts";
import type { DType, NdArray } from "../ndarray.ts";
import type { OnnxAttribute } from "../operator.ts";
import { type Dimension, type Shape, termsOf } from "../shape.ts";
import { MessageWriter } from "./protobuf.ts";
import { isMatrix, type Precision, quantizeMatrix, toHalf } from "./stored-weights.ts";

/** What a file may store beside the types that programs read and write. */
type StoredType = DType | "int8" | "float16";

/** TensorProto.DataType of onnx.proto. */
const dataTypes: Record<StoredType, number> = {
  ...{ float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 },
};

interface StoredArray {
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView<ArrayBufferLike>;
}

export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly outputs?: number;
}

interface Node {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly options: Omit<NodeOptions, "outputs">;
}

export interface GraphOptions {
  /** How weights are stored. */
  readonly precision?: Precision;
  /** Whether the file is for others too: every operator is of the standard, or of a domain that the file declares. */
  readonly portable?: boolean;
}

export class GraphBuilder {
  readonly portable: boolean;
  readonly #precision: Precision;
  readonly #weights = new Map<string, NdArray<"float32">>();
  /** Names of the weights that are in the file as the graph's nodes expect them. */
  readonly #written = new Set<string>();
  readonly #quantized = new Map<string, { values: string; scales: string }>();
  readonly #nodes: Node[] = [];
  /** Values that nodes computed, and the names that those have which are results of the graph. */
  readonly #computed = new Map<string, string | undefined>();
  readonly #initializers: MessageWriter[] = [];
  readonly #inputs: MessageWriter[] = [];
  readonly #outputs: MessageWriter[] = [];
  readonly #constants = new Map<string, string>();
  /** An input and axis from which a named dimension can be read when the program runs. */
  readonly #dimensionSources = new Map<string, { name: string; axis: number }>();
  /** Names of inputs and weights. */
  readonly #given = new Set<string>();
  readonly #dimensions = new Map<string, string>();
  #counter = 0;

  constructor({ precision = "float32", portable = false }: GraphOptions = {}) {
    this.portable = portable;
    this.#precision = precision;
  }

  /** Declares a value that is given at every run. */
  input(name: string, dtype: DType, shape: Shape): void {
    this.#given.add(name);
    this.#inputs.push(valueInfo(name, dtype, shape));
    shape.forEach((dim, axis) => {
      if (typeof dim === "string" && !this.#dimensionSources.has(dim))
        this.#dimensionSources.set(dim, { name, axis });
    });
  }

  /**
   * Declares a result; `value` is the name that the graph computed. It is renamed, since a copy costs time and memory:
   * only what is given or stored, or is a result under another name already, is copied.
   */
  output(name: string, value: string, dtype: DType, shape: Shape): void {
    if (this.#computed.has(value) && !this.#computed.get(value)) this.#computed.set(value, name);
    else this.#add("Identity", [value], [name]);
    this.#outputs.push(valueInfo(name, dtype, shape));
  }

  /** Adds a node and returns the name of its only output. */
  node(type: string, inputs: readonly string[], options: Omit<NodeOptions, "outputs"> = {}): string {
    return this.nodes(type, inputs, options)[0]!;
  }

  /** Adds a node and returns the names of its outputs. */
  nodes(type: string, inputs: readonly string[], { outputs = 1, ...options }: NodeOptions = {}): string[] {
    const names = Array.from({ length: outputs }, () => `${type}_${this.#counter++}`);
    this.#add(type, inputs, names, options);
    return names;
  }

  #add(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    options: Node["options"] = {},
  ): void {
    for (const name of inputs) this.#writeWeight(name);
    for (const name of outputs) this.#computed.set(name, undefined);
    this.#nodes.push({ type, inputs, outputs, options });
  }

  /** Declares a weight. It is stored in the file once a node uses it, in the form that the node asks for. */
  weight(name: string, array: NdArray<"float32">): void {
    this.#weights.set(name, array);
    this.#given.add(name);
  }

  /**
   * A weight matrix as integers int8 and their scales float32 [slices of the axis], which a node may read in place of
   * the weight; undefined where the program's precision is another, or the value no stored matrix.
   */
  quantized(name: string, axis: 0 | 1): { readonly values: string; readonly scales: string } | undefined {
    const array = this.#weights.get(name);
    if (this.#precision !== "int8" || array?.shape.length !== 2) return undefined;
    const key = `${name}.${axis === 0 ? "rows" : "columns"}`;
    const known = this.#quantized.get(key);
    if (known) return known;
    const { values, scales } = quantizeMatrix(array, axis);
    const names = {
      values: this.initializer(`${key}.int8`, { dtype: "int8", shape: array.shape, data: values }),
      scales: this.initializer(`${key}.scales`, { dtype: "float32", shape: [scales.length], data: scales }),
    };
    this.#quantized.set(key, names);
    return names;
  }

  /** Stores a weight that a node reads as float32; from 16 bits it becomes so once, when the file is opened. */
  #writeWeight(name: string): void {
    const array = this.#weights.get(name);
    if (!array || this.#written.has(name)) return;
    this.#written.add(name);
    const half = this.#precision === "float16" && isMatrix(array) ? toHalf(array) : undefined;
    if (!half) return void this.initializer(name, array);
    const stored = this.initializer(`${name}.float16`, { ...array, dtype: "float16", data: half });
    const options = { attributes: { to: dataTypes.float32 } };
    this.#nodes.push({ type: "Cast", inputs: [stored], outputs: [name], options });
  }

  /** A value stored in the file under `name`. */
  initializer(name: string, array: StoredArray): string {
    this.#initializers.push(tensorProto(name, array));
    return name;
  }

  /** A small value stored in the file; equal ones are stored once. */
  constant(array: NdArray): string {
    const key = `${array.dtype}[${array.shape}]${array.data.length > 64 ? this.#counter++ : array.data}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const name = this.initializer(`constant_${this.#counter++}`, array);
    this.#constants.set(key, name);
    return name;
  }

  /** A one-dimensional int64 constant: axes, permutations, starts and ends. */
  integers(values: readonly number[]): string {
    return this.constant({
      dtype: "int64",
      shape: [values.length],
      data: BigInt64Array.from(values, BigInt),
    });
  }

  /**
   * A shape as an int64 vector, named dimensions filled in at run time.
   * @param like shape of the value that will be reshaped: what it shares is copied (0), one unknown is inferred (-1)
   */
  shape(shape: Shape, like: Shape = []): string {
    const copied = shape.map((dim, axis) => (typeof dim === "string" && dim === like[axis] ? 0 : dim));
    const unknown = copied.filter((dim) => typeof dim === "string").length;
    if (unknown === 0 || (unknown === 1 && like.length > 0))
      return this.integers(copied.map((dim) => (typeof dim === "string" ? -1 : dim)));
    return this.node(
      "Concat",
      shape.map((dim) => this.dimension(dim)),
      { attributes: { axis: 0 } },
    );
  }

  /** A dimension as an int64 vector of one element. */
  dimension(dim: Dimension): string {
    if (typeof dim === "number") return this.integers([dim]);
    const known = this.#dimensions.get(dim);
    if (known) return known;
    const name = this.#readDimension(dim);
    this.#dimensions.set(dim, name);
    return name;
  }

  #readDimension(dim: string): string {
    const source = this.#dimensionSources.get(dim);
    if (source)
      return this.node("Shape", [source.name], { attributes: { start: source.axis, end: source.axis + 1 } });
    const terms = termsOf(dim);
    const factors = dim.split("*");
    if (terms.length > 1) return this.#combine("Add", terms);
    if (factors.length === 1)
      throw new TensorError(
        `dimension "${dim}" is in no input of the program, so its size is unknown at run time`,
      );
    return this.#combine("Mul", factors);
  }

  #combine(type: "Add" | "Mul", parts: readonly string[]): string {
    return parts
      .map((part) => this.dimension(Number.isNaN(Number(part)) ? part : Number(part)))
      .reduce((a, b) => this.node(type, [a, b]));
  }

  /** ONNX Runtime's errors name the node: with what it was given, the caller knows it. */
  #nodeName({ inputs, outputs }: Node): string {
    const given = inputs.find((name) => this.#given.has(name));
    return given === undefined ? outputs[0]! : `${outputs[0]} of ${given}`;
  }

  /** The ModelProto. Opset 21 and IR version 10 are what onnxruntime-node and -web both read. */
  finish(name: string): Uint8Array<ArrayBuffer> {
    const graph = new MessageWriter();
    const named = (value: string) => this.#computed.get(value) ?? value;
    for (const node of this.#nodes) {
      const [inputs, outputs] = [node.inputs.map(named), node.outputs.map(named)];
      graph.message(1, nodeProto({ ...node, inputs, outputs }, this.#nodeName(node)));
    }
    graph.string(2, name);
    for (const initializer of this.#initializers) graph.message(5, initializer);
    for (const value of this.#inputs) graph.message(11, value);
    for (const value of this.#outputs) graph.message(12, value);
    return new MessageWriter()
      .integer(1, 10)
      .string(2, "havn")
      .message(7, graph)
      .message(8, new MessageWriter().string(1, "").integer(2, 21))
      .message(8, new MessageWriter().string(1, "com.microsoft").integer(2, 1))
      .finish();
  }
}

function valueInfo(name: string, dtype: DType, shape: Shape): MessageWriter {
  const dims = new MessageWriter();
  for (const dim of shape)
    dims.message(
      1,
      typeof dim === "number" ? new MessageWriter().integer(1, dim) : new MessageWriter().string(2, dim),
    );
  const tensor = new MessageWriter().integer(1, dataTypes[dtype]).message(2, dims);
  return new MessageWriter().string(1, name).message(2, new MessageWriter().message(1, tensor));
}

function nodeProto(
  { type, inputs, outputs, options: { domain, attributes = {} } }: Node,
  name: string,
): MessageWriter {
  const node = new MessageWriter();
  for (const name of inputs) node.string(1, name);
  for (const name of outputs) node.string(2, name);
  node.string(3, name).string(4, type);
  for (const [name, value] of Object.entries(attributes)) node.message(5, attributeProto(name, value));
  if (domain) node.string(7, domain);
  return node;
}

/** AttributeProto: the type numbers are FLOAT 1, INT 2, STRING 3, INTS 7. */
function attributeProto(name: string, value: OnnxAttribute): MessageWriter {
  const attribute = new MessageWriter().string(1, name);
  if (typeof value === "number") return attribute.integer(3, value).integer(20, 2);
  if (typeof value === "string") return attribute.string(4, value).integer(20, 3);
  if ("float" in value) return attribute.float(2, value.float).integer(20, 1);
  return attribute.integers(8, value).integer(20, 7);
}

function tensorProto(name: string, { dtype, shape, data }: StoredArray): MessageWriter {
  return new MessageWriter()
    .integers(1, shape)
    .integer(2, dataTypes[dtype])
    .string(8, name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
