// Amazon S3 and what speaks its protocol (MinIO, Ceph, R2, versitygw, ...).
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { type Bucket, bucketStore } from "./bucket.ts";
import type { ObjectStore } from "./object-store.ts";

/** Parts of a multipart upload: 10,000 of them make 80 GB, two at a time are in memory. */
const partBytes = 8 * 1024 * 1024;
const partsAtOnce = 2;
/** Parts that a killed process has left are removed when they are this old: until then they may still grow. */
const abandonedAfterMs = 24 * 3600 * 1000;

/**
 * Opens a bucket. Credentials, region and endpoint as all programs find them: `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY`, `AWS_PROFILE`, `AWS_REGION`, `AWS_ENDPOINT_URL_S3`, the role of the machine.
 */
export async function openS3Store(
  name: string,
  { prefix, config = settings() }: { prefix: string; config?: S3ClientConfig },
): Promise<ObjectStore> {
  const client = new S3Client(config);
  await sweepAbandoned(client, name, prefix);
  return bucketStore(s3Bucket(client, name), { prefix });
}

function settings(): S3ClientConfig {
  const endpoint = process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL;
  const region = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION;
  // Servers of one's own have no host name for each bucket, and do not all know the newer checksums.
  const own = endpoint && {
    ...{ endpoint, forcePathStyle: true, region: region ?? "us-east-1" },
    ...({
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    } as const),
  };
  return { maxAttempts: 5, ...own };
}

function s3Bucket(client: S3Client, name: string): Bucket {
  const at = (key: string) => ({ Bucket: name, Key: key });
  const isMissing = (error: unknown) =>
    error instanceof Error && ["NoSuchKey", "NotFound"].includes(error.name);
  return {
    address: `s3://${name}`,
    isMissing,
    async write(key, body) {
      const upload = new Upload({
        ...{ client, params: { ...at(key), Body: body }, partSize: partBytes, queueSize: partsAtOnce },
        // The upload is given up as a whole: the bucket keeps no part of it.
        leavePartsOnError: false,
      });
      await upload.done();
    },
    async open(key, range) {
      const { Body } = await client.send(
        new GetObjectCommand({
          ...at(key),
          ...(range && { Range: `bytes=${range.start}-${range.end - 1}` }),
        }),
      );
      return (Body?.transformToWebStream() ?? new ReadableStream()) as ReadableStream<Uint8Array>;
    },
    async describe(key) {
      try {
        const { ContentLength = 0, LastModified } = await client.send(new HeadObjectCommand(at(key)));
        return { sizeBytes: ContentLength, modifiedAt: LastModified?.getTime() ?? 0 };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async *list(prefix) {
      for await (const { Contents = [] } of paginateListObjectsV2(
        { client },
        { Bucket: name, Prefix: prefix },
      )) {
        for (const { Key = "", Size = 0, LastModified } of Contents) {
          // Consoles mark an empty folder by an object whose name ends in a slash.
          if (!Key.endsWith("/"))
            yield { key: Key, sizeBytes: Size, modifiedAt: LastModified?.getTime() ?? 0 };
        }
      }
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand(at(key)));
    },
  };
}

/** Best effort: not everybody may list uploads, and not every server can. */
async function sweepAbandoned(client: S3Client, name: string, prefix: string): Promise<void> {
  const oldest = Date.now() - abandonedAfterMs;
  try {
    const list = new ListMultipartUploadsCommand({ Bucket: name, Prefix: prefix && `${prefix}/` });
    const { Uploads = [] } = await client.send(list);
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (Initiated && Initiated.getTime() < oldest)
        await client.send(new AbortMultipartUploadCommand({ Bucket: name, Key, UploadId }));
    }
  } catch {
    // What is wrong with the bucket shows, with its name, at the first use.
  }
}
