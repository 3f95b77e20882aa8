import { expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import type { DType } from "../ndarray.ts";
import type { Shape } from "../shape.ts";
import { input } from "../tensor.ts";
import * as op from "./index.ts";

const tensor = (shape: Shape, dtype: DType = "float32") => input("x", dtype, shape);
const x = tensor(["batch", 4]);

/** What a mistake is answered with. */
function answerTo(mistake: () => unknown): string {
  try {
    mistake();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the mistake was accepted");
}

test("a mismatch names the operator and both shapes, and carries them", () => {
  expect(answerTo(() => op.add(x, tensor([3])))).toMatchInlineSnapshot(
    `"add: shapes must be equal or 1 in every dimension from the last, got [batch, 4] and [3]"`,
  );
  expect(answerTo(() => op.mul(x, tensor(["sequence", 4])))).toMatchInlineSnapshot(
    `"mul: shapes must be equal or 1 in every dimension from the last, got [batch, 4] and [sequence, 4]"`,
  );
  expect(answerTo(() => op.matmul(x, tensor([5, 2])))).toMatchInlineSnapshot(
    `"matmul: columns of the first must equal rows of the second, got [batch, 4] and [5, 2]"`,
  );
  expect(answerTo(() => op.linear(x, tensor([2, 5]), tensor([2])))).toMatchInlineSnapshot(
    `"linear: x [..., in] must meet weight [out, in], got [batch, 4] and [2, 5]"`,
  );
  expect(answerTo(() => op.concat([x, tensor(["batch", 4, 1])], 0))).toMatchInlineSnapshot(
    `"concat: all but axis 0 must be equal, got [batch, 4] and [batch, 4, 1]"`,
  );
  expect(answerTo(() => op.stack([x, tensor(["batch", 5])], 0))).toMatchInlineSnapshot(
    `"stack: all shapes must be equal, got [batch, 4] and [batch, 5]"`,
  );
  expect(answerTo(() => op.layerNorm(x, tensor([3]), tensor([3])))).toMatchInlineSnapshot(
    `"layerNorm: weight and bias must have the sizes of the last axes, got [batch, 4] and [3] and [3]"`,
  );
  expect(answerTo(() => op.rmsNorm(x, tensor([3])))).toMatchInlineSnapshot(
    `"rmsNorm: weight must have the last axis' size, got [batch, 4] and [3]"`,
  );
  expect(answerTo(() => op.crossEntropy(x, tensor([3], "int64")))).toMatchInlineSnapshot(
    `"crossEntropy: an int64 label for each row was expected, the labels are int64, got [batch, 4] and [3]"`,
  );
  expect(answerTo(() => op.expand(x, [4, 4]))).toMatchInlineSnapshot(
    `"expand: shapes must be equal or 1 in every dimension from the last, got [batch, 4] and [4, 4]"`,
  );
  expect(answerTo(() => op.einsum("ab,bc->ac", x, tensor([3, 2])))).toMatchInlineSnapshot(
    `"einsum: both operands must have the same size of "b", got [batch, 4] and [3, 2]"`,
  );
  try {
    op.add(x, tensor([3]));
  } catch (error) {
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toMatchObject({ operator: "add", shapes: [["batch", 4], [3]] });
  }
});

test("a type that does not fit is told with both types", () => {
  expect(answerTo(() => op.add(x, tensor([4], "int64")))).toMatchInlineSnapshot(
    `"add: both inputs must have the same type, got float32 and int64"`,
  );
  expect(answerTo(() => op.where(x, x, x))).toMatchInlineSnapshot(
    `"where: the condition must be of type bool, got float32"`,
  );
  expect(answerTo(() => op.embedding(tensor([5, 4]), tensor([3])))).toMatchInlineSnapshot(
    `"embedding: a table and int64 indices were expected, the indices are float32, got [5, 4] and [3]"`,
  );
});

test("an axis out of range is told with the range", () => {
  expect(answerTo(() => op.sum(x, { axes: [2] }))).toMatchInlineSnapshot(
    `"sum: axis 2 must be within -2 to 1, got [batch, 4]"`,
  );
  expect(answerTo(() => op.softmax(x, -3))).toMatchInlineSnapshot(
    `"softmax: axis -3 must be within -2 to 1, got [batch, 4]"`,
  );
  expect(answerTo(() => op.transpose(x, 0, 2))).toMatchInlineSnapshot(
    `"transpose: axis 2 must be within -2 to 1, got [batch, 4]"`,
  );
  expect(answerTo(() => op.permute(x, [0, 0]))).toMatchInlineSnapshot(
    `"permute: [0, 0] must name each axis once, got [batch, 4]"`,
  );
});

test("a reshape keeps the number of elements", () => {
  expect(answerTo(() => op.reshape(tensor([2, 3]), [4, 2]))).toMatchInlineSnapshot(
    `"reshape: both shapes must have the same number of elements, got [2, 3] and [4, 2]"`,
  );
  expect(answerTo(() => op.reshape(x, ["batch", 2, 3]))).toMatchInlineSnapshot(
    `"reshape: both shapes must have the same number of elements, got [batch, 4] and [batch, 2, 3]"`,
  );
  expect(answerTo(() => op.squeeze(x, 1))).toMatchInlineSnapshot(
    `"squeeze: axis 1 must have size 1, got [batch, 4]"`,
  );
});

test("parts of an axis lie within it", () => {
  expect(answerTo(() => op.slice(x, { axis: 1, start: 2, end: 5 }))).toMatchInlineSnapshot(
    `"slice: 2 to 5 must lie within axis 1, got [batch, 4]"`,
  );
  expect(answerTo(() => op.slice(x, { axis: 0, start: -1 }))).toMatchInlineSnapshot(
    `"slice: -1 to the end must lie within axis 0, got [batch, 4]"`,
  );
  expect(answerTo(() => op.split(x, [1, 2], 1))).toMatchInlineSnapshot(
    `"split: [1, 2] must add up to axis 1, got [batch, 4]"`,
  );
  expect(
    answerTo(() =>
      op.pad(x, [
        [1, 0],
        [0, 0],
      ]),
    ),
  ).toMatchInlineSnapshot(
    `"pad: padding must be [before, after] for each axis, none below 0, and [0, 0] for named dimensions, got [batch, 4]"`,
  );
  expect(
    answerTo(() =>
      op.reflectPad(x, [
        [0, 0],
        [4, 0],
      ]),
    ),
  ).toMatchInlineSnapshot(`"reflectPad: padding of axis 1 must be smaller than the axis, got [batch, 4]"`);
});

test("images have four axes and fitting kernels", () => {
  const image = tensor(["batch", 3, 8, 8]);
  expect(answerTo(() => op.conv2d(x, tensor([2, 3, 3, 3])))).toMatchInlineSnapshot(
    `"conv2d: both must have 4 axes, got [batch, 4] and [2, 3, 3, 3]"`,
  );
  expect(answerTo(() => op.conv2d(image, tensor([2, 4, 3, 3])))).toMatchInlineSnapshot(
    `"convolution: x [batch, in, ...], weight [out, in, ...] and bias [out] were expected, got [batch, 3, 8, 8] and [2, 4, 3, 3]"`,
  );
  expect(answerTo(() => op.conv2d(image, tensor([2, 3, 9, 9])))).toMatchInlineSnapshot(
    `"convolution: the kernel must fit into the image and its padding, got [batch, 3, 8, 8] and [2, 3, 9, 9]"`,
  );
  expect(answerTo(() => op.maxPool2d(image, 9))).toMatchInlineSnapshot(
    `"maxPool2d: [batch, channels, height, width] with room for a kernel of 9 and a padding of at most its half was expected, got [batch, 3, 8, 8]"`,
  );
  expect(
    answerTo(() =>
      op.batchNorm(image, tensor([3]), tensor([3]), { mean: tensor([3]), variance: tensor([4]) }),
    ),
  ).toMatchInlineSnapshot(
    `"batchNorm: [batch, channels, ...] and vectors of the channels were expected, got [batch, 3, 8, 8] and [3] and [3] and [3] and [4]"`,
  );
});
