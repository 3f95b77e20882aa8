// Where artifacts lie, in the words of the protocol: `mlflow-artifacts:/NAME` for what this server keeps.
import { z } from "zod";
import { ownArtifacts } from "../artifact-uri.ts";
import type { LoggedModel } from "../logged-model.ts";
import type { Experiment, Run } from "../store.ts";
import { MlflowError } from "./mlflow-error.ts";

/** Whether a URI has a part `..` or a control character, however often that was encoded. */
export function leadsOut(uri: string): boolean {
  let text = uri;
  for (let round = 0; round < 10; round++) {
    if (/(^|[/\\])\.\.([/\\]|$)|\p{Cc}/u.test(text)) return true;
    let plain: string;
    try {
      plain = decodeURIComponent(text);
    } catch {
      return false;
    }
    if (plain === text) return false;
    text = plain;
  }
  return true;
}

/** The location of an experiment: an absolute URI; a path alone would be one of the client's machine. */
export const location = z
  .string("must be text")
  .nullish()
  .transform((text) => text || undefined)
  .refine(
    (text) => text === undefined || (/^[a-z][a-z0-9+.-]*:/i.test(text) && !leadsOut(text)),
    "must be a URI such as s3://bucket/folder or mlflow-artifacts:/folder, without ..",
  );

export const experimentUri = ({ artifactLocation }: Experiment) => artifactLocation ?? ownArtifacts;

export const runUri = ({ runId, artifactUri }: Pick<Run, "runId" | "artifactUri">) =>
  artifactUri ?? ownArtifacts + runId;

export const modelUri = ({ modelId, artifactUri }: LoggedModel) =>
  artifactUri ?? `${ownArtifacts}models/${modelId}`;

export const traceUri = (traceId: string) => `${ownArtifacts}traces/${traceId}`;

/**
 * The folder of this server's files that a URI names.
 *
 * @throws {MlflowError} where the files are not kept here
 */
export function folderOf(uri: string): string {
  const scheme = ownArtifacts.slice(0, -1);
  if (uri.startsWith(scheme)) return uri.slice(scheme.length).replace(/^\/+|\/+$/g, "");
  throw new MlflowError(
    "INVALID_PARAMETER_VALUE",
    `these artifacts lie at ${uri}, not on this server: read them from there`,
  );
}
