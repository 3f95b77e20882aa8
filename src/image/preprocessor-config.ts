import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ImageError } from "./image-error.ts";
import { type ImagePreparation, imagePreparation } from "./image-preparation.ts";
import type { Interpolation } from "./interpolation.ts";

const fileName = "preprocessor_config.json";

/** Pillow's numbers of its filters, by which the files name them. */
const resampleOf: Record<Interpolation, number> = { lanczos: 1, bilinear: 2, bicubic: 3 };
const interpolationOf = new Map(Object.entries(resampleOf).map(([name, code]) => [code, name]));

const sides = z.object({ height: z.int(), width: z.int() });
const size = z.union([z.int(), z.object({ shortest_edge: z.int() }), sides]);
const three = z.tuple([z.number(), z.number(), z.number()]);

/** The fields of `preprocessor_config.json` that say what happens to an image (Hugging Face, image processors). */
const preprocessorConfig = z.looseObject({
  image_processor_type: z.string().optional(),
  feature_extractor_type: z.string().optional(),
  do_resize: z.boolean().default(true),
  size: size.optional(),
  resample: z.int().default(resampleOf.bilinear),
  do_center_crop: z.boolean().optional(),
  crop_size: z.union([z.int(), sides]).optional(),
  do_rescale: z.boolean().default(true),
  rescale_factor: z.number().default(1 / 255),
  do_normalize: z.boolean().default(true),
  image_mean: three.optional(),
  image_std: three.optional(),
  do_convert_rgb: z.boolean().nullish(),
});
type PreprocessorConfig = z.infer<typeof preprocessorConfig>;

/**
 * Reads how a Hugging Face vision model (CLIP, ViT and others that resize, crop, rescale and normalise) wants its
 * images, from the `preprocessor_config.json` in `folder`.
 *
 * @throws {ImageError} when there is none, or it asks for steps that we do not have
 */
export async function loadImagePreparation(folder: string): Promise<ImagePreparation> {
  const file = join(folder, fileName);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ImageError("missing_file", {
      expected: `${fileName} of an image model in ${folder}`,
      got: "none",
      cause,
    });
  });
  const refuse = (got: string, cause?: unknown): never => {
    throw new ImageError("invalid_file", {
      expected: `${file} as Hugging Face writes it for a model that resizes, crops, rescales and normalises`,
      got,
      cause,
    });
  };
  try {
    return preparationOf(preprocessorConfig.parse(JSON.parse(text)), refuse);
  } catch (cause) {
    if (cause instanceof z.ZodError) return refuse(z.prettifyError(cause), cause);
    if (cause instanceof SyntaxError) return refuse(`no JSON (${cause.message})`, cause);
    throw cause;
  }
}

/** Writes the same `preprocessor_config.json`, for `loadImagePreparation` and for Hugging Face's own processors. */
export async function saveImagePreparation(folder: string, preparation: ImagePreparation): Promise<void> {
  const { size, resize, interpolation, rescale, mean, std } = preparation;
  const config = {
    image_processor_type: "CLIPImageProcessor",
    do_convert_rgb: true,
    do_resize: resize !== "none",
    ...(resize !== "none" && {
      size: "shortestEdge" in resize ? { shortest_edge: resize.shortestEdge } : resize,
    }),
    resample: resampleOf[interpolation],
    do_center_crop: true,
    crop_size: size,
    do_rescale: rescale !== 1,
    rescale_factor: rescale,
    do_normalize: [...mean, ...std].join() !== "0,0,0,1,1,1",
    image_mean: mean,
    image_std: std,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, fileName), `${JSON.stringify(config, null, 2)}\n`);
}

function preparationOf(config: PreprocessorConfig, refuse: (got: string) => never): ImagePreparation {
  const unknownStep = Object.keys(config).find(
    (key) => key.startsWith("do_") && !(key in preprocessorConfig.shape) && config[key] === true,
  );
  if (unknownStep !== undefined) refuse(`the step ${unknownStep}`);
  if (typeof config.crop_pct === "number")
    refuse("crop_pct, a size before cropping that depends on the image");
  const resize = resizeOf(config) ?? refuse("do_resize without a size");
  const crop = cropOf(config);
  const fixed = typeof resize === "object" && "height" in resize ? resize : undefined;
  const interpolation = interpolationOf.get(config.resample) ?? refuse(`resample ${config.resample}`);
  return imagePreparation.parse({
    size: crop ?? fixed ?? refuse("images of differing sizes (no crop_size, no height and width)"),
    resize,
    interpolation,
    rescale: config.do_rescale ? config.rescale_factor : 1,
    ...(config.do_normalize && {
      mean: config.image_mean ?? refuse("do_normalize without image_mean"),
      std: config.image_std ?? refuse("do_normalize without image_std"),
    }),
  });
}

/** Where files of 2021 and 2022 have one number, it is the shorter edge for models that crop, and else a square. */
function resizeOf({
  do_resize,
  size,
  ...config
}: PreprocessorConfig): ImagePreparation["resize"] | undefined {
  if (!do_resize) return "none";
  if (size === undefined) return undefined;
  if (typeof size === "number")
    return cropOf(config) === undefined ? { height: size, width: size } : { shortestEdge: size };
  return "shortest_edge" in size ? { shortestEdge: size.shortest_edge } : size;
}

function cropOf({ do_center_crop, crop_size }: Pick<PreprocessorConfig, "do_center_crop" | "crop_size">) {
  if (crop_size === undefined || do_center_crop === false) return undefined;
  return typeof crop_size === "number" ? { height: crop_size, width: crop_size } : crop_size;
}
