/** Asks a running service about rows, as its users do: what it answers is measured, and stands in its prediction log. */
import { z } from "zod";
import { expectService, readsOf } from "../serving/index.ts";
import type { Project } from "./project.ts";
import { requestOf } from "./sample-requests.ts";
import type { AnyTask } from "./task.ts";
import { TaskError } from "./task-error.ts";

/** Requests under way at once. */
const atOnce = 16;

const replySchema = z.object({ answer: z.unknown() });

/**
 * @throws {TaskError} when the service refuses a row, or the task cannot judge answers
 * @throws {Error} when nothing answers at the URL, or the service of another project
 */
export async function askService(
  project: Project,
  task: AnyTask,
  rows: readonly unknown[],
  url: string,
): Promise<{ metrics: Readonly<Record<string, number>>; outcomes: readonly unknown[] }> {
  const { judge } = task;
  const { sample } = project.task;
  if (!judge || !sample)
    throw new TaskError(
      `the task of ${project.name} cannot judge what a service answers; leave out --service to judge the files of its model`,
    );
  await expectService(project.name, url);
  const outcomes: unknown[] = new Array(rows.length);
  const waiting = rows.entries();
  const ask = async () => {
    for (const [index, row] of waiting) {
      const answer = await answerTo(project, url, await sample(row));
      outcomes[index] = judge(row, answer);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, rows.length) }, ask));
  return { metrics: task.measure(outcomes), outcomes };
}

async function answerTo(
  project: Project,
  url: string,
  sample: Parameters<typeof requestOf>[1],
): Promise<unknown> {
  // The whole answer, not the few words of the project's own route.
  const route = { ...project.route, path: "/predictions", method: "POST" as const };
  const request = await requestOf(
    { ...project, route: { ...route, reads: readsOf(project.route) === "form" ? "form" : "json" } },
    sample,
  );
  const { method, path, headers, body } = request;
  const target = `${url.replace(/\/$/, "")}${path}`;
  const response = await fetch(target, {
    method,
    headers,
    ...(body && { body: new Uint8Array(body) }),
  }).catch((cause: unknown) => {
    const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    throw new TaskError(`${target} cannot be reached any more (${reason})`);
  });
  const text = await response.text();
  if (!response.ok) throw new TaskError(`${target} answered ${response.status}: ${text.slice(0, 500)}`);
  return replySchema.parse(JSON.parse(text)).answer;
}
