// Who may read and write: everybody, or those who know the token.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { errorResponse, MlflowError } from "./mlflow-error.ts";

export interface AccessOptions {
  /** What every write must bear; missing where everybody may write. */
  readonly token?: string | undefined;
  /** Whether reads must bear it too. */
  readonly isPrivate?: boolean;
}

export interface Access {
  /** The refusal of a request that lacks what it needs. */
  refusal(request: Request, need: "read" | "write"): Response | undefined;
  /** A path with a proof that whoever bears it may read what lies there, for an hour. Nothing is added where all may. */
  signed(path: string): string;
}

const signatureSeconds = 3600;

/**
 * Access by a token, as the MLflow client sends it from `MLFLOW_TRACKING_TOKEN` (`Authorization: Bearer`). A browser
 * cannot send that by itself: it is asked for name and password once, the password being the token.
 */
export function tokenAccess({ token, isPrivate = false }: AccessOptions, now = Date.now): Access {
  if (!token) return { refusal: () => undefined, signed: (path) => path };
  const expected = digest(token);
  const signatureOf = (path: string, expires: string) =>
    createHmac("sha256", expected).update(`${path}\n${expires}`).digest("base64url");
  const isSigned = (url: URL) => {
    const [expires, signature] = [url.searchParams.get("expires"), url.searchParams.get("signature")];
    if (!expires || !signature || !(Number(expires) * 1000 > now())) return false;
    return areSame(signature, signatureOf(url.pathname, expires));
  };
  return {
    refusal(request, need) {
      if (need === "read" && !isPrivate) return undefined;
      if (candidates(request).some((candidate) => timingSafeEqual(digest(candidate), expected)))
        return undefined;
      if (need === "read" && isSigned(new URL(request.url))) return undefined;
      return unauthenticated(need);
    },
    signed(path) {
      if (!isPrivate) return path;
      const expires = String(Math.trunc(now() / 1000) + signatureSeconds);
      return `${path}?${new URLSearchParams({ expires, signature: signatureOf(path, expires) })}`;
    },
  };
}

/** Equal lengths, so that comparing takes the same time whatever is compared. */
const digest = (text: string) => createHash("sha256").update(text).digest();

const areSame = (one: string, other: string) => timingSafeEqual(digest(one), digest(other));

/** What a request offers as the token: a bearer token, or the password (or the name) of basic authentication. */
function candidates(request: Request): string[] {
  const header = request.headers.get("authorization") ?? "";
  const [scheme = "", value = ""] = header.split(/ +/, 2);
  if (scheme.toLowerCase() === "bearer") return [value];
  if (scheme.toLowerCase() !== "basic") return [];
  const decoded = Buffer.from(value, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  return colon < 0 ? [decoded] : [decoded.slice(colon + 1), decoded.slice(0, colon)];
}

function unauthenticated(need: "read" | "write"): Response {
  const what = need === "write" ? "Writing here" : "This server";
  const response = errorResponse(
    new MlflowError(
      "UNAUTHENTICATED",
      `${what} needs the server's token: set MLFLOW_TRACKING_TOKEN (havn: HAVN_TOKEN), ` +
        "or send it as Authorization: Bearer; a browser asks for it as the password",
    ),
  );
  response.headers.append("www-authenticate", 'Bearer realm="Havn"');
  response.headers.append(
    "www-authenticate",
    'Basic realm="Havn: the password is the token", charset="UTF-8"',
  );
  return response;
}
