/** Keys from the root of a configuration to a value; the index of a list counts as a key. */
export type KeyPath = readonly string[];

/** Reads `layers.0.width` and `layers[0].width` alike. */
export function parseKeyPath(text: string): KeyPath {
  return text === ""
    ? []
    : text
        .replaceAll(/\[(\d+)\]/g, ".$1")
        .replace(/^\./, "")
        .split(".");
}

/** Writes a path as it is typed in an override: `layers.0.width`. */
export function formatKeyPath(path: KeyPath): string {
  return path.join(".");
}
