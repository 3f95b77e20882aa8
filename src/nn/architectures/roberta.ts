/** RoBERTa (Liu et al. 2019), as Hugging Face defines `RobertaForSequenceClassification`; BERTweet is the same model. */
import { z } from "zod";
import {
  add,
  cast,
  cumsum,
  equal,
  gelu,
  mul,
  relu,
  select,
  type Tensor,
  type TrainingPass,
  tanh,
  where,
} from "../../tensor/index.ts";
import { attention, dropoutAt, Embedding, hidePadding, LayerNorm, Linear, layerEnd } from "../layers.ts";
import { Module } from "../module.ts";
import type { SequenceClassifier, TokenInputs } from "../sequence-classifier.ts";

const activations = { gelu, relu };
const rate = z.number().min(0).lt(1);

/** The keys of config.json that the architecture reads; others are kept as they are. */
export const robertaConfig = z.looseObject({
  model_type: z.literal("roberta"),
  vocab_size: z.int().positive().default(50_265),
  max_position_embeddings: z.int().positive().default(514),
  hidden_size: z.int().positive().default(768),
  num_hidden_layers: z.int().positive().default(12),
  num_attention_heads: z.int().positive().default(12),
  intermediate_size: z.int().positive().default(3072),
  hidden_act: z.enum(["gelu", "relu"]).default("gelu"),
  hidden_dropout_prob: rate.default(0.1),
  attention_probs_dropout_prob: rate.default(0.1),
  /** As the hidden dropout unless given. */
  classifier_dropout: rate.nullable().default(null),
  type_vocab_size: z.int().positive().default(1),
  layer_norm_eps: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  pad_token_id: z.int().nonnegative().default(1),
});

export type RobertaConfig = z.output<typeof robertaConfig>;

class Embeddings extends Module {
  readonly word_embeddings: Embedding;
  readonly position_embeddings: Embedding;
  readonly token_type_embeddings: Embedding;
  readonly LayerNorm: LayerNorm;
  readonly #padding: number;
  readonly #rate: number;

  constructor(config: RobertaConfig) {
    super();
    const { hidden_size: width, initializer_range: deviation, pad_token_id: paddingIndex } = config;
    this.word_embeddings = new Embedding(config.vocab_size, width, { deviation, paddingIndex });
    this.position_embeddings = new Embedding(config.max_position_embeddings, width, {
      deviation,
      paddingIndex,
    });
    this.token_type_embeddings = new Embedding(config.type_vocab_size, width, { deviation });
    this.LayerNorm = new LayerNorm(width, { epsilon: config.layer_norm_eps });
    this.#padding = paddingIndex;
    this.#rate = config.hidden_dropout_prob;
  }

