/** Models that read one sequence and write another, whatever their architecture. */
import type { Tensor, TrainingPass } from "../tensor/index.ts";
import { T5ForConditionalGeneration } from "./architectures/t5.ts";
import { t5Config } from "./architectures/t5-config.ts";
import { createArchitecture } from "./create-architecture.ts";
import type { Module } from "./module.ts";
import type { TokenInputs } from "./sequence-classifier.ts";

export interface Seq2SeqInputs extends TokenInputs {
  /** int64 [batch, target]: the token before each one that is predicted, see `Seq2Seq.decoderInputs` */
  readonly decoder_input_ids: Tensor;
}

export interface Seq2SeqOutputs {
  /** [batch, target, vocabulary] */
  readonly logits: Tensor;
  /** [batch, source, hidden]: of the embeddings, each layer, and the last one normalised */
  readonly encoderStates: Tensor[];
  /** [batch, target, hidden] */
  readonly decoderStates: Tensor[];
}

/** What attention looks at, kept from step to step: both [batch, heads, length, depth]. */
export interface KeysAndValues {
  readonly key: Tensor;
  readonly value: Tensor;
}

/**
 * One step of generation for the beams of each row. All that the beams of a row have written before stands in one
 * pool of slots; each beam sees the slots of its own past. Beams that split, end or change places are thus a matter of
 * `visible` alone, and no cache moves for them. What a beam writes now comes first on the axes that have it.
 */
export interface DecoderStepInputs {
  /** int64 [batch, beams]: the last token of each beam */
  readonly tokens: Tensor;
  /** bool [batch, beams, 1 + slots]: what each beam sees, itself first */
  readonly visible: Tensor;
  /** int64 [batch, 1 + slots]: how far each slot stands from what is written now, 0 or negative */
  readonly positions: Tensor;
  /** By layer, [batch, heads, slots, depth]. */
  readonly past: readonly KeysAndValues[];
  /** By layer, of the source. */
  readonly source: readonly KeysAndValues[];
  /** int64 [batch, source]: 1 for a token, 0 for padding */
  readonly attention_mask: Tensor;
}

export interface Seq2Seq extends Module {
  readonly tokens: SpecialTokens;
  /** By layer, how many heads of what depth the caches of the decoder have. */
  readonly caches: readonly { readonly heads: number; readonly depth: number }[];
  /** @param pass given while training */
  forward(inputs: Seq2SeqInputs, pass?: TrainingPass): Seq2SeqOutputs;
  /**
   * What the decoder reads while it learns to write the labels: they, one place further, after the start token.
   * @param labels int64 [batch, target]; -100 where nothing is to be learnt
   */
  decoderInputs(labels: Tensor): Tensor;
  /** Keys and values of the source for each layer of the decoder: computed once for all steps. */
  readSource(inputs: TokenInputs): KeysAndValues[];
  /** @returns logits [batch, beams, vocabulary], and by layer what was written now [batch, heads, beams, depth] */
  step(inputs: DecoderStepInputs): { readonly logits: Tensor; readonly written: KeysAndValues[] };
}

/** Tokens that begin, end and fill what a model writes. */
export interface SpecialTokens {
  readonly start: number;
  readonly end: number;
  readonly padding: number;
}

/** How a model is made from a config.json, by its `model_type`. */
const architectures: Readonly<Record<string, (config: unknown) => Seq2Seq>> = {
  t5: (config) => new T5ForConditionalGeneration(t5Config.parse(config)),
};

/** @throws {CheckpointError} for a `model_type` that is not supported, and for values that no such model can have */
export const seq2seq = (config: Record<string, unknown>): Seq2Seq =>
  createArchitecture(architectures, config);
