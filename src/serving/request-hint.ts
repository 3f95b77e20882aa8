/** A right request in the words of the client, for the messages about wrong ones. */
import type { ServiceRoute, UploadedFile } from "./servable.ts";

/** Where the body of a route's requests is. */
export const readsOf = ({ method, reads }: Pick<ServiceRoute<never, never>, "method" | "reads">) =>
  reads ?? (method === "GET" ? "query" : "json");

/** What to send: JSON, a query, or a form, as an example. */
export function requestHint(reads: "json" | "query" | "form", example: unknown): string {
  if (reads === "json") return `send for example ${show(example)}`;
  const fields = Object.entries(example ?? {});
  if (reads === "query") {
    const query = new URLSearchParams(
      Object.fromEntries(fields.map(([name, value]) => [name, String(value)])),
    );
    return `send for example ?${query}`;
  }
  const parts = fields.map(([name, value]) =>
    isUploadedFile(value) ? `-F ${name}=@${value.name}` : `-F ${show(`${name}=${value}`)}`,
  );
  return `send multipart/form-data, as curl does with ${parts.join(" ")}`;
}

export const isUploadedFile = (value: unknown): value is UploadedFile =>
  typeof value === "object" && value !== null && "bytes" in value && value.bytes instanceof Uint8Array;

/** A value as a line of JSON. */
export const show = (value: unknown): string => JSON.stringify(value) ?? "nothing";
