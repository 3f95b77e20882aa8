/** Pictures to numbers: decoding, resizing and normalising as torchvision does, and variations for training. */
export { augmentImage } from "./augmentation/augment-image.ts";
export { type ImageAugmentation, imageAugmentation } from "./augmentation/image-augmentation.ts";
export type { RandomNumbers } from "./augmentation/random-numbers.ts";
export { collateImages } from "./collate-images.ts";
export { colorPlanes } from "./color-planes.ts";
export { type DecodeOptions, decodeImage } from "./decode-image.ts";
export { fitImage } from "./fit-image.ts";
export { ImageError, type ImageErrorCode } from "./image-error.ts";
export { type ImagePreparation, imagenetPreparation, imagePreparation } from "./image-preparation.ts";
export { type LoadImageOptions, loadImage } from "./load-image.ts";
export { pixelValues } from "./pixel-values.ts";
export { prepareImage } from "./prepare-image.ts";
export { loadImagePreparation, saveImagePreparation } from "./preprocessor-config.ts";
export type { RgbImage } from "./rgb-image.ts";
