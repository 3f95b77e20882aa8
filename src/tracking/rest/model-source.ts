// Where a version's files may lie: what a client registers must not make others read what is not theirs.
import type { Store } from "../store.ts";
import { folderOf, leadsOut, modelUri, runUri } from "./artifact-place.ts";
import { MlflowError } from "./mlflow-error.ts";

interface AskedSource {
  readonly source: string;
  readonly run_id?: string | undefined;
  readonly model_id?: string | undefined;
}

interface CheckedSource {
  readonly source: string;
  readonly runId?: string | undefined;
  readonly modelId?: string | undefined;
}

/**
 * Checks the source of a version and finds out which run or logged model it comes from. A copy of a registered version
 * (`models:/NAME/2`, `models:/NAME@ALIAS`) has the origin of that version.
 *
 * @throws {MlflowError} `INVALID_PARAMETER_VALUE`, in the words of the original
 */
export async function checkSource(
  store: Store,
  { source, run_id: runId, model_id: modelId }: AskedSource,
): Promise<CheckedSource> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === "file") {
    throw invalid(
      `Invalid model version source: '${source}'. To use a local path as a model version source, the run_id request ` +
        "parameter has to be specified and the local path has to be contained within the artifact directory of the run " +
        "specified by the run_id.",
    );
  }
  if (leadsOut(source)) {
    throw invalid(
      `Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, objectstore ` +
        "uri, an absolute path must be provided without relative path references present.",
    );
  }
  if (scheme === "models") return ofModelsUri(store, { source, runId, modelId });
  if (scheme === "runs") {
    const [, run] = /^runs:\/+([^/]+)\/./.exec(source) ?? [];
    if (modelId !== undefined) throw notContained(source, "model_id");
    if (run === undefined || run !== runId) throw notContained(source, "run_id");
  }
  if (scheme === "mlflow-artifacts") await requireRoot(store, { source, runId, modelId });
  return { source, runId, modelId };
}

async function ofModelsUri(store: Store, { source, runId, modelId }: CheckedSource): Promise<CheckedSource> {
  const [, logged] = /^models:\/(m-[0-9a-f]+)$/.exec(source) ?? [];
  if (logged !== undefined) {
    if (logged !== modelId) throw notContained(source, "model_id");
    return { source, runId, modelId };
  }
  const [, name = "", version, alias] = /^models:\/([^/@]+)(?:\/(\d+)|@(.+))$/.exec(source) ?? [];
  const found =
    version !== undefined
      ? await store.getModelVersion(decodeURIComponent(name), Number(version))
      : alias !== undefined
        ? await store.getVersionByAlias(decodeURIComponent(name), alias)
        : undefined;
  if (!found) throw notContained(source, "model_id");
  return {
    source: `models:/${found.name}/${found.version}`,
    runId: runId ?? found.runId,
    modelId: modelId ?? found.modelId,
  };
}

/** Files of this server belong to the run or the logged model that the client names. */
async function requireRoot(store: Store, { source, runId, modelId }: CheckedSource): Promise<void> {
  const name = modelId === undefined ? "run_id" : "model_id";
  const root =
    modelId !== undefined
      ? modelUri(await store.getLoggedModel(modelId))
      : runId !== undefined
        ? runUri(await store.getRun(runId))
        : undefined;
  const [inside, folder] = [
    `${folderOf(source)}/`,
    root?.startsWith("mlflow-artifacts:") ? folderOf(root) : "",
  ];
  if (folder === "" || !inside.startsWith(`${folder}/`)) throw notContained(source, name);
}

const invalid = (message: string) => new MlflowError("INVALID_PARAMETER_VALUE", message);

const notContained = (source: string, name: "run_id" | "model_id") =>
  invalid(
    `Invalid model version source: '${source}'. The ${name} request parameter must identify the resource that contains ` +
      "the source.",
  );
