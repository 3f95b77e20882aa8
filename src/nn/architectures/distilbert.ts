/** DistilBERT (Sanh et al. 2019), as Hugging Face defines `DistilBertForSequenceClassification`. */
import { z } from "zod";
import { add, gelu, leadingRows, relu, select, type Tensor, type TrainingPass } from "../../tensor/index.ts";
import { attention, dropoutAt, Embedding, hidePadding, LayerNorm, Linear, layerEnd } from "../layers.ts";
import { Module } from "../module.ts";
import type { SequenceClassifier, TokenInputs } from "../sequence-classifier.ts";

const activations = { gelu, relu };

/** The keys of config.json that the architecture reads; others are kept as they are. */
export const distilbertConfig = z.looseObject({
  model_type: z.literal("distilbert"),
  vocab_size: z.int().positive(),
  max_position_embeddings: z.int().positive().default(512),
  dim: z.int().positive().default(768),
  n_layers: z.int().positive().default(6),
  n_heads: z.int().positive().default(12),
  hidden_dim: z.int().positive().default(3072),
  activation: z.enum(["gelu", "relu"]).default("gelu"),
  dropout: z.number().min(0).lt(1).default(0.1),
  attention_dropout: z.number().min(0).lt(1).default(0.1),
  seq_classif_dropout: z.number().min(0).lt(1).default(0.2),
  initializer_range: z.number().positive().default(0.02),
  pad_token_id: z.int().nonnegative().default(0),
});

export type DistilbertConfig = z.output<typeof distilbertConfig>;

class Embeddings extends Module {
  readonly word_embeddings: Embedding;
  readonly position_embeddings: Embedding;
  readonly LayerNorm: LayerNorm;
  readonly #rate: number;

  constructor({
    vocab_size,
    dim,
    max_position_embeddings,
    dropout,
    initializer_range,
    pad_token_id,
  }: DistilbertConfig) {
    super();
    const deviation = initializer_range;
    this.word_embeddings = new Embedding(vocab_size, dim, { deviation, paddingIndex: pad_token_id });
    this.position_embeddings = new Embedding(max_position_embeddings, dim, { deviation });
    this.LayerNorm = new LayerNorm(dim);
    this.#rate = dropout;
  }

  /** @param ids [batch, sequence] @returns [batch, sequence, dim] */
  forward(ids: Tensor, pass?: TrainingPass): Tensor {
    const positions = leadingRows(this.position_embeddings.weight, { count: ids.dim(1) });
    return dropoutAt(
      this.#rate,
      this.LayerNorm.forward(add(this.word_embeddings.forward(ids), positions)),
      pass,
    );
  }
}

class SelfAttention extends Module {
  readonly q_lin: Linear;
  readonly k_lin: Linear;
  readonly v_lin: Linear;
  readonly out_lin: Linear;
  readonly #heads: number;
  readonly #rate: number;

  constructor({ dim, n_heads, attention_dropout, initializer_range: deviation }: DistilbertConfig) {
    super();
    this.q_lin = new Linear(dim, dim, { deviation });
    this.k_lin = new Linear(dim, dim, { deviation });
    this.v_lin = new Linear(dim, dim, { deviation });
    this.out_lin = new Linear(dim, dim, { deviation });
    this.#heads = n_heads;
    this.#rate = attention_dropout;
  }

  forward(x: Tensor, bias: Tensor, pass?: TrainingPass): Tensor {
    const options = { heads: this.#heads, bias, rate: this.#rate, pass };
    return this.out_lin.forward(
      attention(this.q_lin.forward(x), this.k_lin.forward(x), this.v_lin.forward(x), options),
    );
  }
}

class FeedForward extends Module {
  readonly lin1: Linear;
  readonly lin2: Linear;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #rate: number;

  constructor({ dim, hidden_dim, activation, dropout, initializer_range: deviation }: DistilbertConfig) {
    super();
    this.lin1 = new Linear(dim, hidden_dim, { deviation });
    this.lin2 = new Linear(hidden_dim, dim, { deviation });
    this.#activation = activations[activation];
    this.#rate = dropout;
  }

  forward(x: Tensor, pass?: TrainingPass): Tensor {
    return dropoutAt(this.#rate, this.lin2.forward(this.#activation(this.lin1.forward(x))), pass);
  }
}

class TransformerBlock extends Module {
  readonly attention: SelfAttention;
  readonly sa_layer_norm: LayerNorm;
  readonly ffn: FeedForward;
  readonly output_layer_norm: LayerNorm;

  constructor(config: DistilbertConfig) {
    super();
    this.attention = new SelfAttention(config);
    this.sa_layer_norm = new LayerNorm(config.dim);
    this.ffn = new FeedForward(config);
    this.output_layer_norm = new LayerNorm(config.dim);
  }

  /** Norm after the residual sum, as in the first transformers. */
  forward(x: Tensor, bias: Tensor, pass?: TrainingPass): Tensor {
    const attended = this.sa_layer_norm.forward(add(this.attention.forward(x, bias, pass), x));
    return this.output_layer_norm.forward(add(this.ffn.forward(attended, pass), attended));
  }
}

class Transformer extends Module {
  readonly layer: TransformerBlock[];

  constructor(config: DistilbertConfig) {
    super();
    this.layer = Array.from({ length: config.n_layers }, () => new TransformerBlock(config));
  }

  /** @returns the output of the embeddings and of each layer */
  forward(x: Tensor, bias: Tensor, pass?: TrainingPass): Tensor[] {
    const states = [layerEnd(x, pass)];
    for (const block of this.layer) states.push(layerEnd(block.forward(states.at(-1)!, bias, pass), pass));
    return states;
  }
}

class DistilbertModel extends Module {
  readonly embeddings: Embeddings;
  readonly transformer: Transformer;

  constructor(config: DistilbertConfig) {
    super();
    this.embeddings = new Embeddings(config);
    this.transformer = new Transformer(config);
  }

  forward({ input_ids, attention_mask }: TokenInputs, pass?: TrainingPass): Tensor[] {
    return this.transformer.forward(
      this.embeddings.forward(input_ids, pass),
      hidePadding(attention_mask),
      pass,
    );
  }
}

/** DistilBERT with a classifier on the first token. */
export class DistilbertForSequenceClassification extends Module implements SequenceClassifier {
  readonly distilbert: DistilbertModel;
  readonly pre_classifier: Linear;
  readonly classifier: Linear;
  readonly maxLength: number;
  readonly #rate: number;

  constructor(config: DistilbertConfig, labels: number) {
    super();
    this.maxLength = config.max_position_embeddings;
    const { dim, seq_classif_dropout, initializer_range: deviation } = config;
    this.distilbert = new DistilbertModel(config);
    this.pre_classifier = new Linear(dim, dim, { deviation });
    this.classifier = new Linear(dim, labels, { deviation });
    this.#rate = seq_classif_dropout;
  }

  forward(inputs: TokenInputs, pass?: TrainingPass): { logits: Tensor; hiddenStates: Tensor[] } {
    const hiddenStates = this.distilbert.forward(inputs, pass);
    const first = select(hiddenStates.at(-1)!, 1, 0);
    const pooled = dropoutAt(this.#rate, relu(this.pre_classifier.forward(first)), pass);
    return { logits: this.classifier.forward(pooled), hiddenStates };
  }
}
