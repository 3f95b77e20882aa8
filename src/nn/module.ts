/** What models are made of: parameters under the names of the original checkpoint. */
import { type NdArray, Parameter } from "../tensor/index.ts";

/**
 * A part of a model. Its parameters are its fields, and the fields of its parts: a field `q_lin` that holds a
 * `Linear` holds the parameters `q_lin.weight` and `q_lin.bias`, exactly as PyTorch names them.
 */
export abstract class Module {
  abstract forward(...inputs: never[]): unknown;
}

/** All parameters of a model in the order of their definition, by name. */
export function namedParameters(module: object, prefix = ""): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  for (const [key, value] of Object.entries(module)) {
    const name = prefix + key;
    if (value instanceof Parameter) found.set(name, value);
    else if (value instanceof Module || Array.isArray(value))
      for (const [inner, parameter] of namedParameters(value, `${name}.`)) found.set(inner, parameter);
  }
  return found;
}

/** First values for parameters, drawn in the order of their definition. */
export function initialize(
  parameters: ReadonlyMap<string, Parameter>,
  random: () => number,
): Map<string, NdArray<"float32">> {
  return new Map(
    [...parameters].map(([name, { shape, initialize }]) => {
      return [name, { dtype: "float32", shape, data: initialize(shape, random) }];
    }),
  );
}

/** Names of the parameters that are usually left out of weight decay: biases and the weights of normalisations. */
export const withoutDecay = (parameters: ReadonlyMap<string, Parameter>): string[] =>
  [...parameters].filter(([, { shape }]) => shape.length < 2).map(([name]) => name);
