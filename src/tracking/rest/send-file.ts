import type { ObjectStore } from "../../storage/index.ts";

/**
 * A file as the answer to a request, whole or the range that was asked for; `undefined` where there is none. Whatever it
 * holds, a browser saves it and never runs it in the name of this server.
 */
export async function sendFile(
  files: ObjectStore,
  name: string,
  request: Request,
): Promise<Response | undefined> {
  const stat = await files.stat(name);
  if (!stat) return undefined;
  const headers = {
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename*=UTF-8''${encodeFileName(name.split("/").at(-1) ?? "")}`,
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox",
    "accept-ranges": "bytes",
  };
  const size = stat.sizeBytes;
  const range = parseRange(request.headers.get("range"), size);
  if (range === "outside")
    return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${size}` } });
  const { start, end } = range ?? { start: 0, end: size };
  const body = request.method === "HEAD" ? null : await files.get(name, { start, end });
  return new Response(body, {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      "content-length": String(end - start),
      ...(range && { "content-range": `bytes ${start}-${end - 1}/${size}` }),
    },
  });
}

/** One range of bytes (RFC 9110, section 14.1.2), its end excluded; of anything else the whole file is sent. */
function parseRange(
  header: string | null,
  size: number,
): { start: number; end: number } | "outside" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  return start >= size || (first === "" && Number(last) === 0) ? "outside" : { start, end };
}

/** RFC 8187: encodeURIComponent leaves ' ( ) * as they are, the header may not. */
const encodeFileName = (name: string) =>
  encodeURIComponent(name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
