// What every engine of the store promises, as tests. An engine's own test file calls `describeStore`.
import { describe } from "vitest";
import { experimentsContract } from "./experiments.ts";
import { givenStore, type StoreUnderTest } from "./given.ts";
import { hostileTextContract } from "./hostile-text.ts";
import { loggedModelsContract } from "./logged-models.ts";
import { registryContract } from "./registry.ts";
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
    experimentsContract(given);
    runsContract(given);
    searchContract(given);
    hostileTextContract(given);
    registryContract(given);
    registryEventsContract(given);
    sweepsContract(given);
    loggedModelsContract(given);
    tracesContract(given);
    sharingContract(given);
  });
