/** Layers that every architecture uses. */
import {
  add,
  dropout,
  embedding,
  equal,
  flattenRows,
  layerNorm,
  linear,
  matmul,
  Parameter,
  permute,
  reshape,
  ShapeError,
  softmax,
  type Tensor,
  type TrainingPass,
  where,
} from "../tensor/index.ts";
import { normal, normalExceptRow, ones, zeros } from "./initializers.ts";
import { Module } from "./module.ts";

interface LinearOptions {
  /** Deviation of the first weights. */
  readonly deviation?: number;
  /** Whether there is a b. */
  readonly bias?: boolean;
}

/** y = x W^T + b, and with a low-rank adapter y = x W^T + b + scale (x A^T) B^T. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  /** A [rank, in] and B [out, rank] of a low-rank adapter, under the names that PEFT gives them. */
  lora_A: Linear | undefined;
  lora_B: Linear | undefined;
  #adapterScale = 1;

  constructor(
    inFeatures: number,
    outFeatures: number,
    { deviation = 0.02, bias = true }: LinearOptions = {},
  ) {
    super();
    this.weight = new Parameter([outFeatures, inFeatures], normal(deviation));
    this.bias = bias ? new Parameter([outFeatures], zeros) : undefined;
  }

  /**
   * Adds an adapter (Hu et al. 2021, "LoRA"). B starts as zeros, so that nothing changes before training.
   * @param scale factor on the adapter's part, alpha / rank
   */
  adapt({ rank, scale }: { readonly rank: number; readonly scale: number }): void {
    const [outFeatures, inFeatures] = this.weight.shape as [number, number];
    this.lora_A = new Linear(inFeatures, rank, { deviation: inFeatures ** -0.5, bias: false });
    this.lora_B = new Linear(rank, outFeatures, { deviation: 0, bias: false });
    this.#adapterScale = scale;
  }

  /** @param x [..., in] @returns [..., out] */
  forward(x: Tensor): Tensor {
    const y = linear(x, this.weight, this.bias);
    if (!this.lora_A || !this.lora_B) return y;
    const reduced = flattenRows(this.lora_A.forward(x));
    const change = matmul(reduced, this.lora_B.weight, { transB: true, scale: this.#adapterScale });
    return add(y, reshape(change, y.shape));
  }
}

interface EmbeddingOptions {
  readonly deviation?: number;
  /** This row starts as zeros and is never trained. */
  readonly paddingIndex?: number | undefined;
}

/** Rows of a table by index. */
export class Embedding extends Module {
  readonly weight: Parameter;
  readonly #paddingIndex: number | undefined;

  constructor(size: number, width: number, { deviation = 0.02, paddingIndex }: EmbeddingOptions = {}) {
    super();
    const values = paddingIndex === undefined ? normal(deviation) : normalExceptRow(deviation, paddingIndex);
    this.weight = new Parameter([size, width], values);
    this.#paddingIndex = paddingIndex;
  }

  /** @param indices int64 [...] @returns [..., width] */
  forward(indices: Tensor): Tensor {
    return embedding(
      this.weight,
      indices,
      this.#paddingIndex === undefined ? {} : { paddingIndex: this.#paddingIndex },
    );
  }
}

/** Layer normalisation over the last axis. */
export class LayerNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly #epsilon: number;

  constructor(width: number, { epsilon = 1e-12 } = {}) {
    super();
    this.weight = new Parameter([width], ones);
    this.bias = new Parameter([width], zeros);
    this.#epsilon = epsilon;
  }

  /** @param x [..., width] */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, { epsilon: this.#epsilon });
  }
}

/** Dropout while training, nothing otherwise. */
export function dropoutAt(rate: number, x: Tensor, pass?: TrainingPass): Tensor {
  return pass && rate > 0 ? dropout(x, pass.mask(x.shape, rate)) : x;
}

/** Marks the result of a layer where training may start to compute again, see `TrainingPass.boundary`. */
export const layerEnd = (x: Tensor, pass?: TrainingPass): Tensor => pass?.boundary(x) ?? x;

/**
 * What to add to attention scores so that no token looks at padding.
 * @param mask int64 [batch, source]: 1 for a token, 0 for padding
 * @returns    [batch, 1, 1, source]
 */
export function hidePadding(mask: Tensor): Tensor {
  // The smallest float32: padding gets weight 0, and a row of padding alone stays finite.
  const hidden = where(equal(mask, 0), -3.4028234663852886e38, 0);
  return reshape(hidden, [mask.dim(0), 1, 1, mask.dim(1)]);
}

export interface AttentionOptions {
  readonly heads: number;
  /** Added to the scores, broadcast to [batch, heads, target, source]: large negative numbers hide padding. */
  readonly bias: Tensor;
  /** Dropout of the attention weights. */
  readonly rate: number;
  readonly pass?: TrainingPass | undefined;
}

/**
 * Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2).
 * @param query [batch, target, hidden]
 * @param key   [batch, source, hidden]
 * @param value [batch, source, hidden]
 * @returns     [batch, target, hidden]
 * @throws {ShapeError} when the hidden size is no multiple of the heads
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions): Tensor {
  const { heads, bias, rate, pass } = options;
  const depth = Number(query.dim(-1)) / heads;
  if (!Number.isInteger(depth))
    throw new ShapeError("attention", [query.shape], `the hidden size must be a multiple of ${heads} heads`);
  const split = (x: Tensor) => permute(reshape(x, [x.dim(0), x.dim(1), heads, depth]), [0, 2, 1, 3]);
  const scores = add(matmul(split(query), split(key), { transB: true, scale: 1 / Math.sqrt(depth) }), bias);
  const weights = dropoutAt(rate, softmax(scores), pass);
  return reshape(permute(matmul(weights, split(value)), [0, 2, 1, 3]), query.shape);
}
