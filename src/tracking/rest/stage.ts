import type { ModelStage } from "../store.ts";
import { MlflowError } from "./mlflow-error.ts";

const stages = ["None", "Staging", "Production", "Archived"] as const;

/** A stage as clients write it, in capitals or not. @throws {MlflowError} in the words of the original */
export function parseStage(text: string): ModelStage {
  const found = stages.find((stage) => stage.toLowerCase() === text.toLowerCase());
  if (found) return found;
  throw new MlflowError(
    "INVALID_PARAMETER_VALUE",
    `Invalid Model Version stage: ${text.slice(0, 100)}. Value must be one of ${stages.join(", ")}.`,
  );
}
