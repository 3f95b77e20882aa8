import { objectName } from "./object-name.ts";
import type { ObjectStat, ObjectStore } from "./object-store.ts";

/**
 * The part of a store below `folder`, as a store of its own: its names are relative to the folder, and none
 * leads out of it.
 *
 * @throws {StorageError} when `folder` is no name
 */
export function scopedStore(store: ObjectStore, folder: string): ObjectStore {
  const prefix = `${objectName(folder)}/`;
  // Checked before it is joined, so that what an error quotes is the name that the caller wrote.
  const full = (name: string) => prefix + objectName(name);
  const relative = (stat: ObjectStat): ObjectStat => ({ ...stat, name: stat.name.slice(prefix.length) });

  const scoped: ObjectStore = {
    put: async (name, source) => relative(await store.put(full(name), source)),
    get: async (name, range) => store.get(full(name), range),
    read: async (name) => store.read(full(name)),
    async stat(name) {
      const stat = await store.stat(full(name));
      return stat && relative(stat);
    },
    list: async (inner = "") => (await store.list(prefix + inner)).map(relative),
    delete: async (name) => store.delete(full(name)),
  };
  const localPath = store.localPath?.bind(store);
  return localPath ? { ...scoped, localPath: async (name) => localPath(full(name)) } : scoped;
}
