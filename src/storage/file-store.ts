import type { ObjectStore } from "./object-store.ts";

/** Opens a folder as an object store; it is made where it is missing. */
export declare function openFileStore(root: string): Promise<ObjectStore>;
