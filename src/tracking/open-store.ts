import type { Store } from "./store.ts";

export interface StoreOptions {
  /** Folder of `havn.db` and `artifacts/`; made where it is missing. */
  readonly home: string;
  /** The clock, milliseconds since 1970. */
  readonly now?: () => number;
}

/** Opens the store of a home folder, bringing its database up to this program's schema. */
export declare function openStore(options: StoreOptions): Promise<Store>;
