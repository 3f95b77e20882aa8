// How protocol buffers write their values in JSON, which is how the MLflow API speaks.
import * as z from "zod/mini";

/** A whole number, or its digits. */
export const int64 = z.pipe(
  z.union([z.number(), z.string().check(z.regex(/^-?\d+$/))]),
  z.transform((value) => Number(value)),
);

/** A number; NaN and the infinities are text. */
export const double = z.pipe(
  z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]),
  z.transform((value) => Number(value)),
);

/** A list of pairs as a record. Empty lists may be left out. */
export const entries = z.pipe(
  z.optional(z.array(z.object({ key: z.string(), value: z.optional(z.string()) }))),
  z.transform((pairs) => Object.fromEntries((pairs ?? []).map(({ key, value = "" }) => [key, value]))),
);

/** A list that may be left out where it is empty. */
export function list<Item extends z.core.$ZodType>(item: Item) {
  return z.pipe(
    z.optional(z.array(item)),
    z.transform((items) => items ?? []),
  );
}
