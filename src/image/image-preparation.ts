import { z } from "zod";
import { interpolations } from "./interpolation.ts";

const side = z.int().min(1).max(16_384);
const sides = z.strictObject({ height: side, width: side });
const channels = <Value extends z.ZodType>(value: Value) => z.tuple([value, value, value]);

/**
 * How a picture becomes the numbers of a model, as data: written in a project's configuration, saved beside the model,
 * read by training and serving alike. The steps are torchvision's: `Resize(antialias=True)`, `CenterCrop(size)`,
 * `ToTensor`, `Normalize`.
 */
export const imagePreparation = z.strictObject({
  /** Height and width that the model takes, cut out of the middle after resizing; black where the image is smaller. */
  size: sides,
  /** `shortestEdge` keeps the proportions, height and width do not. */
  resize: z.union([z.literal("none"), z.strictObject({ shortestEdge: side }), sides]),
  interpolation: z.enum(interpolations).default("bilinear"),
  /** Multiplies the values 0 to 255. */
  rescale: z
    .number()
    .positive()
    .default(1 / 255),
  /** Subtracted from red, green and blue after rescaling. */
  mean: channels(z.number()).default([0, 0, 0]),
  /** Divides red, green and blue in the end. */
  std: channels(z.number().positive()).default([1, 1, 1]),
});

/** How a picture becomes the numbers of a model. */
export type ImagePreparation = z.infer<typeof imagePreparation>;

/** What torchvision's models with ImageNet weights take: 224 x 224 out of the middle of 256, ImageNet's mean and std. */
export const imagenetPreparation: ImagePreparation = {
  size: { height: 224, width: 224 },
  resize: { shortestEdge: 256 },
  interpolation: "bilinear",
  rescale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
