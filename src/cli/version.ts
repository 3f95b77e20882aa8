import { readFileSync } from "node:fs";

/** The version in Havn's own package.json. */
export function havnVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
