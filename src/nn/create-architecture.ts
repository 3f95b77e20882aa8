import { z } from "zod";
import { CheckpointError } from "./checkpoint-error.ts";

/**
 * A model from its config.json.
 * @param architectures how one is made, by its `model_type`
 * @throws {CheckpointError} for a `model_type` that is not supported, and for values that no such model can have
 */
export function createArchitecture<Model>(
  architectures: Readonly<Record<string, (config: unknown) => Model>>,
  config: Readonly<Record<string, unknown>>,
): Model {
  const create = architectures[String(config.model_type)];
  if (!create)
    throw new CheckpointError(
      "config.json",
      `model_type must be one of ${Object.keys(architectures).join(", ")}, got ${JSON.stringify(config.model_type)}`,
    );
  try {
    return create(config);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const problems = cause.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new CheckpointError("config.json", problems.join("; "), { cause });
  }
}
