/** Models that put a text into one of several classes, whatever their architecture. */
import { z } from "zod";
import type { Tensor, TrainingPass } from "../tensor/index.ts";
import { DistilbertForSequenceClassification, distilbertConfig } from "./architectures/distilbert.ts";
import { RobertaForSequenceClassification, robertaConfig } from "./architectures/roberta.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import type { Module } from "./module.ts";

export interface TokenInputs {
  /** int64 [batch, sequence] */
  readonly input_ids: Tensor;
  /** int64 [batch, sequence]: 1 for a token, 0 for padding */
  readonly attention_mask: Tensor;
}

export interface SequenceClassifier extends Module {
  /**
   * @param pass given while training
   * @returns logits [batch, labels], and the hidden states [batch, sequence, hidden] of the embeddings and each layer
   */
  forward(inputs: TokenInputs, pass?: TrainingPass): { logits: Tensor; hiddenStates: Tensor[] };
}

/** How a model is made from a config.json, by its `model_type`. */
const architectures: Readonly<Record<string, (config: unknown, labels: number) => SequenceClassifier>> = {
  distilbert: (config, labels) =>
    new DistilbertForSequenceClassification(distilbertConfig.parse(config), labels),
  roberta: (config, labels) => new RobertaForSequenceClassification(robertaConfig.parse(config), labels),
};

/** @throws {CheckpointError} for a `model_type` that is not supported, and for values that no such model can have */
export function sequenceClassifier(config: Record<string, unknown>, labels: number): SequenceClassifier {
  const create = architectures[String(config.model_type)];
  if (!create)
    throw new CheckpointError(
      "config.json",
      `model_type must be one of ${Object.keys(architectures).join(", ")}, got ${JSON.stringify(config.model_type)}`,
    );
  try {
    return create(config, labels);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const problems = cause.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new CheckpointError("config.json", problems.join("; "), { cause });
  }
}
