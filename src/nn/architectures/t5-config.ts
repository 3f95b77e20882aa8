/** The keys of T5's config.json. */
import { z } from "zod";

const count = z.int().positive();
const token = z.int().nonnegative();

/** The keys of config.json that the architecture reads; others are kept as they are. */
export const t5Config = z.looseObject({
  model_type: z.literal("t5"),
  vocab_size: count.default(32_128),
  d_model: count.default(512),
  d_kv: count.default(64),
  d_ff: count.default(2048),
  num_layers: count.default(6),
  /** As many as the encoder unless given. */
  num_decoder_layers: count.nullable().default(null),
  num_heads: count.default(8),
  relative_attention_num_buckets: count.default(32),
  relative_attention_max_distance: count.default(128),
  dropout_rate: z.number().min(0).lt(1).default(0.1),
  layer_norm_epsilon: z.number().positive().default(1e-6),
  initializer_factor: z.number().positive().default(1),
  /** "relu" in T5, "gated-gelu" in T5 1.1. */
  feed_forward_proj: z.enum(["relu", "gated-gelu", "gated-silu"]).default("relu"),
  tie_word_embeddings: z.boolean().default(true),
  /** Whether the last states are scaled by d_model^-0.5; as T5 with tied embeddings does unless given. */
  scale_decoder_outputs: z.boolean().optional(),
  pad_token_id: token.default(0),
  eos_token_id: token.default(1),
  decoder_start_token_id: token.default(0),
});

export type T5Config = z.output<typeof t5Config>;
