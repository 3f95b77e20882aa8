/** For every differentiable operator: random uses of it, whose gradients must equal finite differences. */
import fc from "fast-check";
import { gradients } from "../autodiff.ts";
import { float32, int64 } from "../ndarray.ts";
import * as op from "../operators/index.ts";
import type { Dimension, Shape } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";

/** One use of an operator on float32 inputs. */
export interface Example {
  readonly shapes: readonly Shape[];
  /** Values of the inputs lie between these; -2 and 2 unless given. */
  readonly domain?: readonly [number, number];
  readonly write: (...inputs: Tensor[]) => Tensor;
}

/** Exported names that have no gradient to test: truth values, integers, zeros, what is made from them, and `topK`. */
export const withoutGradient = [
  "arange",
  "attentionBias",
  "cast",
  "causalMask",
  "equal",
  "greater",
  "less",
  "oneHot",
  "shiftRight",
  "sign",
  "sizeOfShape",
  "topK",
  "zeros",
] as const satisfies readonly (keyof typeof op)[];

/** A new operator is missing here until it has a law, or a place in the list above. */
type Differentiable = Exclude<keyof typeof op, (typeof withoutGradient)[number]>;

/** Sizes of the named dimensions that examples use. */
export const sizes: Readonly<Record<string, number>> = { batch: 3, sequence: 2 };

const number = fc.integer({ min: 1, max: 4 });
const dim: fc.Arbitrary<Dimension> = fc.oneof(number, fc.constantFrom("batch", "sequence"));
const shapes = (minLength: number, maxLength = 3): fc.Arbitrary<Shape> =>
  fc.array(dim, { minLength, maxLength });
const axisOf = (shape: Shape) => fc.integer({ min: -shape.length, max: shape.length - 1 });

/** A random shape and what follows from it. */
const on = (shape: fc.Arbitrary<Shape>, use: (shape: Shape) => Example): fc.Arbitrary<Example> =>
  shape.map(use);

const unary = (write: (x: Tensor) => Tensor, domain: readonly [number, number] = [-2, 2]) =>
  on(shapes(0), (shape) => ({ shapes: [shape], domain, write }));

/** The derivative by x as a function of the upstream: what it is written with must have a gradient as well. */
const derivative = (x: Shape, upstream: Shape, write: (x: Tensor) => Tensor): fc.Arbitrary<Example> =>
  fc.constant({
    shapes: [x, upstream],
    write: (a, dy) => gradients(op.sum(op.mul(write(a!), dy!)), [a!])[0]!,
  });

/** Two shapes that broadcast: axes of the one or the other are 1 or missing. */
const broadcastPair: fc.Arbitrary<readonly [Shape, Shape]> = fc
  .tuple(
    fc.array(fc.tuple(dim, fc.constantFrom("both", "left", "right")), { maxLength: 3 }),
    fc.nat(2),
    fc.boolean(),
  )
  .map(([axes, missing, swap]) => {
    const left = axes.map(([size, side]) => (side === "right" ? 1 : size));
    const right = axes.map(([size, side]) => (side === "left" ? 1 : size)).slice(missing);
    return swap ? [right, left] : [left, right];
  });

const binary = (write: (a: Tensor, b: Tensor) => Tensor, domain: readonly [number, number] = [-2, 2]) =>
  broadcastPair.map((shapes): Example => ({ shapes, domain, write }));

/** An operator that takes one axis. */
const along = (write: (x: Tensor, axis: number) => Tensor, domain: readonly [number, number] = [-2, 2]) =>
  shapes(1).chain((shape) =>
    axisOf(shape).map((axis): Example => ({ shapes: [shape], domain, write: (x) => write(x, axis) })),
  );

/** An operator that folds some axes. */
const reduction = (
  write: (x: Tensor, options: op.ReduceOptions) => Tensor,
  domain: readonly [number, number] = [-4, 4],
) =>
  fc
    .tuple(shapes(1), fc.boolean(), fc.infiniteStream(fc.boolean()))
    .map(([shape, keepDims, folds]): Example => {
      const some = shape.flatMap((_, axis) => (folds.next().value ? [axis] : []));
      const axes = some.length > 0 ? some : [-1];
      return { shapes: [shape], domain, write: (x) => write(x, { axes, keepDims }) };
    });

const integers = (shape: readonly number[], values: readonly number[]) => constant(int64(shape, values));
const someOf = (count: number, below: number) =>
  fc.array(fc.nat(below - 1), { minLength: count, maxLength: count });

