import { afterEach, beforeEach } from "vitest";
import type { NewRun, Run, RunQuery, Store } from "../store.ts";

export interface StoreUnderTest {
  /** Opens the same store again, as another process would. */
  open(): Promise<Store>;
}

/** What each test of the contract begins with: an empty store at the time 1000. */
export interface Given {
  readonly under: StoreUnderTest;
  readonly store: Store;
  /** What the store's clock says. */
  time: number;
  newRun(name: string, values?: Partial<NewRun>): Promise<Run>;
  /** Names of the runs that a search in the experiment 0 finds. */
  found(query: Omit<RunQuery, "experimentIds">): Promise<string[]>;
}

/** Makes a new store before each test and closes it after. */
export function givenStore(create: (now: () => number) => Promise<StoreUnderTest>): Given {
  let time = 0;
  let under: StoreUnderTest;
  let store: Store;
  beforeEach(async () => {
    time = 1000;
    under = await create(() => time);
    store = await under.open();
  });
  afterEach(() => store.close());
  return {
    get under() {
      return under;
    },
    get store() {
      return store;
    },
    get time() {
      return time;
    },
    set time(value) {
      time = value;
    },
    newRun: (name, values = {}) => store.createRun({ experimentId: "0", name, ...values }),
    found: async (query) =>
      (await store.searchRuns({ experimentIds: ["0"], ...query })).items.map(({ name }) => name),
  };
}
