import * as z from "zod/mini";
import { ApiError } from "./api-error.ts";
import { readEvents } from "./event-stream.ts";
import type { Project, TextAnswer } from "./projects.ts";
import { requestStream } from "./request.ts";

/** An answer as far as it is written. */
export interface AnswerPart {
  readonly text: string;
  /** Whether nothing more will come. */
  readonly isWhole: boolean;
  /** Whether a part of the whole answer is missing. */
  readonly isIncomplete: boolean;
}

export interface AnswerOptions {
  readonly answer: TextAnswer;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof globalThis.fetch;
}

const reply = z.record(z.string(), z.unknown());
const serviceError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/**
 * Asks the route of a project, and gives the answer whenever it has grown.
 * @throws {ApiError} also for what goes wrong while the answer is written
 */
export async function* streamAnswer(
  project: Project,
  input: string,
  { answer, signal, fetch }: AnswerOptions,
): AsyncGenerator<AnswerPart> {
  const path = project.path + project.route.slice(1);
  const stream = await requestStream(path, {
    ...{ method: "POST", query: { ...answer.stream, [project.input.field]: input } },
    ...(signal && { signal }),
    ...(fetch && { fetch }),
  });
  for await (const { name, data } of readEvents(stream)) {
    const told: unknown = JSON.parse(data);
    if (name === "error") {
      const { error } = z.parse(serviceError, told);
      throw new ApiError(error.message, { code: error.code });
    }
    const fields = z.parse(reply, told);
    const isWhole = name === "answer";
    yield {
      text: String(fields[answer.field] ?? ""),
      isWhole,
      isIncomplete: isWhole && fields[answer.incomplete.field] === true,
    };
    if (isWhole) return;
  }
  throw new ApiError("The answer broke off: the service has ended, or the connection to it.");
}