/** A classification of rows: logits [rows, 4], labels with -100 among them. */
const classes = (write: (x: Tensor, labels: Tensor) => Tensor) =>
  someOf(5, 4).map(
    (labels): Example => ({
      shapes: [[6, 4]],
      write: (x) => write(x, integers([6], [...labels, -100])),
    }),
  );

const lossReduction = fc.constantFrom<op.LossReduction>("mean", "sum", "none");

const twoOfOneShape = (write: (a: Tensor, b: Tensor, reduction: op.LossReduction) => Tensor) =>
  fc
    .tuple(shapes(1), lossReduction)
    .map(
      ([shape, reduction]): Example => ({ shapes: [shape, shape], write: (a, b) => write(a, b, reduction) }),
    );

/** Images [batch, channels, 5 to 7, 5 to 7] and a fitting kernel. */
const convolutions = fc.record({
  batch: fc.constantFrom<Dimension>(1, 2, "batch"),
  groups: fc.integer({ min: 1, max: 2 }),
  perGroup: fc.integer({ min: 1, max: 3 }),
  outPerGroup: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 5, max: 7 }),
  width: fc.integer({ min: 5, max: 7 }),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  stride: fc.integer({ min: 1, max: 3 }),
  padding: fc.nat(3),
  dilation: fc.integer({ min: 1, max: 2 }),
});

const outputSize = (size: number, kernel: number, { stride, padding, dilation }: Record<string, number>) =>
  Math.floor((size + 2 * padding! - dilation! * (kernel - 1) - 1) / stride!) + 1;

const images: fc.Arbitrary<Shape> = fc.tuple(
  fc.constantFrom<Dimension>(1, 2, "batch"),
  fc.constant(2),
  fc.integer({ min: 3, max: 5 }),
  fc.integer({ min: 3, max: 5 }),
);

const onImages = (write: (x: Tensor) => Tensor) =>
  on(images, (shape) => ({ shapes: [shape], domain: [-16, 16], write }));

const running = (x: Tensor) => {
  const channels = Number(x.dim(1));
  const filled = (value: number) => constant(float32([channels], new Float32Array(channels).fill(value)));
  return { mean: filled(0.3), variance: filled(1.7) };
};

