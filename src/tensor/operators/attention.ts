/** Attention, and the masks that hide positions from it. */
import { ShapeError } from "../errors.ts";
import type { Dimension } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { less, where } from "./condition.ts";
import { add } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { arange, unsqueeze } from "./shape.ts";
import { softmax } from "./softmax.ts";

interface AttentionOptions {
  /** Added to the scores, broadcast to [batch, heads, target, source]. */
  readonly bias?: Tensor;
  /** Factor of the scores, 1 / sqrt(depth) unless given. */
  readonly scale?: number;
}

/**
 * Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1).
 * @param query [batch, heads, target, depth]
 * @param key   [batch, heads, source, depth]
 * @param value [batch, heads, source, depth]
 * @returns     [batch, heads, target, depth]
 * @throws {ShapeError} when the depths of query and key differ
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { bias, scale }: AttentionOptions = {},
): Tensor {
  const depth = query.dim(-1);
  if (typeof depth === "string" || depth !== key.dim(-1))
    throw new ShapeError(
      "scaledDotProductAttention",
      [query.shape, key.shape],
      "depths must be the same number",
    );
  const scores = matmul(query, key, { transB: true, scale: scale ?? 1 / Math.sqrt(depth) });
  return matmul(softmax(bias ? add(scores, bias) : scores), value);
}

/**
 * What hides positions when it is added to scores: 0 where the mask is true, else the smallest float32. A hidden
 * position gets weight 0, and a row in which all are hidden stays finite.
 * @param visible bool
 */
export const attentionBias = (visible: Tensor): Tensor => where(visible, 0, -3.4028234663852886e38);

/** bool [target, source], true where a source position is not after the target position. */
export const causalMask = (target: Dimension, source: Dimension = target): Tensor =>
  less(unsqueeze(arange(source), 0), add(unsqueeze(arange(target), 1), 1));
