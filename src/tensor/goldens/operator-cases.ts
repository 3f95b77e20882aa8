/** How each golden case is written with our operators. */

import { float32 } from "../ndarray.ts";
import * as op from "../operators/index.ts";
import { product } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";

/** Attributes of the golden cases, as index.json has them. */
export interface Attributes {
  readonly axis?: number;
  readonly axes?: readonly number[];
  readonly keepdims?: boolean;
  readonly eps?: number;
  readonly exponent?: number;
  readonly equation?: string;
  readonly approximate?: string;
  readonly negative_slope?: number;
  readonly min?: number;
  readonly max?: number;
  readonly reduction?: op.LossReduction;
  readonly label_smoothing?: number;
  readonly target?: string;
  readonly training?: boolean;
  readonly momentum?: number;
  readonly groups?: number;
  readonly padding_idx?: number;
  readonly sizes?: readonly number[];
  readonly perm?: readonly number[];
  readonly shape?: readonly number[];
  readonly unsqueeze?: readonly number[];
  readonly repeats?: readonly number[];
  readonly diagonal?: number;
  readonly value?: number;
  readonly mode?: string;
  readonly correction?: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  readonly kernel?: number;
  readonly count_include_pad?: boolean;
  readonly output?: readonly [number, number];
  readonly scale?: number | string;
  readonly causal?: boolean;
  readonly p?: number;
  readonly max_norm?: number;
  readonly norm_type?: number | string;
  readonly transB?: boolean;
}

type Inputs = Readonly<Record<string, Tensor>>;

export interface GoldenOperator {
  /** The case's output, or several under the names of the golden file. */
  readonly write: (
    inputs: Inputs,
    attributes: Attributes,
    name: string,
  ) => Tensor | Readonly<Record<string, Tensor>>;
  /** Inputs whose first dimension is "batch" in the symbolic run: those among these that are as long as the first. */
  readonly batch?: readonly string[];
  /** Cases whose first dimension must be a number. */
  readonly fixed?: readonly string[];
}

const unary = (write: (x: Tensor, attributes: Attributes) => Tensor): GoldenOperator => ({
  write: ({ x }, attributes) => write(x!, attributes),
  batch: ["x"],
});

const binary = (write: (a: Tensor, b: Tensor) => Tensor): GoldenOperator => ({
  write: ({ a, b }) => write(a!, b!),
  batch: ["a", "b"],
});

const reduction = (write: (x: Tensor, options: op.ReduceOptions) => Tensor): GoldenOperator =>
  unary((x, { axes, keepdims = false }) => write(x, { keepDims: keepdims, ...(axes && { axes }) }));

const epsilonOf = ({ eps }: Attributes) => (eps === undefined ? {} : { epsilon: eps });

/** Weight and bias of a normalisation that has none. */
const filled = (shape: readonly number[], value: number) =>
  constant(float32(shape, new Float32Array(Number(product(shape))).fill(value)));

const convolutionOptions = ({ stride = 1, padding = 0, dilation = 1, groups = 1 }: Attributes) => ({
  stride,
  padding,
  dilation,
  groups,
});

const lossOptions = ({ reduction = "mean" }: Attributes) => ({ reduction });

/** float32 of a mask. */
const numbers = (mask: Tensor) => op.cast(mask, { to: "float32" });

