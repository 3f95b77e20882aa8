/** The YAML files of one configuration folder, read by their name inside of it. */
export interface ConfigFiles {
  /** Text of `model/small` (for `model/small.yaml`); undefined where there is none. */
  read(name: string): string | undefined;
  /** Names of the choices in a group, sorted; undefined where there is no such group. */
  choices(group: string): string[] | undefined;
}

/** The files a group can be chosen from, sorted: `choicesOf("conf", "model")` gives `["distilbert-base", "small"]`. */
export function choicesOf(folder: string, group: string): string[] {
  throw new Error(`choicesOf(${folder}, ${group}) comes next`);
}
