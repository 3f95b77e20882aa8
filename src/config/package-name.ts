/**
 * Where in the configuration a file's keys land: the parent's package followed by its own, from the last `_global_` on.
 *
 * @param parent   package of the file whose defaults list names this one; "" at the root
 * @param own      package given to the file, undefined when it follows its group
 * @param group    group as written in the defaults list, such as `db/engine`
 * @returns        dotted, "" for the root
 * @see https://hydra.cc/docs/advanced/overriding_packages/
 */
export function packageName(parent: string, own: string | undefined, group: string): string {
  const relative =
    own === undefined ? dotted(group) : own === "_here_" ? "" : own.replace("_group_", dotted(group));
  const whole = [parent, relative].filter((part) => part !== "").join(".");
  const global = whole.lastIndexOf("_global_");
  return global < 0 ? whole : whole.slice(global + "_global_.".length);
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
