import * as z from "zod/mini";
import type { Project } from "./projects.ts";
import { request } from "./request.ts";

const record = z.object({
  model: z.object({ name: z.string(), version: z.union([z.number(), z.string()]) }),
  latencyMs: z.number(),
  requestId: z.string(),
});

const labelAnswer = z.object({
  label: z.string(),
  index: z.number(),
  probabilities: z.array(z.object({ label: z.string(), probability: z.number() })),
});

const prediction = z.extend(record, { answer: labelAnswer });
/** One answer for each question about the image. */
const imagePrediction = z.extend(record, { answer: z.record(z.string(), labelAnswer) });

/** What is known of every answer, whatever it says. */
export type PredictionRecord = z.output<typeof record>;
export type Prediction = z.output<typeof prediction>;
export type ImagePrediction = z.output<typeof imagePrediction>;

/** Asks the service of a project. */
export const predict = (project: Project, input: string, signal?: AbortSignal): Promise<Prediction> =>
  request(`${project.path}predictions`, prediction, {
    body: { [project.input.field]: input },
    ...(signal && { signal }),
  });

/** Asks the service of a project that looks at images. */
export function predictImage(project: Project, image: File, signal?: AbortSignal): Promise<ImagePrediction> {
  const form = new FormData();
  form.append(project.input.field, image);
  return request(`${project.path}predictions`, imagePrediction, { form, ...(signal && { signal }) });
}
