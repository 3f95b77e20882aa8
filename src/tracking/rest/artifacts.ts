// Artifacts of a run, as pages and clients find them by its id.
import { z } from "zod";
import { scopedStore } from "../../storage/index.ts";
import { artifact, listFolder } from "./artifact-listing.ts";
import { folderOf, runUri } from "./artifact-place.ts";
import { optionalText, requiredText, runId } from "./fields.ts";
import { MlflowError } from "./mlflow-error.ts";
import { route } from "./route.ts";
import { sendFile } from "./send-file.ts";

const listArtifacts = route({
  method: "GET",
  path: "/api/2.0/mlflow/artifacts/list",
  request: runId.and(z.object({ path: optionalText })),
  response: z.object({ root_uri: z.string(), files: z.array(artifact) }),
  async handle({ runId, path = "" }, { store }) {
    const uri = runUri(await store.getRun(runId));
    return { root_uri: uri, files: await listFolder(store.files, folderOf(uri), path) };
  },
});

const getArtifact = route({
  method: "GET",
  path: "/get-artifact",
  request: runId.and(z.object({ path: requiredText })),
  response: z.instanceof(Response),
  async handle({ runId, path }, { store, raw }) {
    const artifacts = scopedStore(store.files, folderOf(runUri(await store.getRun(runId))));
    const response = await sendFile(artifacts, path, raw);
    if (response) return response;
    const message = `run ${runId} has no artifact ${JSON.stringify(path)}`;
    throw new MlflowError("RESOURCE_DOES_NOT_EXIST", message);
  },
});

const getModelVersionArtifact = route({
  method: "GET",
  path: "/model-versions/get-artifact",
  request: z.object({ name: requiredText, version: z.coerce.number().int(), path: requiredText }),
  response: z.instanceof(Response),
  async handle({ name, version, path }, { store, raw }) {
    const { source } = await store.getModelVersion(name, version);
    const [, run, folder = ""] = /^runs:\/+([^/]+)\/(.*)$/.exec(source) ?? [];
    const root =
      run === undefined ? folderOf(source) : `${folderOf(runUri(await store.getRun(run)))}/${folder}`;
    const response = await sendFile(scopedStore(store.files, root.replace(/\/+$/, "")), path, raw);
    if (response) return response;
    const message = `version ${version} of ${name} has no artifact ${JSON.stringify(path)}`;
    throw new MlflowError("RESOURCE_DOES_NOT_EXIST", message);
  },
});

export const artifactRoutes = [listArtifacts, getArtifact, getModelVersionArtifact];
