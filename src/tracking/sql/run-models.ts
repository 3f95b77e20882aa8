import type { ModelOutput, Run } from "../store.ts";
import type { Database } from "./engine.ts";
import { checkInteger } from "./limits.ts";
import type { LoggedTables } from "./logged-tables.ts";
import { requireModels } from "./model-metrics.ts";
import { inParts } from "./rows.ts";

/** Writes which logged models a run has read and made; of one that it made twice the last step counts. */
export async function writeRunModels(
  db: Database,
  runId: string,
  { inputs = [], outputs = [] }: { inputs?: readonly string[]; outputs?: readonly ModelOutput[] },
): Promise<void> {
  const read = new Map(inputs.map((modelId) => [modelId, 0]));
  const made = new Map(outputs.map(({ modelId, step }) => [modelId, checkInteger("step of a model", step)]));
  await requireModels(db, [...new Set([...read.keys(), ...made.keys()])]);
  for (const [direction, models] of [["input", read] as const, ["output", made] as const]) {
    for (const part of inParts([...models])) {
      await db
        .insertInto("run_models")
        .values(part.map(([model_id, step]) => ({ run_uuid: runId, direction, model_id, step })))
        .onConflict((conflict) =>
          conflict
            .columns(["run_uuid", "direction", "model_id"])
            .doUpdateSet((eb) => ({ step: eb.ref("excluded.step") })),
        )
        .execute();
    }
  }
}

/** The fields of a run that say which models it has read and made. */
export function toRunModels(
  rows: readonly LoggedTables["run_models"][],
): Pick<Run, "modelInputs" | "modelOutputs"> {
  const inputs = rows.filter(({ direction }) => direction === "input");
  const outputs = rows.filter(({ direction }) => direction === "output");
  return {
    ...(inputs.length > 0 && { modelInputs: inputs.map(({ model_id }) => model_id) }),
    ...(outputs.length > 0 && {
      modelOutputs: outputs.map(({ model_id, step }) => ({ modelId: model_id, step })),
    }),
  };
}
