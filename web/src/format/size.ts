const units = ["kB", "MB", "GB", "TB"] as const;

/** Bytes in decimal units with at most three digits: `812 B`, `4.56 kB`, `268 MB`. */
export function formatSize(bytes: number): string {
  let size = bytes;
  let unit = "B";
  for (const next of units) {
    // 999.5 would be written as 1000.
    if (size < 999.5) break;
    size /= 1000;
    unit = next;
  }
  return `${unit === "B" ? size : Number(size.toPrecision(3))} ${unit}`;
}
