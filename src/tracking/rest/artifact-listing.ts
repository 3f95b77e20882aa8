import { z } from "zod";
import { type ObjectStat, type ObjectStore, scopedStore } from "../../storage/index.ts";

export const artifact = z.object({ path: z.string(), is_dir: z.boolean(), file_size: z.int().optional() });

/** Parts of uploads in the making lie here; nobody sees or names them. */
export const uploadsFolder = ".uploads";

/**
 * What lies in one folder below a root, with paths relative to the root.
 *
 * @throws {StorageError} `invalid-name` for a folder that would lead out of the root
 */
export async function listFolder(
  files: ObjectStore,
  root: string,
  folder: string,
): Promise<z.input<typeof artifact>[]> {
  const prefix = folder === "" ? "" : `${folder.replace(/\/+$/, "")}/`;
  const objects = await (root === "" ? files : scopedStore(files, root)).list(prefix);
  return childrenOf(prefix, objects).filter(({ path }) => root !== "" || path !== uploadsFolder);
}

/** One level of a folder: its files, and each folder below it once. */
function childrenOf(folder: string, objects: readonly ObjectStat[]): z.input<typeof artifact>[] {
  const children = new Map<string, z.input<typeof artifact>>();
  for (const { name, sizeBytes } of objects) {
    const [first = "", ...deeper] = name.slice(folder.length).split("/");
    const path = folder + first;
    children.set(
      path,
      deeper.length > 0 ? { path, is_dir: true } : { path, is_dir: false, file_size: sizeBytes },
    );
  }
  return [...children.values()];
}
