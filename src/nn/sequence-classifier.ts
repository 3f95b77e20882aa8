/** Models that put a text into one of several classes, whatever their architecture. */
import type { Tensor, TrainingPass } from "../tensor/index.ts";
import { DistilbertForSequenceClassification, distilbertConfig } from "./architectures/distilbert.ts";
import { RobertaForSequenceClassification, robertaConfig } from "./architectures/roberta.ts";
import { createArchitecture } from "./create-architecture.ts";
import type { Module } from "./module.ts";

export interface TokenInputs {
  /** int64 [batch, sequence] */
  readonly input_ids: Tensor;
  /** int64 [batch, sequence]: 1 for a token, 0 for padding */
  readonly attention_mask: Tensor;
}

export interface SequenceClassifier extends Module {
  /** Tokens of the longest text for which it has positions. */
  readonly maxLength: number;
  /**
   * @param pass given while training
   * @returns logits [batch, labels], and the hidden states [batch, sequence, hidden] of the embeddings and each layer
   */
  forward(inputs: TokenInputs, pass?: TrainingPass): { logits: Tensor; hiddenStates: Tensor[] };
}

/** How a model is made from a config.json, by its `model_type`. */
const architectures = (
  labels: number,
): Readonly<Record<string, (config: unknown) => SequenceClassifier>> => ({
  distilbert: (config) => new DistilbertForSequenceClassification(distilbertConfig.parse(config), labels),
  roberta: (config) => new RobertaForSequenceClassification(robertaConfig.parse(config), labels),
});

/** @throws {CheckpointError} for a `model_type` that is not supported, and for values that no such model can have */
export const sequenceClassifier = (config: Record<string, unknown>, labels: number): SequenceClassifier =>
  createArchitecture(architectures(labels), config);
