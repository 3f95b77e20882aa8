import { z } from "zod";
import type { UploadedFile } from "../serving/index.ts";

const isFile = (value: unknown): value is UploadedFile =>
  typeof value === "object" && value !== null && "bytes" in value && value.bytes instanceof Uint8Array;

const image = z.custom<UploadedFile>(isFile, "a file with an image");

/** The half of a route that takes an image: the field `image` of a form, as `curl -F image=@card.jpg` sends it. */
export const imageUpload = {
  method: "POST",
  reads: "form",
  request: z.strictObject({ image }),
  example: { image: { name: "card.jpg", mediaType: "image/jpeg", bytes: new Uint8Array() } },
  toInput: (body: { readonly image: UploadedFile }): UploadedFile => body.image,
} as const;
