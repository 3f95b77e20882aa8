// Uploads in parts, several at once: each part is a file until the last is there, then they become one.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { ObjectStore } from "../../storage/index.ts";
import { uploadsFolder } from "./artifact-listing.ts";
import { nameIn, originOf, putBody } from "./artifact-proxy.ts";
import { int64, repeated, requiredText } from "./fields.ts";
import { MlflowError } from "./mlflow-error.ts";
import { route } from "./route.ts";

const prefix = "/api/2.0/mlflow-artifacts/mpu";
const nothing = z.object({});
/** As S3 has it. */
const mostParts = 10_000;
/** What a client left behind is removed when it is this old: by then it has given up. */
const abandonedAfterMs = 24 * 3600 * 1000;

const uploadId = z.uuid();
const partName = (upload: string, part: number) =>
  `${uploadsFolder}/${upload}/${String(part).padStart(5, "0")}`;
/** Holds the name of the file that is to be made. */
const targetName = (upload: string) => `${uploadsFolder}/${upload}/target`;

/** Clients name the folder in the path and the file, as it lies on their disk, in the body. */
const targetOf = (raw: Request, action: string, path: string) => {
  const folder = nameIn(raw, `${prefix}/${action}/`).replace(/\/+$/, "");
  return `${folder}/${path.split(/[/\\]/).at(-1)}`;
};

const create = route({
  method: "POST",
  path: `${prefix}/create/*`,
  request: z.object({ path: requiredText, num_parts: int64.nullish() }),
  response: z.object({
    upload_id: z.string(),
    credentials: z.array(
      z.object({ url: z.string(), part_number: z.int(), headers: z.record(z.string(), z.string()) }),
    ),
  }),
  async handle({ path, num_parts }, { store, raw }) {
    const parts = num_parts ?? 1;
    if (parts < 1 || parts > mostParts)
      throw new MlflowError(
        "INVALID_PARAMETER_VALUE",
        `num_parts must be between 1 and ${mostParts}, got ${parts}`,
      );
    const target = targetOf(raw, "create", path);
    // Refused now rather than after the last part.
    await store.files.stat(target);
    await sweep(store.files);
    const upload = randomUUID();
    await store.files.put(targetName(upload), new TextEncoder().encode(target));
    const credentials = Array.from({ length: parts }, (_, i) => ({
      url: `${originOf(raw)}${prefix}/part/${upload}/${i + 1}`,
      part_number: i + 1,
      headers: {},
    }));
    return { upload_id: upload, credentials };
  },
});

/** The upload's id, which nobody can guess, is what a client needs to write a part of it. */
const putPart = route({
  method: "PUT",
  path: `${prefix}/part/:upload/:part`,
  needs: "none",
  body: "bytes",
  request: z.object({ upload: uploadId, part: int64.refine((part) => part >= 1 && part <= mostParts) }),
  response: z.instanceof(Response),
  async handle({ upload, part }, context) {
    await readTarget(context.store.files, upload);
    const size = await putBody(context, partName(upload, part));
    return Response.json({}, { headers: { etag: etagOf(part, size) } });
  },
});

const etagOf = (part: number, size: number) => `"${part}-${size}"`;

const complete = route({
  method: "POST",
  path: `${prefix}/complete/*`,
  request: z.object({
    path: requiredText,
    upload_id: uploadId,
    parts: repeated(z.object({ part_number: int64, etag: z.string().nullish() }), mostParts),
  }),
  response: nothing,
  async handle({ path, upload_id, parts }, { store, raw, maxArtifactBytes }) {
    const target = await readTarget(store.files, upload_id);
    if (target !== targetOf(raw, "complete", path)) throw noSuchUpload(upload_id);
    const names: string[] = [];
    let bytes = 0;
    for (const { part_number, etag } of parts.toSorted((a, b) => a.part_number - b.part_number)) {
      const stat = await store.files.stat(partName(upload_id, part_number));
      if (!stat || (etag && etag !== etagOf(part_number, stat.sizeBytes)))
        throw new MlflowError(
          "INVALID_PARAMETER_VALUE",
          `part ${part_number} of upload ${upload_id} is not there`,
        );
      names.push(stat.name);
      bytes += stat.sizeBytes;
    }
    if (names.length === 0)
      throw new MlflowError("INVALID_PARAMETER_VALUE", "Missing value for required parameter 'parts'.");
    if (bytes > maxArtifactBytes)
      throw new MlflowError("BAD_REQUEST", `the file is larger than ${maxArtifactBytes} bytes`, 413);
    await store.files.put(target, joined(store.files, names));
    await remove(store.files, upload_id);
    return {};
  },
});

async function* joined(files: ObjectStore, names: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const name of names) {
    const part = await files.get(name);
    yield* part as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>;
  }
}

const abort = route({
  method: "POST",
  path: `${prefix}/abort/*`,
  request: z.object({ path: requiredText, upload_id: uploadId }),
  response: nothing,
  async handle({ upload_id }, { store }) {
    await remove(store.files, upload_id);
    return {};
  },
});

async function readTarget(files: ObjectStore, upload: string): Promise<string> {
  if (!(await files.stat(targetName(upload)))) throw noSuchUpload(upload);
  return new TextDecoder().decode(await files.read(targetName(upload)));
}

const noSuchUpload = (upload: string) =>
  new MlflowError("RESOURCE_DOES_NOT_EXIST", `there is no upload ${upload} to this path`);

/** The target goes first: from then on no part is accepted. */
async function remove(files: ObjectStore, upload: string): Promise<void> {
  await files.delete(targetName(upload));
  for (const { name } of await files.list(`${uploadsFolder}/${upload}/`)) await files.delete(name);
}

/** Removes what clients that died have left. */
async function sweep(files: ObjectStore): Promise<void> {
  const oldest = Date.now() - abandonedAfterMs;
  for (const { name, modifiedAt } of await files.list(`${uploadsFolder}/`))
    if (modifiedAt < oldest) await files.delete(name);
}

export const multipartRoutes = [create, putPart, complete, abort];
