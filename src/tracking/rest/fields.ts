// Fields of requests. Protocol buffers as JSON may write an int64 as text and a double as "NaN"; a query is all text.
import { z } from "zod";
import { limits } from "../sql/limits.ts";

/** MLflow takes an empty text for a value that was not given. */
export const requiredText = z.string("must be text").min(1, "must not be empty");

/** Nearly all keys; the regular expressions that read the others take ten times as long. */
const plainKey = /^[\w-]+(?:[./: ][\w-]+)*$/;

function faultOfKey(key: string): string | undefined {
  if (plainKey.test(key)) return undefined;
  if (key === "") return "must not be empty";
  if (!/^[\p{L}\p{N}_./: -]*$/u.test(key))
    return "must hold nothing but letters, digits, spaces and _ - . : /";
  if (key.startsWith("..") || key.split("/").some((part) => ["", ".", ".."].includes(part)))
    return "must not be a path to another name: no part between slashes may be empty, . or ..";
  return undefined;
}

/**
 * The key of a metric, param or tag, in MLflow's alphabet: some stores keep a key as a file, so that none may be a path
 * that means another one.
 */
export const entryKey = z.string("must be text").check(({ value, issues }) => {
  const message = faultOfKey(value);
  if (message !== undefined) issues.push({ code: "custom", input: value, message });
});

/** The number of an experiment, as text. */
export const experimentId = requiredText.regex(/^-?\d+$/, "must be a whole number");

export const optionalText = z
  .string("must be text")
  .nullish()
  .transform((text) => text || undefined);

const wholeNumber = "must be a whole number below 2^53";

/** A whole number, or the digits of one. */
export const int64 = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^-?\d+$/)
        .transform(Number),
    ],
    wholeNumber,
  )
  .refine(Number.isSafeInteger, wholeNumber);

const namedNumbers: Record<string, number> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };

/** A number, the text of one, or one of the three that JSON cannot write. */
export const double = z.union(
  [
    z.number(),
    z
      .string()
      .refine(
        (text) => Object.hasOwn(namedNumbers, text) || /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text),
      )
      .transform((text) => (Object.hasOwn(namedNumbers, text) ? namedNumbers[text]! : Number(text))),
  ],
  'must be a number, "NaN", "Infinity" or "-Infinity"',
);

/** The three ways in which a query or a body says yes or no. */
export const flag = z
  .union(
    [z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")],
    "must be true or false",
  )
  .nullish()
  .transform((value) => value ?? false);

/** A list; a query writes one element without brackets, and none by leaving it out. */
export const repeated = <Item extends z.ZodType>(item: Item, most = 100_000) =>
  z.preprocess(
    (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]),
    z.array(item).max(most, `must hold at most ${most} elements`),
  );

/** A client that searches all experiments of a server names each of them. */
export const experimentIds = repeated(experimentId, 10_000);

/** The value of a tag or param: one that is not given is empty. */
export const tagValue = z
  .string("must be text")
  .nullish()
  .transform((value) => value ?? "");

/** As the original, we keep the beginning of what a run logs and does not fit: its client relies on that. */
const cutTo = (most: number) => (text: string) => {
  if (text.length <= most) return text;
  // Not in the middle of a character that is written as two.
  return text.slice(0, /[\ud800-\udbff]/.test(text[most - 1] ?? "") ? most - 1 : most);
};
export const runParam = tagValue.transform(cutTo(limits.param));
export const runTag = tagValue.transform(cutTo(limits.tag));

/** A list of `{key, value}`, as the protocol writes params and tags; `key` where the original takes any. */
export const entries = ({
  key = entryKey,
  value = tagValue,
  most,
}: {
  key?: z.ZodType<string>;
  value?: z.ZodType<string>;
  most?: number;
} = {}) => repeated(z.object({ key, value }), most);

/** A version of a model, which the protocol writes as text. */
export const version = z.union([z.string(), z.number()]).pipe(int64);

export const toRecord = (list: readonly { key: string; value: string }[]): Record<string, string> =>
  Object.fromEntries(list.map(({ key, value }) => [key, value]));

/** A run's id under its present or its former name. */
export const runId = z
  .object({ run_id: optionalText, run_uuid: optionalText })
  .transform(({ run_id, run_uuid }, context) => {
    const id = run_id ?? run_uuid;
    if (id !== undefined) return { runId: id };
    context.addIssue({ code: "custom", path: ["run_id"], message: "must not be empty" });
    return z.NEVER;
  });

/** `max_results`, `page_token`, `filter` and `order_by` of all searches. */
export const search = z
  .object({
    filter: optionalText,
    order_by: repeated(z.string("must be text"), 100),
    max_results: int64.nullish(),
    page_token: optionalText,
  })
  .transform(({ filter, order_by, max_results, page_token }) => ({
    ...(filter !== undefined && { filter }),
    ...(max_results != null && { maxResults: max_results }),
    ...(page_token !== undefined && { pageToken: page_token }),
    orderBy: order_by,
  }));

export const view = z
  .enum(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"], "must be ACTIVE_ONLY, DELETED_ONLY or ALL")
  .nullish()
  .transform(
    (type) =>
      (({ ACTIVE_ONLY: "active", DELETED_ONLY: "deleted", ALL: "all" }) as const)[type ?? "ACTIVE_ONLY"],
  );
