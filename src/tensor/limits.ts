/**
 * What the numbers in a program's inputs may be: indices within what they index, sequences no longer than a table of
 * positions. ONNX Runtime takes an index of -1 for the last one, and names no input when one is too large.
 */
import { TensorError } from "./errors.ts";
import type { NdArray, NdArrays } from "./ndarray.ts";
import type { Operation } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

/** A condition as plain data, so that programs can be sent to workers. */
export type Limit =
  | {
      readonly kind: "index";
      readonly input: string;
      readonly below: number;
      /** Values that are replaced before anything is looked up, such as -100. */
      readonly except: readonly number[];
      readonly of: string;
    }
  | { readonly kind: "size"; readonly dimension: string; readonly atMost: number; readonly of: string };

/**
 * The limits that the operations of a graph set.
 * @param nameOf name of a parameter
 */
export function limitsOf(
  operations: Iterable<Operation>,
  nameOf: (tensor: Tensor) => string | undefined,
): Limit[] {
  const limits = new Map<string, Limit>();
  for (const { definition, inputs, attributes } of operations) {
    const requirement = definition.requires?.(inputs, attributes);
    if (!requirement || typeof requirement.atMost !== "number") continue;
    const { what, table, atMost } = requirement;
    const of = [what, nameOf(table), `[${table.shape.join(", ")}]`].filter(Boolean).join(" ");
    if ("dimension" in requirement) {
      const { dimension } = requirement;
      if (typeof dimension === "string") limits.set(dimension, { kind: "size", dimension, atMost, of });
      continue;
    }
    const source = inputBehind(requirement.indices);
    if (!source) continue;
    const below = atMost;
    const key = `${source.input}<${below}`;
    if (!limits.has(key)) limits.set(key, { kind: "index", ...source, below, of });
  }
  return [...limits.values()];
}

interface Source {
  readonly input: string;
  readonly except: readonly number[];
}

/** The input whose values a tensor holds, in another shape or with some of them replaced. */
function inputBehind({ source }: Tensor): Source | undefined {
  if (source.kind === "input") return { input: source.name, except: [] };
  if (source.kind !== "operation") return undefined;
  const { type, inputs } = source.operation;
  if (type === "Reshape" || type === "Pad") return inputBehind(inputs[0]!);
  if (type !== "Where") return undefined;
  // where(equal(x, value), other, x): no value of x but that one stays.
  const [condition, , kept] = inputs as [Tensor, Tensor, Tensor];
  const replaced = condition.source.kind === "operation" ? condition.source.operation : undefined;
  const [compared, value] = replaced?.inputs ?? [];
  const behind = inputBehind(kept);
  if (replaced?.type !== "Equal" || compared !== kept || value?.source.kind !== "constant") return undefined;
  return behind && { ...behind, except: [...behind.except, Number(value.source.value.data[0])] };
}

/** @throws {TensorError} when an input holds an index outside of its limits, or a dimension is too large */
export function checkLimits(
  limits: readonly Limit[],
  inputs: NdArrays,
  dimensions: ReadonlyMap<string, number>,
): void {
  for (const limit of limits) {
    if (limit.kind === "index") {
      checkIndices(limit, inputs[limit.input]);
      continue;
    }
    const size = dimensions.get(limit.dimension) ?? 0;
    if (size > limit.atMost)
      throw new TensorError(`${limit.dimension} must be at most ${limit.atMost}, ${limit.of}; got ${size}`);
  }
}

function checkIndices(
  { input, below, except, of }: Limit & { readonly kind: "index" },
  array: NdArray | undefined,
): void {
  if (!array) return;
  const { data, shape } = array;
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if ((value >= 0 && value < below) || except.includes(value)) continue;
    const allowed = [...except, `within 0 and ${below - 1}`].join(" or ");
    throw new TensorError(`input ${input} must be ${allowed}, ${of}; got ${value} at [${placeOf(i, shape)}]`);
  }
}

/** Index on each axis of the element number `i`. */
function placeOf(i: number, shape: readonly number[]): string {
  let rest = i;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .toReversed()
    .join(", ");
}
