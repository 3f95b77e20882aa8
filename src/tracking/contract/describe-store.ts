// What every engine of the store promises, as tests. An engine's own test file calls `describeStore`.
import { describe } from "vitest";
import type { Tracker } from "../store.ts";
import { experimentsContract } from "./experiments.ts";
import { type Given, givenStore, type StoreUnderTest } from "./given.ts";
import { hostileTextContract } from "./hostile-text.ts";
import { limitsContract } from "./limits.ts";
import { loggedModelsContract } from "./logged-models.ts";
import { metricHistoryContract } from "./metric-history.ts";
import { printedRunsContract } from "./printed-runs.ts";
import { registryContract } from "./registry.ts";
import { registryChangesContract } from "./registry-changes.ts";
import { registryEventsContract } from "./registry-events.ts";
import { runsContract } from "./runs.ts";
import { searchContract } from "./search.ts";
import { sharingContract } from "./sharing.ts";
import { sweepsContract } from "./sweeps.ts";
import { tracesContract } from "./traces.ts";

/** Describes an engine; `create` makes an empty store whose clock is `now`. */
export const describeStore = (engine: string, create: (now: () => number) => Promise<StoreUnderTest>) =>
  describe(`store on ${engine}`, () => {
    const given = givenStore(create);
    trackerContract(given);
    printedRunsContract(given);
    registryEventsContract(given);
    sweepsContract(given);
    limitsContract(given);
    metricHistoryContract(given);
    registryChangesContract(given);
    loggedModelsContract(given);
    tracesContract(given);
  });

/** Describes a client of MLflow's protocol; `create` makes an empty store behind a server. */
export const describeTracker = (
  client: string,
  create: (now: () => number) => Promise<StoreUnderTest<Tracker>>,
) => describe(`tracker on ${client}`, () => trackerContract(givenStore(create, { isRemote: true })));

function trackerContract(given: Given): void {
  experimentsContract(given);
  runsContract(given);
  searchContract(given);
  hostileTextContract(given);
  registryContract(given);
  sharingContract(given);
}
