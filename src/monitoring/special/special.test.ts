/** Values are those of SciPy 1.17. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scaledBesselK } from "./bessel.ts";
import { incompleteBeta, studentTwoTails } from "./beta.ts";
import { chiSquareTail, logGamma, normalTail, upperGamma } from "./gamma.ts";

/** Far into the tails, where a difference from 1 would have no digit left. */
function expectDigits(value: number, expected: number, relative = 1e-12): void {
  expect(Math.abs(value / expected - 1)).toBeLessThan(relative);
}

test.each([
  [0.1, 2.252712651734206],
  [0.5, 0.5723649429247],
  [2.5, 0.2846828704729192],
  [9.99, 12.779315214350195],
  [10, 12.801827480081469],
  [123.4, 469.3360974421906],
  [500_000, 6061176.046459176],
])("ln Γ(%s)", (x, expected) => expectDigits(logGamma(x), expected));

test.each([
  [0.5, 0.1, 0.6547208460185768],
  [0.5, 3, 0.014305878435429641],
  [2, 2, 0.40600584970983794],
  [24.5, 10, 0.9999245464953185],
  [24.5, 60, 6.876961427062773e-8],
  [24.5, 400, 2.2724911139203977e-136],
  [0.5, 350, 2.990226975124623e-154],
])("Q(%s, %s)", (a, x, expected) => expectDigits(upperGamma(a, x), expected));

test.each([
  [-1, 0.8413447460685429],
  [0, 0.5],
  [1.96, 0.024997895148220435],
  [8, 6.22096057427174e-16],
  [30, 4.906713927147908e-198],
])("normal tail of %s", (z, expected) => expectDigits(normalTail(z), expected));

test.each([
  [0.01, 5, 0.9924080180425819],
  [1.5, 5, 0.1939036802424733],
  [2, 598, 0.04595204979118702],
  [9, 6998, 2.8646086792292877e-19],
  [40, 100, 2.462107602140071e-63],
])("Student's t: both tails of %s with %s degrees of freedom", (t, freedom, expected) =>
  expectDigits(studentTwoTails(t, freedom), expected, 1e-10),
);

test.each([
  [0.25, 0.003, 8.755387718804414],
  [0.25, 1, 1.1708721016781265],
  [0.25, 40, 0.19770810462750407],
  [0.5, 2, 0.886226925452758],
])("e^x K of order %s at %s", (order, x, expected) => expectDigits(scaledBesselK(order, x), expected));

describe("laws", () => {
  const positive = fc.double({ min: 0.1, max: 60, noNaN: true });

  test("Γ(x + 1) = x Γ(x)", () =>
    fc.assert(
      fc.property(positive, (x) => {
        expect(logGamma(x + 1)).toBeCloseTo(Math.log(x) + logGamma(x), 10);
      }),
    ));

  test("chi-square with two degrees of freedom is exponential", () =>
    fc.assert(fc.property(positive, (x) => expectDigits(chiSquareTail(x, 2), Math.exp(-x / 2)))));

  test("I_x(a, b) = 1 - I_(1-x)(b, a)", () =>
    fc.assert(
      fc.property(positive, positive, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (a, b, x) => {
        expect(incompleteBeta(x, a, b) + incompleteBeta(1 - x, b, a)).toBeCloseTo(1, 11);
      }),
    ));

  test("I_x(a, 1) = x^a", () =>
    fc.assert(
      fc.property(positive, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (a, x) =>
        expectDigits(incompleteBeta(x, a, 1), x ** a, 1e-11),
      ),
    ));

  test("nothing lies beyond the ends", () => {
    expect([upperGamma(3, 0), upperGamma(3, Infinity)]).toEqual([1, 0]);
    expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)]).toEqual([0, 1]);
  });
});
