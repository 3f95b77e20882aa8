import * as z from "zod/mini";
import { request, requestText } from "./request.ts";
import { int64, list } from "./wire.ts";

const artifact = z.pipe(
  z.object({ path: z.string(), is_dir: z.boolean(), file_size: z.nullish(int64) }),
  z.transform(({ path, is_dir, file_size }) => ({
    /** From the root of the run. */
    path,
    name: path.slice(path.lastIndexOf("/") + 1),
    isFolder: is_dir,
    sizeBytes: file_size ?? undefined,
  })),
);

export type Artifact = z.output<typeof artifact>;

/** What lies in a folder of a run; folders first, each in the order of names. */
export async function listArtifacts(runId: string, folder = "", signal?: AbortSignal): Promise<Artifact[]> {
  const { files } = await request("api/2.0/mlflow/artifacts/list", z.object({ files: list(artifact) }), {
    query: { run_id: runId, ...(folder && { path: folder }) },
    ...(signal && { signal }),
  });
  return files.sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.path.localeCompare(b.path));
}

/** The address of a file, for a link that downloads it. */
export const artifactUrl = (runId: string, path: string): string =>
  `get-artifact?${new URLSearchParams({ path, run_uuid: runId })}`;

export const readArtifact = (runId: string, path: string, signal?: AbortSignal): Promise<string> =>
  requestText(artifactUrl(runId, path), { ...(signal && { signal }) });

const confusionMatrix = z.object({
  labels: z.array(z.string()),
  /** A row for each true label, a column for each answer. */
  matrix: z.array(z.array(z.number())),
});

export type ConfusionMatrix = z.output<typeof confusionMatrix>;

export const readConfusionMatrix = (
  runId: string,
  path: string,
  signal?: AbortSignal,
): Promise<ConfusionMatrix> =>
  request(artifactUrl(runId, path), confusionMatrix, { ...(signal && { signal }) });
