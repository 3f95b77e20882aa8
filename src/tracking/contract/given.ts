import { afterEach, beforeEach } from "vitest";
import type { NewRun, Run, RunQuery, Store, Tracker } from "../store.ts";
import type { StoreError } from "../store-error.ts";

export interface StoreUnderTest<Kind extends Tracker = Store> {
  /** Opens the same store again, as another process would. */
  open(): Promise<Kind>;
}

/** What each test of the contract begins with: an empty store at the time 1000. */
export interface Given<Kind extends Tracker = Tracker> {
  readonly under: StoreUnderTest<Kind>;
  readonly store: Kind;
  /** What the store's clock says. */
  time: number;
  newRun(name: string, values?: Partial<NewRun>): Promise<Run>;
  /** Names of the runs that a search in the experiment 0 finds. */
  found(query: Omit<RunQuery, "experimentIds">): Promise<string[]>;
  /** A key that can be sent here: MLflow's protocol has an alphabet for those of metrics, params and tags. */
  key(text: string): string;
  /** An error as it arrives here: MLflow's protocol carries its code and its words, no more. */
  refusal(error: Partial<StoreError>): Partial<StoreError>;
}

/** Makes a new store before each test and closes it after. */
export function givenStore<Kind extends Tracker>(
  create: (now: () => number) => Promise<StoreUnderTest<Kind>>,
  { isRemote = false } = {},
): Given<Kind> {
  let time = 0;
  let under: StoreUnderTest<Kind>;
  let store: Kind;
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
    key: (text) => (isRemote ? "key" : text),
    refusal({ code, message, ...details }) {
      return { ...(code && { code }), ...(message && { message }), ...(!isRemote && details) };
    },
  };
}
