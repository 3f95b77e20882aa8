import * as z from "zod/mini";
import { request } from "./request.ts";

const project = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  /** Where its service is mounted, such as `/projects/movie-reviews/`. */
  path: z.string(),
  input: z.object({
    kind: z.string(),
    /** Name of the input in the body of a request. */
    field: z.string(),
    label: z.string(),
    placeholder: z.string(),
    examples: z.array(z.string()),
    maxLength: z.number(),
  }),
  /** The version that answers, once one is trained. */
  model: z.nullable(z.object({ name: z.string(), version: z.union([z.number(), z.string()]) })),
});

export type Project = z.output<typeof project>;

export const listProjects = (signal?: AbortSignal): Promise<Project[]> =>
  request("api/projects", z.array(project), { ...(signal && { signal }) });
