/**
 * Where in the configuration a file's keys land: the parent's package followed by its own, from the last `_global_` on.
 *
 * @param parent     package of the file whose defaults list names this one; "" at the root
 * @param own        package given to the file, undefined when it follows its group
 * @param group      group as the defaults list writes it, such as `engine` in a file of `db`
 * @param groupPath  the same from the root of the folder: `db/engine`
 * @returns          dotted, "" for the root
 * @see https://hydra.cc/docs/advanced/overriding_packages/
 */
export function packageName(
  parent: string,
  own: string | undefined,
  group: string,
  groupPath: string,
): string {
  const whole = [parent, relativePackage(own, group, groupPath)].filter((part) => part !== "").join(".");
  const global = whole.lastIndexOf("_global_");
  return global < 0 ? whole : whole.slice(global + "_global_.".length);
}

function relativePackage(own: string | undefined, group: string, groupPath: string): string {
  if (own === undefined) return dotted(group);
  if (own === "_here_") return "";
  return own.includes("_group_") ? `_global_.${own.replace("_group_", dotted(groupPath))}` : own;
}

/** `db.engine` for the group `/db/engine`. */
export function dotted(group: string): string {
  return group.replace(/^\//, "").replaceAll("/", ".");
}

/** A `# @package` header counts from the root, wherever its file is named. */
export function headerPackage(header: string | undefined): string | undefined {
  if (header === undefined || header === "_group_") return undefined;
  return header === "_global_" || header.startsWith("_global_.") ? header : `_global_.${header}`;
}
