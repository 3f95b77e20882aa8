/** The parameters that vary as coordinates, and points of that space as values again. */
import type { Random } from "../../data/index.ts";
import type { Json, JsonRecord } from "../../tracking/index.ts";
import type { DimensionKind, Point } from "./gaussian-process.ts";
import {
  allValues,
  type Choice,
  indexOf,
  type NumberRange,
  type Parameters,
  unitOf,
  valueAt,
} from "./parameter.ts";

interface Dimension {
  readonly key: string;
  readonly parameter: Choice | NumberRange;
}

export interface SearchSpace {
  readonly kinds: readonly DimensionKind[];
  readonly keys: readonly string[];
  /** How many different points there are; infinite where a parameter is a real number. */
  readonly size: number;
  /** The values at shares of the distributions, one share for each dimension, and all constants. */
  valuesAt(units: readonly number[]): JsonRecord;
  /** Undefined for values that this space does not have. */
  pointOf(values: JsonRecord): Point | undefined;
  /** The units of a point, for small steps away from it; a category is drawn among those that are the same. */
  unitsOf(point: Point, random: Random): number[];
}

export function searchSpace(parameters: Parameters): SearchSpace {
  const dimensions = [...parameters].flatMap(([key, parameter]): Dimension[] =>
    parameter.kind === "constant" || allValues(parameter)?.length === 1 ? [] : [{ key, parameter }],
  );
  const fixed = [...parameters].filter(([key]) => dimensions.every((dimension) => dimension.key !== key));
  return {
    kinds: dimensions.map(({ parameter }) => (parameter.kind === "choice" ? "category" : "number")),
    keys: dimensions.map(({ key }) => key),
    size: dimensions.reduce(
      (product, { parameter }) => product * (allValues(parameter)?.length ?? Number.POSITIVE_INFINITY),
      1,
    ),
    valuesAt: (units) =>
      Object.fromEntries([
        ...fixed.map(([key, parameter]): [string, Json] => [key, valueAt(parameter, 0)]),
        ...dimensions.map(({ key, parameter }, d): [string, Json] => [key, valueAt(parameter, units[d]!)]),
      ]),
    pointOf(values) {
      const coordinates = dimensions.map(({ key, parameter }) => coordinateOf(parameter, values[key]));
      return coordinates.some((coordinate) => coordinate === undefined)
        ? undefined
        : Float64Array.from(coordinates as number[]);
    },
    unitsOf: (point, random) =>
      dimensions.map(({ parameter }, d) => {
        if (parameter.kind === "number") return point[d]!;
        const below = parameter.probabilities.slice(0, point[d]!).reduce((sum, share) => sum + share, 0);
        return below + random.next() * parameter.probabilities[point[d]!]!;
      }),
  };
}

function coordinateOf(parameter: Choice | NumberRange, value: Json | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (parameter.kind === "number") return typeof value === "number" ? unitOf(parameter, value) : undefined;
  const index = indexOf(parameter, value);
  return index < 0 ? undefined : index;
}
