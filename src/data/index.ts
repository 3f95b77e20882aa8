/** Rows from files, checked and hashed; seeded splits and shuffles; length-grouped batches, loaded ahead of the step. */

export { type BadRow, DataError } from "./data-error.ts";
export { type Dataset, type DatasetRecord, describeDataset } from "./dataset.ts";
export { InvalidInput, type InvalidInputDetails, type InvalidInputReason } from "./invalid-input.ts";
export { lengthGroups, longestFirst } from "./length-groups.ts";
export { type Batch, type Loader, type LoadingOptions, openLoader } from "./loader.ts";
export { partOfDataset } from "./part-of-dataset.ts";
export type { Loadable, Preparation, PreparationSource } from "./preparation.ts";
export { type Random, seededRandom } from "./random.ts";
export { type ReadTableOptions, readTable } from "./read-table.ts";
export { type Split, type SplitShares, splitDataset } from "./split-dataset.ts";
export { spreadRows } from "./spread-rows.ts";
