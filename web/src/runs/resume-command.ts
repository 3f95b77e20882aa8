import type { Run } from "../api/runs.ts";

/**
 * What continues a run of Havn's that was stopped before its end. A trial of a sweep belongs to the sweep, and what
 * another program has logged is that program's.
 */
export function resumeCommand({
  runId,
  status,
  tags,
}: Pick<Run, "runId" | "status" | "tags">): string | undefined {
  const project = tags["havn.project"];
  const verb = /\bhavn(?:\.js)? (run|train) /.exec(tags["mlflow.source.name"] ?? "")?.[1];
  if (status !== "KILLED" || !project || !verb || tags["havn.sweep"]) return undefined;
  return `npx havn ${verb} ${project} --resume ${runId}`;
}