export const goldenOperators: Readonly<Record<string, GoldenOperator>> = {
  matmul: {
    write: ({ a, b }, { transB = false }) => op.matmul(a!, b!, { transB }),
    batch: ["a"],
    fixed: ["dot", "vec_mat", "batch", "transposed_b"],
  },
  bmm: { write: ({ a, b }) => op.matmul(a!, b!), batch: ["a", "b"] },
  einsum: {
    write: ({ a, b }, { equation }) => op.einsum(equation!, ...(b ? [a!, b] : [a!])),
    batch: ["a", "b"],
  },
  linear: { write: ({ x, weight, bias }) => op.linear(x!, weight!, bias), batch: ["x"] },
  add: binary(op.add),
  sub: binary(op.sub),
  mul: binary(op.mul),
  div: binary(op.div),
  maximum: binary(op.maximum),
  minimum: binary(op.minimum),
  pow: { write: ({ x, e }, { exponent }) => op.pow(x!, e ?? exponent!), batch: ["x"] },
  relu: unary((x) => op.relu(x)),
  silu: unary(op.silu),
  tanh: unary((x) => op.tanh(x)),
  sigmoid: unary((x) => op.sigmoid(x)),
  exp: unary((x) => op.exp(x)),
  erf: unary((x) => op.erf(x)),
  neg: unary((x) => op.neg(x)),
  abs: unary((x) => op.abs(x)),
  hardswish: unary((x) => op.hardswish(x)),
  hardsigmoid: unary((x) => op.hardsigmoid(x)),
  relu6: unary(op.relu6),
  softplus: unary((x) => op.softplus(x)),
  log_sigmoid: unary(op.logSigmoid),
  sin: unary((x) => op.sin(x)),
  cos: unary((x) => op.cos(x)),
  gelu: unary((x, { approximate }) => {
    if (approximate === "none") return op.gelu(x);
    return approximate === "tanh" ? op.geluTanh(x) : op.quickGelu(x);
  }),
  leaky_relu: unary((x, { negative_slope }) => op.leakyRelu(x, { slope: negative_slope! })),
  log: unary((x) => op.log(x)),
  sqrt: unary((x) => op.sqrt(x)),
  rsqrt: unary(op.rsqrt),
  reciprocal: unary((x) => op.reciprocal(x)),
  clamp: unary((x, { min, max }) => op.clamp(x, { min: min!, max: max! })),
  softmax: {
    write: ({ x, mask }, { axis }) =>
      op.softmax(mask ? op.maskedFill(x!, mask, -3.4028234663852886e38) : x!, axis),
    batch: ["x", "mask"],
  },
  log_softmax: unary((x, { axis }) => op.logSoftmax(x, axis)),
  cross_entropy: {
    write: ({ x, target, q, weight }, { label_smoothing: labelSmoothing = 0, ...attributes }) =>
      q
        ? op.softCrossEntropy(x!, q, lossOptions(attributes))
        : op.crossEntropy(x!, target!, {
            ...lossOptions(attributes),
            labelSmoothing,
            ...(weight && { classWeights: weight }),
          }),
    batch: ["x", "target", "q"],
  },
  nll_loss: {
    write: ({ x, target }, attributes) => op.nllLoss(op.logSoftmax(x!), target!, lossOptions(attributes)),
    batch: ["x", "target"],
  },
  bce_with_logits: {
    write: ({ x, y, pw }, attributes) =>
      op.bceWithLogits(x!, y!, { ...lossOptions(attributes), ...(pw && { positiveWeight: pw }) }),
    batch: ["x", "y"],
  },
  mse_loss: {
    write: ({ x, y }, attributes) => op.mseLoss(x!, y!, lossOptions(attributes)),
    batch: ["x", "y"],
  },
  l1_loss: { write: ({ x, y }, attributes) => op.l1Loss(x!, y!, lossOptions(attributes)), batch: ["x", "y"] },
  kl_div: { write: ({ x, q }) => op.klDivergence(op.logSoftmax(x!), q!), batch: ["x", "q"] },
  layer_norm: {
    write: ({ x, weight = filled([8], 1), bias = filled([8], 0) }, attributes) =>
      op.layerNorm(x!, weight, bias, epsilonOf(attributes)),
    batch: ["x"],
  },
  rms_norm: {
    write: ({ x, weight }, attributes) => op.rmsNorm(x!, weight!, epsilonOf(attributes)),
    batch: ["x"],
  },
  batch_norm: {
    write: ({ x, weight, bias, running_mean, running_var }, { training, momentum = 0.1, ...attributes }) => {
      const kept = {
        mean: running_mean ?? filled([3], 0),
        variance: running_var ?? filled([3], 1),
      };
      if (!training) return op.batchNorm(x!, weight!, bias!, kept, epsilonOf(attributes));
      const options = { momentum, ...epsilonOf(attributes) };
      const { output, running } = op.batchNormTraining(x!, weight!, bias!, kept, options);
      return { output, new_running_mean: running.mean, new_running_var: running.variance };
    },
    batch: ["x"],
  },
  group_norm: {
    write: ({ x, weight, bias }, { groups, ...attributes }) =>
      op.groupNorm(x!, weight!, bias!, groups!, epsilonOf(attributes)),
    batch: ["x"],
  },
  embedding: {
    write: ({ weight, ids }, { padding_idx }) =>
      op.embedding(weight!, ids!, padding_idx === undefined ? {} : { paddingIndex: padding_idx }),
    batch: ["ids"],
  },
  gather: { write: ({ x, index }, { axis }) => op.gather(x!, index!, axis!), batch: ["x", "index"] },
  index_select: { write: ({ x, index }, { axis }) => op.indexSelect(x!, index!, axis!), batch: ["index"] },
  take_first_token: unary((x) => op.select(x, 1, 0)),
  scatter_add: { write: ({ x, index, src }) => op.indexAdd(x!, index!, src!), batch: ["index", "src"] },
  slice: {
    write: ({ x }, _attributes, name) =>
      name === "range"
        ? op.slice(op.slice(x!, { axis: 0, start: 1, end: 4 }), { axis: 1, step: 2 })
        : op.slice(x!, { axis: -1, start: -3, end: -1 }),
    batch: ["x"],
  },
  concat: {
    write: ({ a, b, d }, { axis }, name) =>
      op.concat(name === "same_twice" ? [a!, a!] : [a!, b!, ...(d ? [d] : [])], axis!),
    batch: ["a", "b", "d"],
    fixed: ["axis0"],
  },
  stack: { write: ({ a, b }, { axis }) => op.stack([a!, b!], axis!), batch: ["a", "b"] },
  split: {
    write: ({ x }, { sizes, axis }) => {
      const [part0, second] = op.split(x!, sizes!, axis!);
      return { output: op.mul(second!, 2), part0: part0! };
    },
    batch: ["x"],
  },
  pad: {
    write: ({ x }, { mode, value }) =>
      mode === "reflect"
        ? op.reflectPad(x!, [
            [0, 0],
            [0, 0],
            [2, 1],
          ])
        : op.pad(
            x!,
            [
              [0, 0],
              [0, 3],
              [1, 2],
            ],
            { value: value! },
          ),
    batch: ["x"],
  },
  reshape: unary((x) => op.reshape(x, [x.dim(0), product(x.shape.slice(1))])),
  transpose: unary((x) => op.transpose(x)),
  permute: unary((x, { perm }) => op.permute(x, perm!)),
  expand: {
    write: ({ x }, { shape, unsqueeze = [] }) => {
      const y = unsqueeze.reduce((y, axis) => op.unsqueeze(y, axis), x!);
      return op.expand(y, [y.dim(0) === 1 ? shape![0]! : y.dim(0), ...shape!.slice(1)]);
    },
    batch: ["x"],
    fixed: ["row"],
  },
  tile: unary((x, { repeats }) => op.tile(x, repeats!)),
  where: { write: ({ a, b, mask }) => op.where(mask!, a!, b!), batch: ["a", "mask"], fixed: ["same"] },
  masked_fill: { write: ({ x, mask }, { value }) => op.maskedFill(x!, mask!, value!), batch: ["x", "mask"] },
  tril: unary((x, { diagonal }) => op.tril(x, { diagonal: diagonal! })),
  cumsum: unary((x, { axis }) => op.cumsum(x, axis)),
  sum: reduction(op.sum),
  mean: reduction(op.mean),
  max: reduction(op.max),
  min: reduction(op.min),
  var: unary((x, { axes, correction }) => op.variance(x, { axes: axes!, correction: correction! })),
  std: unary((x, { axes, correction }) => op.std(x, { axes: axes!, correction: correction! })),
  norm_l2: reduction(op.norm),
  normalize_l2: unary((x, { axis, ...attributes }) =>
    op.normalizeL2(x, { axis: axis!, ...epsilonOf(attributes) }),
  ),
  logsumexp: reduction(op.logSumExp),
  cosine_similarity: {
    write: ({ a, b }, { axis }) => op.cosineSimilarity(a!, b!, { axis: axis! }),
    batch: ["a", "b"],
  },
  mean_pool_masked: { write: ({ x, mask }) => op.maskedMean(x!, numbers(mask!)), batch: ["x", "mask"] },
  conv2d: {
    write: ({ x, weight, bias }, attributes) => op.conv2d(x!, weight!, bias, convolutionOptions(attributes)),
    batch: ["x"],
  },
  conv1d: {
    write: ({ x, weight, bias }, attributes) => op.conv1d(x!, weight!, bias, convolutionOptions(attributes)),
    batch: ["x"],
  },
  max_pool2d: unary((x, { kernel, stride, padding = 0 }) =>
    op.maxPool2d(x, kernel!, { stride: stride!, padding }),
  ),
  avg_pool2d: unary((x, { kernel, stride, padding = 0, count_include_pad: countPadding = true }) =>
    op.avgPool2d(x, kernel!, { stride: stride!, padding, countPadding }),
  ),
  adaptive_avg_pool2d: unary((x, { output }) => op.adaptiveAvgPool2d(x, output!)),
  adaptive_max_pool2d: unary((x, { output }) => op.adaptiveMaxPool2d(x, output!)),
  upsample_bilinear: unary((x, { scale }) => op.upsampleBilinear(x, Number(scale))),
  sdpa: {
    write: ({ q, k, v, mask, bias }, { scale, causal }) => {
      const visible = causal ? op.causalMask(q!.dim(2), k!.dim(2)) : mask;
      const hiding = visible ? op.attentionBias(visible) : bias;
      return op.scaledDotProductAttention(q!, k!, v!, {
        ...(hiding && { bias: hiding }),
        ...(typeof scale === "number" && { scale }),
      });
    },
    batch: ["q", "k", "v", "mask"],
  },
  dropout: {
    // Without a mask dropout is off; then a model leaves it out.
    write: ({ x, mask }, { p }) => (mask ? op.dropout(x!, op.mul(numbers(mask), 1 / (1 - p!))) : x!),
    batch: ["x", "mask"],
  },
  reuse: unary((x) => op.add(op.mul(x, x), x)),
  mlp: {
    write: ({ x, w1, b1, w2, b2 }) => op.linear(op.gelu(op.linear(x!, w1!, b1)), w2!, b2),
    batch: ["x"],
  },
  squeeze_excite: {
    write: ({ x, w1, b1, w2, b2 }) => {
      const hidden = op.relu(op.conv2d(op.adaptiveAvgPool2d(x!, [1, 1]), w1!, b1));
      return op.mul(x!, op.hardsigmoid(op.conv2d(hidden, w2!, b2)));
    },
    batch: ["x"],
  },
  clip_grad_norm: {
    write: (inputs, { max_norm, norm_type }) => {
      const flat = op.concat(
        Object.values(inputs).map((gradient) => op.reshape(gradient, [product(gradient.shape)])),
        0,
      );
      const norms: Record<string, (x: Tensor) => Tensor> = {
        1: (x) => op.sum(op.abs(x)),
        2: (x) => op.norm(x),
        inf: (x) => op.max(op.abs(x)),
      };
      const total = norms[String(norm_type)]!(flat);
      const factor = op.minimum(op.div(max_norm!, op.add(total, 1e-6)), 1);
      const clipped = Object.entries(inputs).map(([name, gradient]) => [
        `out.${name}`,
        op.mul(gradient, factor),
      ]);
      return { ...Object.fromEntries(clipped), total_norm: total };
    },
  },
};
