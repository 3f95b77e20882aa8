import { setTimeout as delay } from "node:timers/promises";
import type { RegistryEvents } from "./registry-events.ts";

/**
 * One turn for each change of the registry, whichever process has made it, and one to begin with. Changes that come
 * while a turn is worked on are one turn together. Ends with the signal.
 *
 * The store is asked every tenth of a second: a count that takes microseconds, the same for SQLite, where no process is
 * told what another writes, and for Postgres.
 */
export async function* registryChanges(
  store: Pick<RegistryEvents, "registryRevision">,
  {
    signal,
    everyMs = 100,
    onError = () => {},
  }: { signal: AbortSignal; everyMs?: number; onError?: (error: unknown) => void },
): AsyncGenerator<void> {
  let known: string | undefined;
  while (!signal.aborted) {
    try {
      const revision = await store.registryRevision();
      if (revision !== known) {
        known = revision;
        yield;
        continue;
      }
    } catch (error) {
      // A database that restarts is asked again.
      onError(error);
    }
    await delay(everyMs, undefined, { signal }).catch(() => {});
  }
}
