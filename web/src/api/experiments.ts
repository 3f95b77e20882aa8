import * as z from "zod/mini";
import { request } from "./request.ts";
import { list } from "./wire.ts";

const experiment = z.pipe(
  z.object({ experiment_id: z.string(), name: z.string() }),
  z.transform(({ experiment_id, name }) => ({ experimentId: experiment_id, name })),
);

export type Experiment = z.output<typeof experiment>;

export async function listExperiments(signal?: AbortSignal): Promise<Experiment[]> {
  const { experiments } = await request(
    "api/2.0/mlflow/experiments/search",
    z.object({ experiments: list(experiment) }),
    { body: { max_results: 1000 }, ...(signal && { signal }) },
  );
  return experiments;
}
