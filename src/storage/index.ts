export { openFileStore } from "./file-store.ts";
export { objectName } from "./object-name.ts";
export type { ByteRange, ObjectSource, ObjectStat, ObjectStore } from "./object-store.ts";
export { openObjectStore } from "./open-object-store.ts";
export { scopedStore } from "./scoped-store.ts";
export { StorageError, type StorageErrorCode } from "./storage-error.ts";
export { syncFolder } from "./sync-folder.ts";
export { withLocalFiles } from "./with-local-files.ts";