export const gradientLaws: Readonly<Record<Differentiable, fc.Arbitrary<Example>>> = {
  // Element by element.
  add: binary(op.add),
  sub: binary(op.sub),
  mul: binary(op.mul),
  div: binary((a, b) => op.div(a, b), [0.5, 4]),
  maximum: binary(op.maximum),
  minimum: binary(op.minimum),
  pow: fc.oneof(
    binary((a, b) => op.pow(a, b), [0.5, 2]),
    fc.integer({ min: -2, max: 4 }).chain((n) => unary((x) => op.pow(x, n), [0.5, 2])),
    unary((x) => op.pow(x, 3)),
  ),
  neg: unary(op.neg),
  abs: unary(op.abs),
  reciprocal: unary(op.reciprocal, [0.5, 3]),
  exp: unary(op.exp),
  log: unary(op.log, [0.5, 4]),
  sqrt: unary(op.sqrt, [0.5, 4]),
  rsqrt: unary(op.rsqrt, [0.5, 4]),
  sin: unary(op.sin, [-4, 4]),
  cos: unary(op.cos, [-4, 4]),
  tanh: unary(op.tanh),
  sigmoid: unary(op.sigmoid, [-4, 4]),
  erf: unary(op.erf),
  clamp: unary((x) => op.clamp(x, { min: -1, max: 0.5 })),
  dropout: unary((x) => op.dropout(x, op.where(op.greater(x, 0), 2, 0))),
  where: binary((a, b) => op.where(op.greater(b, 0), a, b)),
  maskedFill: unary((x) => op.maskedFill(op.mul(x, x), op.less(x, 0.25), 3)),

  // Activations.
  relu: unary(op.relu),
  relu6: unary(op.relu6, [-8, 8]),
  leakyRelu: unary((x) => op.leakyRelu(x, { slope: 0.1 })),
  gelu: unary(op.gelu, [-4, 4]),
  geluTanh: unary(op.geluTanh, [-4, 4]),
  quickGelu: unary(op.quickGelu, [-4, 4]),
  silu: unary(op.silu, [-8, 8]),
  hardsigmoid: unary(op.hardsigmoid, [-8, 8]),
  hardswish: unary(op.hardswish, [-8, 8]),
  softplus: unary(op.softplus, [-8, 8]),
  logSigmoid: unary(op.logSigmoid, [-8, 8]),
  softmax: along(op.softmax),
  logSoftmax: along(op.logSoftmax),

  // Folding axes.
  sum: reduction(op.sum),
  mean: reduction(op.mean),
  max: reduction(op.max),
  min: reduction(op.min),
  norm: reduction(op.norm, [0.5, 4]),
  sumOfSquares: reduction(op.sumOfSquares),
  logSumExp: reduction(op.logSumExp),
  variance: fc.constantFrom(0, 1).map((correction) => ({
    shapes: [["batch", 4, "sequence"]],
    write: (x) => op.variance(x, { axes: [0, 2], correction }),
  })),
  std: on(fc.constantFrom<Shape>([4, "batch"], [2, 5]), (shape) => ({
    shapes: [shape],
    write: (x) => op.std(x, { axes: [1] }),
  })),
  maskedMean: on(fc.constant(["batch", "sequence", 4]), (shape) => ({
    shapes: [shape, shape.slice(0, 2)],
    domain: [0.5, 2],
    write: op.maskedMean,
  })),
  sumTo: broadcastPair.map(([shape]) => ({
    shapes: [[2, ...shape]],
    write: (x) => op.sumTo(x, shape),
  })),
  cumsum: along(op.cumsum),

  // Shapes.
  reshape: on(shapes(2), (shape) => ({
    shapes: [shape],
    write: (x) => op.reshape(x, op.flattenRows(x).shape.toReversed()),
  })),
  flattenRows: on(shapes(1), (shape) => ({ shapes: [shape], write: op.flattenRows })),
  unsqueeze: along(op.unsqueeze),
  squeeze: along((x, axis) => op.squeeze(op.unsqueeze(x, axis), axis)),
  permute: shapes(1).chain((shape) =>
    fc
      .shuffledSubarray([...shape.keys()], { minLength: shape.length })
      .map((order): Example => ({ shapes: [shape], write: (x) => op.permute(x, order) })),
  ),
  transpose: on(shapes(2), (shape) => ({ shapes: [shape], write: (x) => op.transpose(x) })),
  expand: broadcastPair.map(([shape, other]) => ({
    shapes: [shape, other],
    write: (x: Tensor, y: Tensor) => op.mul(op.expand(x, op.add(x, y).shape), y),
  })) as fc.Arbitrary<Example>,
  tile: shapes(1).chain((shape) =>
    fc
      .array(number, { minLength: shape.length, maxLength: shape.length })
      .map((repeats): Example => ({ shapes: [shape], write: (x) => op.tile(x, repeats) })),
  ),
  delayed: binary((a, b) => op.mul(op.delayed(a, b), b)),
  perChannel: on(fc.constant([4]), (shape) => ({ shapes: [shape], write: (x) => op.perChannel(x, 4) })),

  // Parts and borders.
  slice: fc.oneof(
    fc
      .tuple(shapes(0, 2), fc.integer({ min: 3, max: 6 }), fc.nat(1), fc.integer({ min: -1, max: 3 }), number)
      .map(
        ([rest, size, start, end, step]): Example => ({
          shapes: [[...rest, size]],
          write: (x) =>
            op.slice(x, { axis: -1, start, step, ...(end !== 0 && { end: end === 1 ? 2 : end }) }),
        }),
      ),
    derivative([3, 4], [3, 1], (x) => op.slice(x, { axis: 1, start: 1, end: 2 })),
  ),
  flip: on(shapes(0, 2), (rest) => ({ shapes: [[4, ...rest]], write: (x) => op.flip(x, 0) })),
  select: on(shapes(0, 2), (rest) => ({
    shapes: [["sequence", ...rest]],
    write: (x) => op.add(op.select(x, 0, 0), op.select(x, 0, 1)),
  })),
  dropFirst: on(shapes(0, 2), (rest) => ({ shapes: [[4, ...rest]], write: (x) => op.dropFirst(x, 0) })),
  split: on(shapes(0, 2), (rest) => ({
    shapes: [[...rest, 4]],
    write: (x) => op.split(x, [1, 3], -1)[1]!,
  })),
  pad: fc.tuple(fc.nat(2), fc.nat(2)).map(([before, after]) => ({
    shapes: [["batch", 3, 2]],
    write: (x) =>
      op.pad(
        x,
        [
          [0, 0],
          [before, after],
          [after, 1],
        ],
        { value: 0.5 },
      ),
  })),
  reflectPad: fc.tuple(fc.nat(2), fc.nat(2)).map(([before, after]) => ({
    shapes: [["batch", 3]],
    write: (x) =>
      op.reflectPad(x, [
        [0, 0],
        [before, after],
      ]),
  })),
  concat: fc.tuple(shapes(1), number, number).chain(([shape, a, b]) =>
    axisOf(shape).map(
      (axis): Example => ({
        shapes: [a, b].map((size) => shape.with(axis, size)),
        write: (...inputs) => op.concat([...inputs, inputs[0]!], axis),
      }),
    ),
  ),
  stack: on(shapes(1), (shape) => ({ shapes: [shape, shape], write: (a, b) => op.stack([a, b], -1) })),
  tril: fc.tuple(shapes(2), fc.integer({ min: -2, max: 2 })).map(([shape, diagonal]) => ({
    shapes: [shape],
    write: (x) => op.tril(x, { diagonal }),
  })),
  leadingRows: fc.oneof(
    on(fc.constantFrom<Shape>(["sequence", 3], [2, 3]), ([count, width]) => ({
      shapes: [
        [5, width!],
        [count!, width!],
      ],
      write: (table, rows) => op.mul(op.leadingRows(table, { count: count! }), rows),
    })),
    derivative([5, 3], ["sequence", 3], (table) => op.leadingRows(table, { count: "sequence" })),
  ),

  // By index.
  embedding: someOf(6, 4).map((ids) => ({
    shapes: [[4, 3]],
    write: (table) => op.embedding(table, integers([2, 3], ids)),
  })),
  scatterRows: someOf(5, 4).map((ids) => ({
    shapes: [[5, 3]],
    write: (rows) => op.scatterRows(integers([5], ids), rows, { size: 4, paddingIndex: ids[0]! }),
  })),
  indexSelect: fc.tuple(someOf(5, 4), fc.nat(2)).map(([ids, axis]) => ({
    shapes: [(["batch", "sequence", 2] as Shape).with(axis, 4)],
    write: (x) => op.indexSelect(x, integers([5], ids), axis),
  })),
  indexAdd: someOf(5, 4).map((ids) => ({
    shapes: [
      [4, "batch"],
      [5, "batch"],
    ],
    write: (x, rows) => op.indexAdd(x, integers([5], ids), rows),
  })),
  gather: someOf(6, 3).map((ids) => ({
    shapes: [[3, 4]],
    write: (x) => op.gather(x, integers([3, 2], ids), 1),
  })),
  scatterAdd: someOf(6, 3).map((ids) => ({
    shapes: [
      [3, 4],
      [2, 3],
    ],
    write: (x, values) => op.scatterAdd(x, integers([2, 3], ids), values, 0),
  })),
  pick: someOf(4, 3).map((ids) => ({
    shapes: [[2, 2, 3]],
    write: (x) => op.pick(x, integers([2, 2], ids)),
  })),

  // Products.
  matmul: fc
    .record({
      batches: broadcastPair,
      sizes: fc.tuple(dim, dim, dim),
      transA: fc.boolean(),
      transB: fc.boolean(),
      vector: fc.constantFrom("none", "a", "b"),
    })
    .map(
      ({ batches: [left, right], sizes: [rows, inner, columns], transA, transB, vector }): Example => ({
        shapes: [
          vector === "a" ? [inner] : [...left, ...(transA ? [inner, rows] : [rows, inner])],
          vector === "b" ? [inner] : [...right, ...(transB ? [columns, inner] : [inner, columns])],
        ],
        write: (a, b) => op.matmul(a, b, { transA, transB, scale: 0.5 }),
      }),
    ),
  linear: fc.tuple(shapes(0, 2), fc.boolean()).map(([rows, hasBias]) => ({
    shapes: [[...rows, 3], [2, 3], ...(hasBias ? [[2]] : [])],
    write: (x, weight, bias?) => op.linear(x, weight, bias),
  })),
  einsum: fc
    .constantFrom(
      "abc,acd->abd",
      "abc,dbc->ad",
      "abc,cd->dba",
      "ab,cd->acbd",
      "ab,b->a",
      "abc,abd->dc",
      "abc->ca",
    )
    .map((equation): Example => {
      const letters: Record<string, Dimension> = { a: "batch", b: "sequence", c: 3, d: 2 };
      const terms = equation.split("->")[0]!.split(",");
      return {
        shapes: terms.map((term) => [...term].map((letter) => letters[letter]!)),
        write: (...operands) => op.einsum(equation, ...operands),
      };
    }),
  scaledDotProductAttention: fc.constant({
    shapes: [
      ["batch", 2, "sequence", 3],
      ["batch", 2, 4, 3],
      ["batch", 2, 4, 3],
      [1, 2, "sequence", 4],
    ],
    write: (query, key, value, bias) => op.scaledDotProductAttention(query!, key!, value!, { bias: bias! }),
  } as Example),

  // Normalisations.
  layerNorm: fc.tuple(shapes(1, 2), fc.constantFrom<Shape>([4], [2, 3])).map(([rows, width]) => ({
    shapes: [[...rows, ...width], width, width],
    write: (x, weight, bias) => op.layerNorm(x!, weight!, bias!),
  })),
  rmsNorm: on(shapes(0, 2), (rows) => ({
    shapes: [[...rows, 4], [4]],
    write: (x, weight) => op.rmsNorm(x, weight),
  })),
  groupNorm: fc.constantFrom(1, 2).map((groups) => ({
    shapes: [["batch", 4, 2], [4], [4]],
    write: (x, weight, bias) => op.groupNorm(x, weight, bias, groups),
  })),
  batchNorm: on(images, (shape) => ({
    shapes: [shape, [2], [2]],
    write: (x, weight, bias) => op.batchNorm(x, weight, bias, running(x)),
  })),
  batchNormTraining: on(images, (shape) => ({
    shapes: [shape, [2], [2]],
    write: (x, weight, bias) => op.batchNormTraining(x, weight, bias, running(x)).output,
  })),
  normalizeL2: on(shapes(1), (shape) => ({
    shapes: [shape],
    domain: [0.5, 4],
    write: (x) => op.normalizeL2(x),
  })),
  cosineSimilarity: on(shapes(1), (shape) => ({
    shapes: [shape, shape],
    domain: [0.5, 4],
    write: (a, b) => op.cosineSimilarity(a, b),
  })),

  // Losses.
  crossEntropy: fc
    .tuple(lossReduction, fc.constantFrom(0, 0.1), fc.boolean())
    .chain(([reduction, labelSmoothing, weighs]) =>
      classes((x, labels) => {
        const classWeights = constant(float32([4], [0.5, 1, 2, 3]));
        return op.crossEntropy(x, labels, { reduction, labelSmoothing, ...(weighs && { classWeights }) });
      }),
    ),
  nllLoss: classes((x, labels) => op.nllLoss(x, labels)),
  softCrossEntropy: fc.constant({
    shapes: [
      ["batch", 4],
      ["batch", 4],
    ],
    write: (x, y) => op.softCrossEntropy(x!, y!),
  } as Example),
  bceWithLogits: twoOfOneShape((x, y, reduction) => op.bceWithLogits(x, y, { reduction })),
  mseLoss: twoOfOneShape((x, y, reduction) => op.mseLoss(x, y, { reduction })),
  l1Loss: twoOfOneShape((x, y, reduction) => op.l1Loss(x, y, { reduction })),
  klDivergence: on(shapes(1), (shape) => ({
    shapes: [shape, shape],
    domain: [0.5, 2],
    write: op.klDivergence,
  })),

  // Images.
  conv2d: convolutions.map(
    ({ batch, groups, perGroup, outPerGroup, height, width, kernel, ...options }): Example => ({
      shapes: [
        [batch, groups * perGroup, height, width],
        [groups * outPerGroup, perGroup, ...kernel],
        [groups * outPerGroup],
      ],
      write: (x, weight, bias) => op.conv2d(x, weight, bias, { ...options, groups }),
    }),
  ),
  conv1d: fc.constant({
    shapes: [
      ["batch", 2, 6],
      [3, 2, 3],
    ],
    write: (x, weight) => op.conv1d(x!, weight!, undefined, { padding: 1, stride: 2 }),
  } as Example),
  convTranspose2d: convolutions.map(
    ({ batch, groups, perGroup, outPerGroup, height, width, kernel, ...options }): Example => ({
      shapes: [
        [
          batch,
          groups * outPerGroup,
          outputSize(height, kernel[0], options),
          outputSize(width, kernel[1], options),
        ],
        [groups * outPerGroup, perGroup, ...kernel],
      ],
      write: (y, weight) => op.convTranspose2d(y, weight, { ...options, groups, size: [height, width] }),
    }),
  ),
  maxPool2d: fc
    .tuple(number, fc.nat(1))
    .chain(([stride, padding]) => onImages((x) => op.maxPool2d(x, 2 + padding, { stride, padding }))),
  avgPool2d: fc
    .tuple(number, fc.nat(1), fc.boolean())
    .chain(([stride, padding, countPadding]) =>
      onImages((x) => op.avgPool2d(x, 2 + padding, { stride, padding, countPadding })),
    ),
  adaptiveAvgPool2d: onImages((x) => op.adaptiveAvgPool2d(x, [2, 3])),
  adaptiveMaxPool2d: onImages((x) => op.adaptiveMaxPool2d(x, [2, 3])),
  upsampleBilinear: onImages((x) => op.upsampleBilinear(x, 2)),
};
