/** The two programs that generation runs: one reads the source once, the other writes a token at a time. */
import {
  type CompileOptions,
  compile,
  input,
  logSoftmax,
  minimum,
  type Program,
  type Tensor,
  topK,
} from "../../tensor/index.ts";
import { namedParameters } from "../module.ts";
import type { KeysAndValues, Seq2Seq } from "../seq2seq.ts";

export interface GenerationPrograms {
  /** input_ids and attention_mask [batch, source] -> the keys and values that the decoder attends to */
  readonly source: Program;
  /** The last token of each beam, and what was written before -> the likeliest next tokens, and what is written now. */
  readonly step: Program;
}

/** Compiles both programs with the weights in them. */
export function generationPrograms(
  model: Seq2Seq,
  weights: NonNullable<CompileOptions["weights"]>,
  described: Pick<CompileOptions, "name" | "precision"> = {},
): GenerationPrograms {
  const options = { parameters: namedParameters(model), weights, ...described };
  return { source: compile(sourceGraph(model), options), step: compile(stepGraph(model), options) };
}

const attention_mask = input("attention_mask", "int64", ["batch", "source"]);

function sourceGraph(model: Seq2Seq): Record<string, Tensor> {
  const input_ids = input("input_ids", "int64", ["batch", "source"]);
  return named("source", model.readSource({ input_ids, attention_mask }));
}

function stepGraph(model: Seq2Seq): Record<string, Tensor> {
  const cachesOf = (kind: string, length: string): KeysAndValues[] =>
    model.caches.map(({ heads, depth }, layer) => {
      const cache = (part: string) =>
        input(`${kind}.${layer}.${part}`, "float32", ["batch", heads, length, depth]);
      return { key: cache("key"), value: cache("value") };
    });
  const { logits, written } = model.step({
    tokens: input("tokens", "int64", ["batch", "beams"]),
    visible: input("visible", "bool", ["batch", "beams", "(1+past)"]),
    positions: input("positions", "int64", ["batch", "(1+past)"]),
    past: cachesOf("past", "past"),
    source: cachesOf("source", "source"),
    attention_mask,
  });
  const count = minimum(input("count", "int64", [1]), Number(logits.dim(-1)));
  const { values, indices } = topK(logSoftmax(logits), count);
  return { log_probabilities: values, next_tokens: indices, ...named("written", written) };
}

/** Caches under names such as "written.0.key". */
const named = (kind: string, caches: readonly KeysAndValues[]): Record<string, Tensor> =>
  Object.fromEntries(
    caches.flatMap(({ key, value }, layer) => [
      [`${kind}.${layer}.key`, key],
      [`${kind}.${layer}.value`, value],
    ]),
  );
