/** Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). */
import { type Operation, repeat } from "./operator.ts";
import { delayed } from "./operators/delayed.ts";
import type { Tensor } from "./tensor.ts";

/** The operations between two boundaries, and what they become when they are computed again. */
interface Segment {
  readonly copies: Map<Operation, Operation>;
  readonly entries: Map<Tensor, Tensor>;
  /** Derivative by the boundary at the end: nothing is computed again before it is known. */
  upstream: Tensor | undefined;
}

/**
 * Copies of operations for the derivatives to use, so that of the forward pass only the boundaries are kept until the
 * backward pass comes to them. A copy computes the same from the same values: dropout masks are inputs of a program.
 */
export class Recomputation {
  readonly #segments: ReadonlyMap<Operation, Segment>;

  /**
   * @param value the loss
   * @param boundaries what is kept; an operation is computed again if all that uses it lies before the same boundary
   */
  constructor(value: Tensor, boundaries: ReadonlySet<Tensor>) {
    this.#segments = segmentsBefore(boundaries, operationsOf(value));
  }

  /**
   * The operation as its derivative is to see it. Operations are asked for from the end of the graph to its start.
   * @param upstream derivative by the operation's first output
   */
  again(operation: Operation, upstream: Tensor): Operation {
    const segment = this.#segments.get(operation);
    if (!segment) return operation;
    // The boundary itself comes first: all paths from its segment to the loss lead through it.
    segment.upstream ??= upstream;
    return this.#copy(operation, segment, segment.upstream);
  }

  #copy(operation: Operation, segment: Segment, upstream: Tensor): Operation {
    const known = segment.copies.get(operation);
    if (known) return known;
    const inputs = operation.inputs.map((input) => this.#copyTensor(input, segment, upstream));
    const copy = repeat(operation, inputs);
    segment.copies.set(operation, copy);
    return copy;
  }

  #copyTensor(tensor: Tensor, segment: Segment, upstream: Tensor): Tensor {
    const { source } = tensor;
    if (source.kind === "operation" && this.#segments.get(source.operation) === segment)
      return this.#copy(source.operation, segment, upstream).outputs[source.index]!;
    // What depends on these alone is small, and ONNX Runtime may keep it.
    if (source.kind === "parameter" || source.kind === "constant" || source.kind === "mask") return tensor;
    const known = segment.entries.get(tensor) ?? delayed(tensor, upstream);
    segment.entries.set(tensor, known);
    return known;
  }
}

/** All operations behind a value, each after those it uses. */
function operationsOf(value: Tensor): Operation[] {
  const ordered = new Set<Operation>();
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor) => {
    if (seen.has(tensor) || tensor.source.kind !== "operation") return;
    seen.add(tensor);
    tensor.source.operation.inputs.forEach(visit);
    ordered.add(tensor.source.operation);
  };
  visit(value);
  return [...ordered];
}

/** The segment of each operation that has one. */
function segmentsBefore(
  boundaries: ReadonlySet<Tensor>,
  operations: readonly Operation[],
): Map<Operation, Segment> {
  const segments = new Map<Operation, Segment>();
  /** Where a tensor is used: in one segment, or in several or outside of all (undefined). */
  const users = new Map<Tensor, Segment | undefined>();
  for (const operation of operations.toReversed()) {
    const { inputs, outputs } = operation;
    const segment = outputs.some((output) => boundaries.has(output))
      ? { copies: new Map(), entries: new Map(), upstream: undefined }
      : onlyOne(outputs.filter((output) => users.has(output)).map((output) => users.get(output)));
    if (segment) segments.set(operation, segment);
    for (const input of inputs)
      users.set(input, users.has(input) && users.get(input) !== segment ? undefined : segment);
  }
  return segments;
}

const onlyOne = (segments: readonly (Segment | undefined)[]): Segment | undefined =>
  segments.every((segment) => segment === segments[0]) ? segments[0] : undefined;
