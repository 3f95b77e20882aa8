import * as z from "zod/mini";
import type { Project } from "./projects.ts";
import { request } from "./request.ts";

const prediction = z.object({
  answer: z.object({
    label: z.string(),
    index: z.number(),
    probabilities: z.array(z.object({ label: z.string(), probability: z.number() })),
  }),
  model: z.object({ name: z.string(), version: z.union([z.number(), z.string()]) }),
  latencyMs: z.number(),
  requestId: z.string(),
});

export type Prediction = z.output<typeof prediction>;

/** Asks the service of a project. */
export const predict = (project: Project, input: string, signal?: AbortSignal): Promise<Prediction> =>
  request(`${project.path}predictions`, prediction, {
    body: { [project.input.field]: input },
    ...(signal && { signal }),
  });
