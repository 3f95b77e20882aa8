import { mkdir } from "node:fs/promises";
import path from "node:path";
import {
  type ObjectStore,
  openFileStore,
  openObjectStore,
  scopedStore,
  withLocalFiles,
} from "../storage/index.ts";
import { processUser } from "./process-user.ts";
import { sqlExperiments } from "./sql/experiments.ts";
import { sqlLoggedModels } from "./sql/logged-models.ts";
import { migrate } from "./sql/migrate.ts";
import { sqlRegistry } from "./sql/registry.ts";
import { sqlRegistryEvents } from "./sql/registry-events.ts";
import { sqlRuns } from "./sql/runs.ts";
import { openSqlite } from "./sql/sqlite.ts";
import { sqlSweeps } from "./sql/sweeps.ts";
import { sqlTraces } from "./sql/traces.ts";
import type { Store } from "./store.ts";
import { StoreError } from "./store-error.ts";

export interface StoreOptions {
  /** Folder of `havn.db` and `artifacts/`; made where it is missing. */
  readonly home: string;
  /** `postgres://...`: the database instead of `havn.db`, for several servers side by side. */
  readonly databaseUrl?: string | undefined;
  /** `file:DIR`, `s3://bucket/prefix` or `gs://bucket/prefix`: where artifacts lie instead of `artifacts/`. */
  readonly objects?: string | undefined;
  /** The clock, milliseconds since 1970. */
  readonly now?: () => number;
  /** Who changes the registry unless a call says another: the user of this process. */
  readonly user?: string;
}

/**
 * Opens the store of a home folder, or of a database and a bucket that several servers share, bringing the database
 * up to this program's schema.
 *
 * @throws {StoreError} `newer-database` when a newer program has written it
 * @throws {StoreError} `unavailable` when the database cannot be reached, or the folder not be used
 * @throws {StorageError} when the folder of the artifacts cannot be used
 */
export async function openStore({
  home,
  databaseUrl,
  objects,
  now = Date.now,
  user = processUser(),
}: StoreOptions): Promise<Store> {
  await mkdir(home, { recursive: true }).catch((cause: unknown) => {
    throw homeUnusable(home, cause);
  });
  const artifacts = objects
    ? await openBucket(objects, home)
    : await openFileStore(path.join(home, "artifacts"));
  // Loaded only where it is used: a server that needs no Postgres has no memory for it.
  const engine = databaseUrl
    ? await (await import("./sql/postgres.ts")).openPostgres(databaseUrl)
    : await openSqlite(path.join(home, "havn.db"));
  try {
    await migrate(engine, now());
  } catch (error) {
    await engine.db.destroy();
    throw error;
  }
  return {
    ...sqlExperiments(engine, now),
    ...sqlRuns(engine, now),
    ...sqlRegistry(engine, now, user),
    ...sqlRegistryEvents(engine, now),
    ...sqlSweeps(engine, now, user),
    ...sqlLoggedModels(engine, now),
    ...sqlTraces(engine),
    files: artifacts,
    artifacts(runId) {
      if (/^[0-9a-f]{32}$/.test(runId)) return scopedStore(artifacts, runId);
      throw new StoreError(
        "not-found",
        "run",
        `there is no run with the id ${JSON.stringify(runId.slice(0, 100))}`,
      );
    },
    close: () => engine.db.destroy(),
  };
}

function homeUnusable(home: string, cause: unknown): StoreError {
  const reasons: Readonly<Record<string, string>> = {
    EACCES: "it may not be written",
    EROFS: "it may not be written",
    EEXIST: "it is a file",
    ENOTDIR: "what stands above it is a file",
    ENOSPC: "the disk is full",
  };
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const message = `the folder ${home} cannot be used: ${reasons[code] ?? cause}. Name another with --home or HAVN_HOME`;
  return new StoreError("unavailable", "home", message, { cause });
}

/** Objects of a bucket that are needed as files are kept in the home folder; those of a folder are files already. */
async function openBucket(address: string, home: string): Promise<ObjectStore> {
  const store = await openObjectStore(address);
  return store.localPath ? store : withLocalFiles(store, path.join(home, "cache", "artifacts"));
}
