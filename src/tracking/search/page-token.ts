import { createHash } from "node:crypto";
import { z } from "zod";
import { StoreError } from "../store-error.ts";

/** What the last row of a page had under each term of the order: the next page begins after it. */
export type PageEnd = readonly (string | number)[];

const tokenSchema = z.object({
  /** Hash of the search that the token belongs to. */
  search: z.string(),
  // Numbers as text, because JSON has no infinities.
  end: z.array(z.union([z.tuple([z.literal("n"), z.string()]), z.tuple([z.literal("s"), z.string()])])),
});

const hashOf = (search: unknown) =>
  createHash("sha256").update(JSON.stringify(search)).digest("base64url").slice(0, 16);

/** Opaque text for a client to hand back; `search` is all that must be the same when it does. */
export function printPageToken(search: unknown, end: PageEnd): string {
  const marked = end.map((value) => (typeof value === "number" ? ["n", String(value)] : ["s", value]));
  return Buffer.from(JSON.stringify({ search: hashOf(search), end: marked })).toString("base64url");
}

/** @throws {StoreError} `invalid` for what is no token, or one of another search */
export function parsePageToken(search: unknown, terms: number, token: string): PageEnd {
  const parsed = tokenSchema.safeParse(parseJson(Buffer.from(token, "base64url").toString()));
  if (!parsed.success || parsed.data.search !== hashOf(search) || parsed.data.end.length !== terms) {
    const shown = JSON.stringify(token.slice(0, 60));
    throw new StoreError(
      "invalid",
      "page token",
      `page token ${shown} does not belong to this search; leave it out to start at the first page`,
    );
  }
  return parsed.data.end.map(([kind, value]) => (kind === "n" ? Number(value) : value));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
