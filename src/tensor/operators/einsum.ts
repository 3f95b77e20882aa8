/** Einstein summation over one or two tensors, by permutations and one product of matrices. */
import { ShapeError, TensorError } from "../errors.ts";
import { product, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";
import { sum } from "./reduce.ts";
import { permute, reshape } from "./shape.ts";

/** A tensor whose axes have letters. */
interface Lettered {
  readonly x: Tensor;
  readonly letters: string;
}

/**
 * Sums products over the letters that the result does not name: einsum("bhqd,bhkd->bhqk", query, key).
 * A letter stands once in each term; ellipses are not supported.
 * @throws {TensorError} for an equation that cannot be read, {ShapeError} when it does not fit the operands
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const [, left, result] = /^([a-z,]+)->([a-z]*)$/.exec(equation.replaceAll(" ", "")) ?? [];
  const terms = left?.split(",") ?? [];
  const known = new Set(terms.join(""));
  const repeated = [...terms, result ?? ""].some((term) => new Set(term).size < term.length);
  if (result === undefined || repeated || [...result].some((letter) => !known.has(letter)))
    throw new TensorError(`einsum: an equation such as "ij,jk->ik" was expected, got "${equation}"`);
  if (terms.length !== operands.length || terms.length > 2)
    throw new TensorError(
      `einsum: "${equation}" must have one or two terms, and as many operands; got ${operands.length}`,
    );
  const lettered = operands.map((x, i) =>
    fold({ x, letters: lettersOf(x, terms, i, equation) }, terms, result),
  );
  const product = lettered.length === 1 ? lettered[0]! : multiply(lettered[0]!, lettered[1]!, result);
  return permute(
    product.x,
    [...result].map((letter) => product.letters.indexOf(letter)),
  );
}

function lettersOf(x: Tensor, terms: readonly string[], i: number, equation: string): string {
  const letters = terms[i]!;
  if (letters.length !== x.rank)
    throw new ShapeError("einsum", [x.shape], `an operand with the axes "${letters}" of "${equation}"`);
  return letters;
}

/** Sums over the letters that stand in this term alone. */
function fold({ x, letters }: Lettered, terms: readonly string[], result: string): Lettered {
  const elsewhere = (letter: string) =>
    result.includes(letter) || terms.filter((term) => term.includes(letter)).length > 1;
  const axes = [...letters].flatMap((letter, axis) => (elsewhere(letter) ? [] : [axis]));
  return { x: sum(x, { axes }), letters: [...letters].filter(elsewhere).join("") };
}

/** Shared letters of the result are the batch, other shared ones the inner dimension of the product. */
function multiply(a: Lettered, b: Lettered, result: string): Lettered {
  const shared = [...a.letters].filter((letter) => b.letters.includes(letter));
  const batch = shared.filter((letter) => result.includes(letter));
  const inner = shared.filter((letter) => !result.includes(letter));
  const rows = [...a.letters].filter((letter) => !shared.includes(letter));
  const columns = [...b.letters].filter((letter) => !shared.includes(letter));
  const sizes = (letters: readonly string[], { x, letters: all }: Lettered): Shape =>
    letters.map((letter) => x.shape[all.indexOf(letter)]!);
  for (const letter of shared)
    if (sizes([letter], a)[0] !== sizes([letter], b)[0])
      throw new ShapeError(
        "einsum",
        [a.x.shape, b.x.shape],
        `both operands must have the same size of "${letter}"`,
      );

  const left = matrices(a, [batch, rows, inner]);
  const right = matrices(b, [batch, columns, inner]);
  const x = matmul(left.x, right.x, { transA: left.transposed, transB: !right.transposed });
  return {
    x: reshape(x, [...sizes(batch, a), ...sizes(rows, a), ...sizes(columns, b)]),
    letters: [...batch, ...rows, ...columns].join(""),
  };
}

/** [batch, outer, inner], or [batch, inner, outer] where that is how the axes stand already. */
function matrices(
  { x, letters }: Lettered,
  [batch, outer, inner]: readonly [readonly string[], readonly string[], readonly string[]],
): { x: Tensor; transposed: boolean } {
  const transposed = letters === [...batch, ...inner, ...outer].join("");
  const groups = transposed ? [batch, inner, outer] : [batch, outer, inner];
  const moved = permute(
    x,
    groups.flat().map((letter) => letters.indexOf(letter)),
  );
  const shape = groups.map((group) => product(group.map((letter) => x.shape[letters.indexOf(letter)]!)));
  return { x: reshape(moved, shape), transposed };
}
