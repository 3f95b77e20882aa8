/** Programs: graphs compiled to ONNX, with a description of what goes in and what comes out. */
import { gradients } from "./autodiff.ts";
import { TensorError } from "./errors.ts";
import { type Limit, limitsOf } from "./limits.ts";
import { type DType, type NdArray, sizeOf } from "./ndarray.ts";
import { GraphBuilder } from "./onnx/graph.ts";
import type { Precision } from "./onnx/stored-weights.ts";
import type { Operation } from "./operator.ts";
import { add } from "./operators/elementwise.ts";
import { type ScatterRowsAttributes, scatterRows } from "./operators/lookup.ts";
import { type Shape, sameShape } from "./shape.ts";
import { Buffer, type Parameter, type Tensor } from "./tensor.ts";

export interface Signature {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Mask extends Signature {
  readonly site: number;
  readonly rate: number;
}

/** A compiled graph. Plain data: it can be sent to a worker or written to a file. */
export interface Program {
  /** An ONNX ModelProto. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly Signature[];
  /** Names of the parameters that are given at each run; none where they are stored in the file. */
  readonly parameters: readonly string[];
  readonly masks: readonly Mask[];
  readonly outputs: readonly Signature[];
  /** What the inputs may hold, as far as the graph says it. */
  readonly limits: readonly Limit[];
}

export interface CompileOptions {
  readonly name?: string;
  /** Parameters by name. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Values to store in the file; without them the parameters are inputs of the program. */
  readonly weights?: ReadonlyMap<string, NdArray<"float32">>;
  /**
   * How the weights are stored; float32 unless given. float16 halves the file and computes as before; int8 also
   * computes products with weights in integers, and moves the results a little.
   */
  readonly precision?: Precision;
}

/**
 * Compiles the graph behind `outputs`.
 * @throws {TensorError} when the graph uses a parameter that has no name or no weight
 */
export function compile(
  outputs: Readonly<Record<string, Tensor>>,
  { name = "havn", parameters, weights, precision = "float32" }: CompileOptions,
): Program {
  const graph = new GraphBuilder({ precision, portable: weights !== undefined });
  const { leaves, used, operations } = reach(Object.values(outputs));
  const names = new Map<Tensor, string>();
  const parameterNames = new Map<Tensor, string>([...parameters].map(([key, parameter]) => [parameter, key]));
  const described = { inputs: [] as Signature[], parameters: [] as string[], masks: [] as Mask[] };

  for (const leaf of leaves) {
    const { source, dtype, shape } = leaf;
    if (source.kind === "input") {
      declareInput(described.inputs, { name: source.name, dtype, shape });
      names.set(leaf, source.name);
    } else if (source.kind === "mask") {
      const mask = { name: `mask_${source.site}`, dtype, shape, site: source.site, rate: source.rate };
      described.masks.push(mask);
      names.set(leaf, mask.name);
    } else if (source.kind === "parameter") {
      const parameter = parameterNames.get(leaf);
      if (parameter === undefined)
        throw new TensorError(`a parameter of shape [${shape}] is used but has no name`);
      names.set(leaf, parameter);
      if (weights) graph.weight(parameter, weightOf(weights, parameter, leaf.shape));
      else described.parameters.push(parameter);
    }
  }
  described.masks.sort((a, b) => a.site - b.site);
  for (const { name, dtype, shape } of [...described.inputs, ...described.masks])
    graph.input(name, dtype, shape);
  for (const name of described.parameters) graph.input(name, "float32", parameters.get(name)!.shape);

  const emit = emitter(graph, names, used);
  const signatures = Object.entries(outputs).map(([key, tensor]) => {
    graph.output(key, emit(tensor), tensor.dtype, tensor.shape);
    return { name: key, dtype: tensor.dtype, shape: tensor.shape };
  });
  const limits = limitsOf(operations, (tensor) => parameterNames.get(tensor));
  return { bytes: graph.finish(name), ...described, outputs: signatures, limits };
}

/** An input may be written at several places of a model, but only as one and the same. */
function declareInput(inputs: Signature[], input: Signature): void {
  const known = inputs.find(({ name }) => name === input.name);
  if (!known) inputs.push(input);
  else if (known.dtype !== input.dtype || !sameShape(known.shape, input.shape)) {
    const [one, other] = [known, input].map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`);
    throw new TensorError(`two inputs are called ${input.name}: ${one} and ${other}`);
  }
}

function weightOf(weights: ReadonlyMap<string, NdArray<"float32">>, name: string, shape: Shape) {
  const weight = weights.get(name);
  if (!weight) throw new TensorError(`weights lack ${name} [${shape.join(", ")}]`);
  if (weight.shape.join() !== shape.join())
    throw new TensorError(
      `${name} must have shape [${shape.join(", ")}], the weights have [${weight.shape.join(", ")}]`,
    );
  if (weight.data.length !== sizeOf(weight.shape))
    throw new TensorError(
      `${name} [${shape.join(", ")}] must have ${sizeOf(weight.shape)} elements, the weights have ${weight.data.length}`,
    );
  return weight;
}

/** All tensors that the outputs need, and those of them that are not computed, both in the order of first use. */
function reach(outputs: readonly Tensor[]) {
  const used = new Set<Tensor>();
  const leaves = new Set<Tensor>();
  const operations = new Set<Operation>();
  const visit = (tensor: Tensor) => {
    if (used.has(tensor)) return;
    used.add(tensor);
    if (tensor.source.kind === "operation") {
      tensor.source.operation.inputs.forEach(visit);
      operations.add(tensor.source.operation);
    } else leaves.add(tensor);
  };
  outputs.forEach(visit);
  return { used, leaves, operations };
}

/** Writes each operation once, after those it uses. */
function emitter(graph: GraphBuilder, names: Map<Tensor, string>, used: ReadonlySet<Tensor>) {
  const emitted = new Set<Operation>();
  const emit = (tensor: Tensor): string => {
    const { source } = tensor;
    if (source.kind === "constant" && !names.has(tensor)) names.set(tensor, graph.constant(source.value));
    if (source.kind === "operation" && !emitted.has(source.operation)) {
      const { operation } = source;
      emitted.add(operation);
      const outputs = emitOperation(graph, operation, operation.inputs.map(emit), used);
      for (const [i, output] of outputs.entries()) names.set(operation.outputs[i]!, output);
    }
    return names.get(tensor)!;
  };
  return emit;
}

function emitOperation(
  graph: GraphBuilder,
  operation: Operation,
  inputs: readonly string[],
  used: ReadonlySet<Tensor>,
): readonly string[] {
  const { type, definition, attributes } = operation;
  // Statistics that nothing asks for cost time, and hide the node from ONNX Runtime's fusions.
  const outputs = operation.outputs.findLastIndex((output) => used.has(output)) + 1;
  if (definition.emit) {
    const names = definition.emit(graph, inputs, operation, outputs);
    return typeof names === "string" ? [names] : names;
  }
  return graph.nodes(type, inputs, {
    outputs,
    ...(definition.domain && { domain: definition.domain }),
    ...(definition.onnx && { attributes: definition.onnx(attributes, operation.inputs) }),
  });
}

/** Where the gradient of one parameter is found among the outputs of a training program. */
export interface GradientOutputs {
  readonly parameter: string;
  /** Output of the parameter's shape. */
  readonly dense?: string;
  /** Pairs of outputs to add: int64 indices [n] and the rows [n, width] that belong there. */
  readonly rows: readonly {
    readonly indices: string;
    readonly values: string;
    readonly paddingIndex?: number;
  }[];
}

/** Forward and backward in one graph; output "loss" and one or more outputs for each gradient. */
export interface TrainingProgram extends Program {
  readonly gradients: readonly GradientOutputs[];
  /** Outputs that replace the values of buffers after a run. */
  readonly updates: readonly { readonly buffer: string; readonly value: string }[];
}

export interface CompileTrainingOptions extends Omit<CompileOptions, "weights" | "precision"> {
  /** Names of parameters that keep their values: no gradient is computed for them. */
  readonly frozen?: ReadonlySet<string>;
  /** Values of buffers after a batch: `TrainingPass.updates`. */
  readonly updates?: ReadonlyMap<Buffer, Tensor>;
  /**
   * Values to keep for the backward pass, `TrainingPass.boundaries`; those between them are computed again. Takes less
   * memory and more time. All values are kept unless given.
   */
  readonly recompute?: ReadonlySet<Tensor> | undefined;
}

/**
 * Compiles the loss and its derivatives by every parameter. Gradients of lookups stay rows with their indices, so
 * that no gradient as large as a vocabulary is ever filled with zeros in the graph.
 */
export function compileTraining(
  loss: Tensor,
  { frozen = new Set(), updates = new Map(), recompute, ...options }: CompileTrainingOptions,
): TrainingProgram {
  const unknown = [...frozen].find((name) => !options.parameters.has(name));
  if (unknown !== undefined)
    throw new TensorError(`frozen names ${unknown}, but the model has no such parameter`);
  const trained = [...options.parameters].filter(
    ([name, parameter]) => !(parameter instanceof Buffer) && !frozen.has(name),
  );
  const found = gradients(
    loss,
    trained.map(([, parameter]) => parameter),
    { recompute },
  );
  const outputs: Record<string, Tensor> = { loss };
  const described = trained.flatMap(([parameter], i): GradientOutputs[] => {
    const gradient = found[i];
    return gradient ? [addGradient(outputs, parameter, gradient)] : [];
  });
  const followed = [...options.parameters].flatMap(([buffer, parameter]) => {
    const value = parameter instanceof Buffer ? updates.get(parameter) : undefined;
    if (!value) return [];
    outputs[`update.${buffer}`] = value;
    return [{ buffer, value: `update.${buffer}` }];
  });
  return { ...compile(outputs, options), gradients: described, updates: followed };
}

function addGradient(outputs: Record<string, Tensor>, parameter: string, gradient: Tensor): GradientOutputs {
  const { dense, lookups } = splitRows(gradient);
  if (dense) outputs[`gradient.${parameter}`] = dense;
  const rows = lookups.map(({ inputs: [indices, values], attributes }, k) => {
    const { paddingIndex } = attributes as ScatterRowsAttributes;
    const names = { indices: `indices.${k}.${parameter}`, values: `rows.${k}.${parameter}` };
    outputs[names.indices] = indices!;
    outputs[names.values] = values!;
    return { ...names, ...(paddingIndex !== undefined && { paddingIndex }) };
  });
  return { parameter, ...(dense && { dense: `gradient.${parameter}` }), rows };
}

/** Takes a sum apart into a dense term and the lookups whose gradients it adds. */
function splitRows(gradient: Tensor): { dense?: Tensor; lookups: Operation[] } {
  if (gradient.source.kind !== "operation") return { dense: gradient, lookups: [] };
  const { operation } = gradient.source;
  if (operation.definition === scatterRows.definition) return { lookups: [operation] };
  const isSum =
    operation.type === "Add" && operation.inputs.every(({ shape }) => sameShape(shape, gradient.shape));
  if (!isSum) return { dense: gradient, lookups: [] };
  const [left, right] = operation.inputs.map(splitRows) as [
    ReturnType<typeof splitRows>,
    ReturnType<typeof splitRows>,
  ];
  if (left.lookups.length + right.lookups.length === 0) return { dense: gradient, lookups: [] };
  const dense = left.dense && right.dense ? add(left.dense, right.dense) : (left.dense ?? right.dense);
  return { ...(dense && { dense }), lookups: [...left.lookups, ...right.lookups] };
}
