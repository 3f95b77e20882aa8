export { openFileStore } from "./file-store.ts";
export type { ByteRange, ObjectSource, ObjectStat, ObjectStore } from "./object-store.ts";
export { scopedStore } from "./scoped-store.ts";
export { StorageError, type StorageErrorCode } from "./storage-error.ts";
export { syncFolder } from "./sync-folder.ts";
