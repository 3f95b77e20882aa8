/** Named by Havn's own clients; MLflow's say nothing but the user of basic authentication. */
export const authorHeader = "x-havn-user";

/** Who a request says it comes from, for the record; empty where it does not say. A claim, not a proof. */
export function authorOf({ headers }: Request): string {
  const named = headers.get(authorHeader);
  if (named) return unescaped(named).slice(0, 100);
  const basic = /^basic (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return basic === undefined
    ? ""
    : (Buffer.from(basic, "base64").toString().split(":")[0] ?? "").slice(0, 100);
}

/** Headers have no letters beyond Latin-1. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
