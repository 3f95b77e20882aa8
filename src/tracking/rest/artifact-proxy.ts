// Files of this server by their path, as clients read and write them behind `mlflow-artifacts:` URIs.
import { z } from "zod";
import { artifact, listFolder, uploadsFolder } from "./artifact-listing.ts";
import { optionalText } from "./fields.ts";
import { limited } from "./limited.ts";
import { MlflowError } from "./mlflow-error.ts";
import { type RouteContext, route } from "./route.ts";
import { sendFile } from "./send-file.ts";

const prefix = "/api/2.0/mlflow-artifacts";
const nothing = z.object({});
const aPath = z.object({});

/**
 * The name of a file in the path of a request, decoded once. What it may be is the file store's to say; of the folder of
 * unfinished uploads nobody may speak.
 */
export function nameIn(raw: Request, before: string): string {
  const encoded = new URL(raw.url).pathname.slice(before.length);
  let name: string;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    throw new MlflowError("INVALID_PARAMETER_VALUE", `Invalid path: ${encoded.slice(0, 200)}`);
  }
  return checkName(name);
}

export function checkName(name: string): string {
  const [first] = name.split("/");
  if (first !== uploadsFolder) return name;
  throw new MlflowError("INVALID_PARAMETER_VALUE", `Invalid path: names cannot start with ${uploadsFolder}`);
}

const files = `${prefix}/artifacts/`;

const listArtifacts = route({
  method: "GET",
  path: `${prefix}/artifacts`,
  request: z.object({ path: optionalText }),
  response: z.object({ files: z.array(artifact) }),
  async handle({ path = "" }, { store }) {
    const children = await listFolder(store.files, "", checkName(path.replace(/^\/+/, "")));
    // Paths of this list are names within the folder.
    return { files: children.map((child) => ({ ...child, path: child.path.split("/").at(-1) ?? "" })) };
  },
});

const download = route({
  method: "GET",
  path: `${files}*`,
  request: aPath,
  response: z.instanceof(Response),
  async handle(_, { store, raw }) {
    const name = nameIn(raw, files);
    return (await sendFile(store.files, name, raw)) ?? missing(name);
  },
});

const upload = route({
  method: "PUT",
  path: `${files}*`,
  body: "bytes",
  request: aPath,
  response: nothing,
  async handle(_, context) {
    await putBody(context, nameIn(context.raw, files));
    return {};
  },
});

/** Streams the body of a request into a file. When it breaks off nothing is left, and what was there stays. */
export async function putBody({ store, raw, maxArtifactBytes }: RouteContext, name: string): Promise<number> {
  const { sizeBytes } = await store.files.put(name, limited(raw, maxArtifactBytes));
  return sizeBytes;
}

const deleteArtifact = route({
  method: "DELETE",
  path: `${files}*`,
  request: aPath,
  response: nothing,
  async handle(_, { store, raw }) {
    const name = nameIn(raw, files);
    const below = await store.files.list(`${name.replace(/\/+$/, "")}/`);
    for (const { name } of below) await store.files.delete(name);
    await store.files.delete(name.replace(/\/+$/, ""));
    return {};
  },
});

const presigned = `${prefix}/presigned/`;

/** Where a client that downloads in parts finds the file: here, with a proof in the URL where reading needs one. */
const presign = route({
  method: "GET",
  path: `${presigned}*`,
  request: aPath,
  response: z.object({ url: z.string(), headers: z.record(z.string(), z.string()), file_size: z.int() }),
  async handle(_, { store, raw, access }) {
    const name = nameIn(raw, presigned);
    const stat = await store.files.stat(name);
    if (!stat) return missing(name);
    const path = new URL(raw.url).pathname.replace(presigned, files);
    return { url: originOf(raw) + access.signed(path), headers: {}, file_size: stat.sizeBytes };
  },
});

function missing(name: string): never {
  throw new MlflowError(
    "RESOURCE_DOES_NOT_EXIST",
    `there is no artifact ${JSON.stringify(name.slice(0, 500))}`,
  );
}

/** Where the client reached us, through a proxy too. */
export function originOf(raw: Request): string {
  const { protocol, host } = new URL(raw.url);
  const forwarded = raw.headers.get("x-forwarded-proto")?.split(",")[0]?.trim();
  return `${forwarded === "https" || forwarded === "http" ? `${forwarded}:` : protocol}//${host}`;
}

export const artifactProxyRoutes = [listArtifacts, download, upload, deleteArtifact, presign];
