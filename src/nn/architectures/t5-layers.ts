/** What the blocks of T5 are made of, under the names of Hugging Face's code. */
import {
  add,
  concat,
  dropFirst,
  geluTanh,
  matmul,
  mul,
  Parameter,
  permute,
  relu,
  reshape,
  rmsNorm,
  silu,
  slice,
  softmax,
  sum,
  type Tensor,
  type TrainingPass,
} from "../../tensor/index.ts";
import { ones } from "../initializers.ts";
import { dropoutAt, Embedding, Linear } from "../layers.ts";
import { Module } from "../module.ts";
import type { KeysAndValues } from "../seq2seq.ts";
import type { T5Config } from "./t5-config.ts";

/** Division by the root of the mean square: no mean is taken off, no bias added. */
export class LayerNorm extends Module {
  readonly weight: Parameter;
  readonly #epsilon: number;

  constructor({ d_model, layer_norm_epsilon }: T5Config) {
    super();
    this.weight = new Parameter([d_model], ones);
    this.#epsilon = layer_norm_epsilon;
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, { epsilon: this.#epsilon });
  }
}

/** Attention without a scale: the first values of the weights make up for it. */
class Attention extends Module {
  readonly q: Linear;
  readonly k: Linear;
  readonly v: Linear;
  readonly o: Linear;
  /** In the first layer of a stack, for all of them. */
  readonly relative_attention_bias: Embedding | undefined;
  readonly #heads: number;
  readonly #depth: number;
  readonly #rate: number;

  constructor(
    { d_model, d_kv, num_heads, initializer_factor, ...config }: T5Config,
    { hasPositions = false } = {},
  ) {
    super();
    const width = num_heads * d_kv;
    const deviation = initializer_factor * d_model ** -0.5;
    this.q = new Linear(d_model, width, { deviation: deviation * d_kv ** -0.5, bias: false });
    this.k = new Linear(d_model, width, { deviation: deviation, bias: false });
    this.v = new Linear(d_model, width, { deviation: deviation, bias: false });
    this.o = new Linear(width, d_model, { deviation: initializer_factor * width ** -0.5, bias: false });
    this.relative_attention_bias = hasPositions
      ? new Embedding(config.relative_attention_num_buckets, num_heads, { deviation })
      : undefined;
    this.#heads = num_heads;
    this.#depth = d_kv;
    this.#rate = config.dropout_rate;
  }

