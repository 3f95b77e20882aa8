import type { z } from "zod";
import type { Composition } from "./compose.ts";

/**
 * Checks a composition against a schema. Objects are strict: keys that the schema does not name are refused,
 * unless it is a `z.looseObject`.
 *
 * @throws {ConfigError} with all problems at once, each with the place that set the value
 */
export function validate<S extends z.ZodType>(composition: Composition, schema: S): z.output<S> {
  return schema.parse(composition.values);
}
