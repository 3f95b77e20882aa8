import { z } from "zod";

/** A range, or one number: its distance to both sides of `center`, as torchvision reads it. */
const spread = (center: number, { min = -Infinity, max = Infinity } = {}) =>
  z
    .union([
      z
        .number()
        .nonnegative()
        .transform((by): [number, number] => [Math.max(center - by, min), center + by]),
      z.tuple([z.number(), z.number()]),
    ])
    .refine(([low, high]) => min <= low && low <= high && high <= max, {
      error: ({ input }) =>
        `must be a number or [smallest, largest] within ${min} to ${max}, got ${JSON.stringify(input)}`,
    });

const ascending = z
  .tuple([z.number().positive(), z.number().positive()])
  .refine(([low, high]) => low <= high, { error: "must be [smallest, largest]" });

const factor = spread(1, { min: 0 }).default([1, 1]);
const level = z.int().min(0).max(255);

/**
 * How training varies its images, as data. The variations are those of torchvision's v2 transforms, under the names of
 * their arguments, in this order: crop, flip, rotation, colour.
 */
export const imageAugmentation = z.strictObject({
  /** `RandomResizedCrop`, in place of the preparation's resizing and cropping: `scale` of the area, `ratio` w / h. */
  randomResizedCrop: z
    .strictObject({
      scale: ascending
        .refine(([, high]) => high <= 1, { error: "must not exceed 1, the whole image" })
        .default([0.08, 1]),
      ratio: ascending.default([3 / 4, 4 / 3]),
    })
    .optional(),
  /** `RandomHorizontalFlip`: the probability. */
  horizontalFlip: z.number().min(0).max(1).default(0),
  /** `RandomRotation`, counter-clockwise around the middle; corners that come into view have the colour `fill`. */
  rotation: z
    .strictObject({
      degrees: spread(0),
      interpolation: z.enum(["nearest", "bilinear"]).default("nearest"),
      fill: z.tuple([level, level, level]).default([0, 0, 0]),
    })
    .optional(),
  /** `ColorJitter`: factors around 1 (brightness, contrast, saturation), turns of the colour circle around 0 (hue). */
  colorJitter: z
    .strictObject({
      brightness: factor,
      contrast: factor,
      saturation: factor,
      hue: spread(0, { min: -0.5, max: 0.5 }).default([0, 0]),
    })
    .optional(),
});

/** How training varies its images. */
export type ImageAugmentation = z.infer<typeof imageAugmentation>;