  #split(x: Tensor): Tensor {
    return permute(reshape(x, [x.dim(0), x.dim(1), this.#heads, this.#depth]), [0, 2, 1, 3]);
  }

  /** @param source [batch, source, hidden] */
  read(source: Tensor): KeysAndValues {
    return { key: this.#split(this.k.forward(source)), value: this.#split(this.v.forward(source)) };
  }

  #mix(heads: Tensor): Tensor {
    const [batch, , target] = heads.shape;
    return this.o.forward(
      reshape(permute(heads, [0, 2, 1, 3]), [batch!, target!, this.#heads * this.#depth]),
    );
  }

  /**
   * @param x    [batch, target, hidden]
   * @param bias broadcast to [batch, heads, target, source]
   */
  forward(x: Tensor, { key, value }: KeysAndValues, bias: Tensor, pass?: TrainingPass): Tensor {
    const scores = add(matmul(this.#split(this.q.forward(x)), key, { transB: true }), bias);
    return this.#mix(matmul(dropoutAt(this.#rate, softmax(scores), pass), value));
  }

  /**
   * Attention of each beam to itself and to the past, without joining the two in memory: with long pasts that took
   * longer than the rest of the step.
   * @param x    [batch, beams, hidden]
   * @param bias [batch, heads, beams, 1 + slots]
   */
  step(x: Tensor, past: KeysAndValues, bias: Tensor): { mixed: Tensor; written: KeysAndValues } {
    const query = this.#split(this.q.forward(x));
    const written = this.read(x);
    const toItself = sum(mul(query, written.key), { axes: [-1], keepDims: true });
    const toPast = matmul(query, past.key, { transB: true });
    const weights = softmax(add(concat([toItself, toPast], -1), bias));
    const ofItself = mul(slice(weights, { axis: -1, start: 0, end: 1 }), written.value);
    const ofPast = matmul(dropFirst(weights, -1), past.value);
    return { mixed: this.#mix(add(ofItself, ofPast)), written };
  }
}

export class LayerSelfAttention extends Module {
  readonly SelfAttention: Attention;
  readonly layer_norm: LayerNorm;
  readonly #rate: number;

  constructor(config: T5Config, hasPositions: boolean) {
    super();
    this.SelfAttention = new Attention(config, { hasPositions });
    this.layer_norm = new LayerNorm(config);
    this.#rate = config.dropout_rate;
  }

  forward(x: Tensor, bias: Tensor, pass?: TrainingPass): Tensor {
    const normed = this.layer_norm.forward(x);
    const attended = this.SelfAttention.forward(normed, this.SelfAttention.read(normed), bias, pass);
    return add(x, dropoutAt(this.#rate, attended, pass));
  }

  step(x: Tensor, past: KeysAndValues, bias: Tensor): { state: Tensor; written: KeysAndValues } {
    const { mixed, written } = this.SelfAttention.step(this.layer_norm.forward(x), past, bias);
    return { state: add(x, mixed), written };
  }
}

export class LayerCrossAttention extends Module {
  readonly EncDecAttention: Attention;
  readonly layer_norm: LayerNorm;
  readonly #rate: number;

  constructor(config: T5Config) {
    super();
    this.EncDecAttention = new Attention(config);
    this.layer_norm = new LayerNorm(config);
    this.#rate = config.dropout_rate;
  }

  forward(x: Tensor, source: KeysAndValues, bias: Tensor, pass?: TrainingPass): Tensor {
    const attended = this.EncDecAttention.forward(this.layer_norm.forward(x), source, bias, pass);
    return add(x, dropoutAt(this.#rate, attended, pass));
  }
}

class DenseActDense extends Module {
  readonly wi: Linear;
  readonly wo: Linear;
  readonly #rate: number;

  constructor({ d_model, d_ff, dropout_rate, initializer_factor: factor }: T5Config) {
    super();
    this.wi = new Linear(d_model, d_ff, { deviation: factor * d_model ** -0.5, bias: false });
    this.wo = new Linear(d_ff, d_model, { deviation: factor * d_ff ** -0.5, bias: false });
    this.#rate = dropout_rate;
  }

  forward(x: Tensor, pass?: TrainingPass): Tensor {
    return this.wo.forward(dropoutAt(this.#rate, relu(this.wi.forward(x)), pass));
  }
}

/** Gated linear units (Shazeer 2020), in T5 1.1. */
class DenseGatedActDense extends Module {
  readonly wi_0: Linear;
  readonly wi_1: Linear;
  readonly wo: Linear;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #rate: number;

  constructor({ d_model, d_ff, initializer_factor: factor, ...config }: T5Config) {
    super();
    this.wi_0 = new Linear(d_model, d_ff, { deviation: factor * d_model ** -0.5, bias: false });
    this.wi_1 = new Linear(d_model, d_ff, { deviation: factor * d_model ** -0.5, bias: false });
    this.wo = new Linear(d_ff, d_model, { deviation: factor * d_ff ** -0.5, bias: false });
    this.#activation = config.feed_forward_proj === "gated-silu" ? silu : geluTanh;
    this.#rate = config.dropout_rate;
  }

  forward(x: Tensor, pass?: TrainingPass): Tensor {
    const gated = mul(this.#activation(this.wi_0.forward(x)), this.wi_1.forward(x));
    return this.wo.forward(dropoutAt(this.#rate, gated, pass));
  }
}

export class LayerFF extends Module {
  readonly DenseReluDense: DenseActDense | DenseGatedActDense;
  readonly layer_norm: LayerNorm;
  readonly #rate: number;

  constructor(config: T5Config) {
    super();
    const isGated = config.feed_forward_proj !== "relu";
    this.DenseReluDense = isGated ? new DenseGatedActDense(config) : new DenseActDense(config);
    this.layer_norm = new LayerNorm(config);
    this.#rate = config.dropout_rate;
  }

  forward(x: Tensor, pass?: TrainingPass): Tensor {
    const forwarded = this.DenseReluDense.forward(this.layer_norm.forward(x), pass);
    return add(x, dropoutAt(this.#rate, forwarded, pass));
  }
}
