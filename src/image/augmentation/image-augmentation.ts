import { z } from "zod";

type Range = [low: number, high: number];

/** [smallest, largest] within limits. */
const range = (least: number, most: number, error: string) =>
  z
    .tuple([z.number(), z.number()], { error })
    .refine(([low, high]) => least <= low && low <= high && high <= most, { error });

/** Around 1, as torchvision reads it: one number is the distance to both sides, but not below 0. */
function factor() {
  const error = "must be a number from 0 on, or [smallest, largest] from 0 on";
  const distance = z
    .number()
    .nonnegative()
    .transform((by): Range => [Math.max(1 - by, 0), 1 + by]);
  return z.union([distance, range(0, Infinity, error)], { error }).default([1, 1]);
}

/** Around 0: one number is the distance to both sides. */
function turn(most: number) {
  const error = `must be a number from 0 to ${most}, or [smallest, largest] from ${-most} to ${most}`;
  const distance = z
    .number()
    .min(0)
    .max(most)
    .transform((by): Range => [0 - by, by]);
  return z.union([distance, range(-most, most, error)], { error });
}

const part = range(Number.MIN_VALUE, 1, "must be [smallest, largest], above 0 and up to 1");
const proportion = range(Number.MIN_VALUE, Infinity, "must be [smallest, largest], above 0");
const level = z.int().min(0).max(255);

/**
 * How training varies its images, as data. The variations are those of torchvision's v2 transforms, under the names of
 * their arguments, in this order: crop, flip, rotation, colour.
 */
export const imageAugmentation = z.strictObject({
  /** `RandomResizedCrop`, in place of the preparation's resizing and cropping: `scale` of the area, `ratio` w / h. */
  randomResizedCrop: z
    .strictObject({
      scale: part.default([0.08, 1]),
      ratio: proportion.default([3 / 4, 4 / 3]),
    })
    .optional(),
  /** `RandomHorizontalFlip`: the probability. */
  horizontalFlip: z.number().min(0).max(1).default(0),
  /** `RandomRotation`, counter-clockwise around the middle; corners that come into view have the colour `fill`. */
  rotation: z
    .strictObject({
      degrees: turn(360),
      interpolation: z.enum(["nearest", "bilinear"]).default("nearest"),
      fill: z.tuple([level, level, level]).default([0, 0, 0]),
    })
    .optional(),
  /** `ColorJitter`: factors around 1 (brightness, contrast, saturation), turns of the colour circle around 0 (hue). */
  colorJitter: z
    .strictObject({
      brightness: factor(),
      contrast: factor(),
      saturation: factor(),
      hue: turn(0.5).default([0, 0]),
    })
    .optional(),
});

/** How training varies its images. */
export type ImageAugmentation = z.infer<typeof imageAugmentation>;
