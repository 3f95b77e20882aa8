import { z } from "zod";
import type { ObjectStat } from "../../storage/index.ts";
import { optionalText, requiredText, runId } from "./fields.ts";
import { MlflowError } from "./mlflow-error.ts";
import { artifactUri } from "./replies.ts";
import { route } from "./route.ts";

const file = z.object({ path: z.string(), is_dir: z.boolean(), file_size: z.int().optional() });

const listArtifacts = route({
  method: "GET",
  path: "/api/2.0/mlflow/artifacts/list",
  request: runId.and(z.object({ path: optionalText })),
  response: z.object({ root_uri: z.string(), files: z.array(file) }),
  async handle({ runId, path = "" }, { store }) {
    await store.getRun(runId);
    const folder = path === "" ? "" : `${path.replace(/\/+$/, "")}/`;
    const objects = await store.artifacts(runId).list(folder);
    return { root_uri: artifactUri(runId), files: childrenOf(folder, objects) };
  },
});

/** One level of a folder: its files, and each folder below it once. */
function childrenOf(folder: string, objects: readonly ObjectStat[]): z.input<typeof file>[] {
  const children = new Map<string, z.input<typeof file>>();
  for (const { name, sizeBytes } of objects) {
    const [first = "", ...deeper] = name.slice(folder.length).split("/");
    const path = folder + first;
    children.set(
      path,
      deeper.length > 0 ? { path, is_dir: true } : { path, is_dir: false, file_size: sizeBytes },
    );
  }
  return [...children.values()];
}

const getArtifact = route({
  method: "GET",
  path: "/get-artifact",
  request: runId.and(z.object({ path: requiredText })),
  response: z.instanceof(Response),
  async handle({ runId, path }, { store }) {
    await store.getRun(runId);
    const artifacts = store.artifacts(runId);
    const stat = await artifacts.stat(path);
    if (!stat)
      throw new MlflowError(
        "RESOURCE_DOES_NOT_EXIST",
        `run ${runId} has no artifact ${JSON.stringify(path)}`,
      );
    // Whatever a run has logged, a browser saves it and never runs it in the name of this server.
    return new Response(await artifacts.get(path), {
      headers: {
        "content-type": "application/octet-stream",
        "content-length": String(stat.sizeBytes),
        "content-disposition": `attachment; filename*=UTF-8''${encodeFileName(path.split("/").at(-1) ?? "")}`,
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
      },
    });
  },
});

/** RFC 8187: encodeURIComponent leaves ' ( ) * as they are, the header may not. */
const encodeFileName = (name: string) =>
  encodeURIComponent(name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

export const artifactRoutes = [listArtifacts, getArtifact];
