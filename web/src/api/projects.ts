import * as z from "zod/mini";
import { request } from "./request.ts";

const textInput = z.object({
  kind: z.literal("text"),
  /** Name of the input in the body of a request. */
  field: z.string(),
  label: z.string(),
  placeholder: z.string(),
  examples: z.array(z.string()),
  maxLength: z.number(),
});

const imageInput = z.object({
  kind: z.literal("image"),
  /** Name of the file in the form of a request. */
  field: z.string(),
  label: z.string(),
});

export type TextInput = z.output<typeof textInput>;
export type ImageInput = z.output<typeof imageInput>;

/** An answer that is written while one watches. */
const textAnswer = z.object({
  kind: z.literal("text"),
  /** Name of the reply's field that is shown. */
  field: z.string(),
  /** Field that says whether a part is missing, and how that is said. */
  incomplete: z.object({ field: z.string(), note: z.string() }),
  /** Fields beside the input that ask for the answer in parts. */
  stream: z.record(z.string(), z.string()),
});

export type TextAnswer = z.output<typeof textAnswer>;

const project = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  /** Where its service is mounted, such as `/projects/movie-reviews/`. */
  path: z.string(),
  /** The route of the project below it. */
  route: z.string(),
  /** Missing where the answer is labels with their probabilities. */
  answer: z.optional(textAnswer),
  input: z.discriminatedUnion("kind", [textInput, imageInput]),
  /** The version that answers, once one is trained. */
  model: z.nullable(z.object({ name: z.string(), version: z.union([z.number(), z.string()]) })),
});

export type Project = z.output<typeof project>;

export const listProjects = (signal?: AbortSignal): Promise<Project[]> =>
  request("api/projects", z.array(project), { ...(signal && { signal }) });