  /** @param ids [batch, sequence] @returns [batch, sequence, hidden] */
  forward(ids: Tensor, pass?: TrainingPass): Tensor {
    // All tokens are of the first type.
    const type = select(this.token_type_embeddings.weight, 0, 0);
    const words = add(
      this.word_embeddings.forward(ids),
      this.position_embeddings.forward(this.#positions(ids)),
    );
    return dropoutAt(this.#rate, this.LayerNorm.forward(add(words, type)), pass);
  }

  /** Tokens count from the padding index + 1; padding keeps the padding index. */
  #positions(ids: Tensor): Tensor {
    const isToken = cast(where(equal(ids, this.#padding), 0, 1), { to: "int64" });
    return add(mul(cumsum(isToken, 1), isToken), this.#padding);
  }
}

class SelfAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly #heads: number;
  readonly #rate: number;

  constructor({ hidden_size: width, initializer_range: deviation, ...config }: RobertaConfig) {
    super();
    this.query = new Linear(width, width, { deviation });
    this.key = new Linear(width, width, { deviation });
    this.value = new Linear(width, width, { deviation });
    this.#heads = config.num_attention_heads;
    this.#rate = config.attention_probs_dropout_prob;
  }

  forward(x: Tensor, bias: Tensor, pass?: TrainingPass): Tensor {
    const options = { heads: this.#heads, bias, rate: this.#rate, pass };
    return attention(this.query.forward(x), this.key.forward(x), this.value.forward(x), options);
  }
}

/** A linear layer whose result is added to what the block began with, and normalised. */
class ResidualOutput extends Module {
  readonly dense: Linear;
  readonly LayerNorm: LayerNorm;
  readonly #rate: number;

  constructor(inFeatures: number, config: RobertaConfig) {
    super();
    this.dense = new Linear(inFeatures, config.hidden_size, { deviation: config.initializer_range });
    this.LayerNorm = new LayerNorm(config.hidden_size, { epsilon: config.layer_norm_eps });
    this.#rate = config.hidden_dropout_prob;
  }

  forward(x: Tensor, residual: Tensor, pass?: TrainingPass): Tensor {
    return this.LayerNorm.forward(add(dropoutAt(this.#rate, this.dense.forward(x), pass), residual));
  }
}

class Attention extends Module {
  readonly self: SelfAttention;
  readonly output: ResidualOutput;

  constructor(config: RobertaConfig) {
    super();
    this.self = new SelfAttention(config);
    this.output = new ResidualOutput(config.hidden_size, config);
  }

  forward(x: Tensor, bias: Tensor, pass?: TrainingPass): Tensor {
    return this.output.forward(this.self.forward(x, bias, pass), x, pass);
  }
}

class Intermediate extends Module {
  readonly dense: Linear;
  readonly #activation: (x: Tensor) => Tensor;

  constructor({ hidden_size, intermediate_size, hidden_act, initializer_range: deviation }: RobertaConfig) {
    super();
    this.dense = new Linear(hidden_size, intermediate_size, { deviation });
    this.#activation = activations[hidden_act];
  }

  forward(x: Tensor): Tensor {
    return this.#activation(this.dense.forward(x));
  }
}

class Layer extends Module {
  readonly attention: Attention;
  readonly intermediate: Intermediate;
  readonly output: ResidualOutput;

  constructor(config: RobertaConfig) {
    super();
    this.attention = new Attention(config);
    this.intermediate = new Intermediate(config);
    this.output = new ResidualOutput(config.intermediate_size, config);
  }

  forward(x: Tensor, bias: Tensor, pass?: TrainingPass): Tensor {
    const attended = this.attention.forward(x, bias, pass);
    return this.output.forward(this.intermediate.forward(attended), attended, pass);
  }
}

class Encoder extends Module {
  readonly layer: Layer[];

  constructor(config: RobertaConfig) {
    super();
    this.layer = Array.from({ length: config.num_hidden_layers }, () => new Layer(config));
  }

  /** @returns the output of the embeddings and of each layer */
  forward(x: Tensor, bias: Tensor, pass?: TrainingPass): Tensor[] {
    const states = [layerEnd(x, pass)];
    for (const layer of this.layer) states.push(layerEnd(layer.forward(states.at(-1)!, bias, pass), pass));
    return states;
  }
}

class RobertaModel extends Module {
  readonly embeddings: Embeddings;
  readonly encoder: Encoder;

  constructor(config: RobertaConfig) {
    super();
    this.embeddings = new Embeddings(config);
    this.encoder = new Encoder(config);
  }

  forward({ input_ids, attention_mask }: TokenInputs, pass?: TrainingPass): Tensor[] {
    return this.encoder.forward(this.embeddings.forward(input_ids, pass), hidePadding(attention_mask), pass);
  }
}

class ClassificationHead extends Module {
  readonly dense: Linear;
  readonly out_proj: Linear;
  readonly #rate: number;

  constructor(
    { hidden_size: width, initializer_range: deviation, ...config }: RobertaConfig,
    labels: number,
  ) {
    super();
    this.dense = new Linear(width, width, { deviation });
    this.out_proj = new Linear(width, labels, { deviation });
    this.#rate = config.classifier_dropout ?? config.hidden_dropout_prob;
  }

  /** @param first [batch, hidden], the state of the first token */
  forward(first: Tensor, pass?: TrainingPass): Tensor {
    const pooled = tanh(this.dense.forward(dropoutAt(this.#rate, first, pass)));
    return this.out_proj.forward(dropoutAt(this.#rate, pooled, pass));
  }
}

/** RoBERTa with a classifier on the first token. */
export class RobertaForSequenceClassification extends Module implements SequenceClassifier {
  readonly roberta: RobertaModel;
  readonly classifier: ClassificationHead;
  readonly maxLength: number;

  constructor(config: RobertaConfig, labels: number) {
    super();
    // Positions begin behind that of the padding.
    this.maxLength = config.max_position_embeddings - config.pad_token_id - 1;
    this.roberta = new RobertaModel(config);
    this.classifier = new ClassificationHead(config, labels);
  }

  forward(inputs: TokenInputs, pass?: TrainingPass): { logits: Tensor; hiddenStates: Tensor[] } {
    const hiddenStates = this.roberta.forward(inputs, pass);
    const first = select(hiddenStates.at(-1)!, 1, 0);
    return { logits: this.classifier.forward(first, pass), hiddenStates };
  }
}
