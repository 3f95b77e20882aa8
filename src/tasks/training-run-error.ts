/** Why a run has failed, as everybody may read it who may read the run. */

/** Name of the tag. */
export const errorTag = "havn.error";

/** A page shows it whole, and every server has room for it. */
const mostCharacters = 2000;

const secretName =
  /(?:^|_)(?:password|passwd|secret|token|api_?key|access_?key|access_?key_?id|credentials?|database_url)$/i;

/** `password=...`, `"api_key": "..."`, `X-Amz-Signature=...`, up to the next white space or mark. */
const namedSecret =
  /((?:password|passwd|secret|token|api[-_]?key|access[-_]?key(?:[-_]?id)?|credentials?|signature)["']?[=:]\s*["']?)[^\s"'&,;]+/gi;

/**
 * The message of an error, without its stack, 2,000 characters of it at most, and without what looks like a secret: the
 * values of variables that are called like one, the user of an address, what stands behind `password=` and the like.
 */
export function describeFailure(error: unknown, environment: NodeJS.ProcessEnv = process.env): string {
  const message =
    (error instanceof Error ? error.message : String(error)).trim() || "an error without a message";
  const masked = secretsOf(environment)
    .reduce((text, secret) => text.replaceAll(secret, "***"), message)
    .replace(/(\w+:\/\/)[^@/\s"']+@/g, "$1***@")
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, "$1 ***")
    .replace(namedSecret, "$1***");
  return masked.length <= mostCharacters ? masked : `${masked.slice(0, mostCharacters - 4).trimEnd()} ...`;
}

/** The longest first, so that none is left in part. Of a few characters is no secret, but a piece of other words. */
const secretsOf = (environment: NodeJS.ProcessEnv): string[] =>
  Object.entries(environment)
    .flatMap(([name, value = ""]) => (secretName.test(name) && value.length >= 6 ? [value] : []))
    .toSorted((a, b) => b.length - a.length);
