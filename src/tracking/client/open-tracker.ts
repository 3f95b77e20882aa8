import { tmpdir } from "node:os";
import path from "node:path";
import { type ObjectStore, openObjectStore, withLocalFiles } from "../../storage/index.ts";
import type { Tracker } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { remoteArtifacts } from "./artifacts.ts";
import { type ConnectionOptions, connect } from "./connection.ts";
import { remoteExperiments } from "./experiments.ts";
import { remoteRegistry } from "./registry.ts";
import { remoteRuns } from "./runs.ts";

export interface TrackerOptions extends ConnectionOptions {
  /** Files that are needed as files are kept here. */
  readonly cache?: string;
  /** The clock, milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Experiments, runs, models and files of an MLflow server at `url`: Havn's, or the original. Calls wait for a server
 * that is away for a moment, and write nothing twice.
 *
 * @see https://mlflow.org/docs/latest/api_reference/rest-api.html
 * @throws {StoreError} `invalid` for what is no address of a server
 */
export function openTracker(
  url: string,
  { cache = path.join(tmpdir(), "havn-artifacts"), now = Date.now, ...options }: TrackerOptions = {},
): Tracker {
  const connection = connect(url, options);
  const { readRun, ...runs } = remoteRuns(connection, now);

  /** The files of a run, wherever its server says that they lie. */
  async function filesOf(runId: string): Promise<ObjectStore> {
    const { artifactUri } = await readRun(runId);
    const proxied = /^mlflow-artifacts:\/(?:\/[^/]*\/)?(.*)$/.exec(artifactUri)?.[1];
    if (proxied !== undefined) return remoteArtifacts(connection, async () => proxied.replace(/\/+$/, ""));
    return openObjectStore(/^[a-z][a-z0-9+.-]*:/i.test(artifactUri) ? artifactUri : `file:${artifactUri}`);
  }

  return {
    ...remoteExperiments(connection),
    ...runs,
    ...remoteRegistry(connection),
    artifacts(runId) {
      if (!/^[0-9a-f]{32}$/.test(runId)) {
        const message = `there is no run with the id ${JSON.stringify(runId.slice(0, 100))}`;
        throw new StoreError("not-found", "run", message);
      }
      const host = new URL(connection.url).host.replaceAll(":", "_");
      return withLocalFiles(
        openedWhenUsed(() => filesOf(runId)),
        path.join(cache, host, runId),
      );
    },
    close: async () => {},
  };
}

/** A store that is opened by the first call. */
function openedWhenUsed(open: () => Promise<ObjectStore>): ObjectStore {
  let opened: Promise<ObjectStore> | undefined;
  const store = () => {
    opened ??= open().catch((error) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    put: async (name, source) => (await store()).put(name, source),
    get: async (name, range) => (await store()).get(name, range),
    read: async (name) => (await store()).read(name),
    stat: async (name) => (await store()).stat(name),
    list: async (prefix) => (await store()).list(prefix),
    delete: async (name) => (await store()).delete(name),
  };
}
