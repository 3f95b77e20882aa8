/** Development mode: so few rows that a whole run takes seconds, to see that everything works. */
import { z } from "zod";

/** Of each file, or of each split where one table holds them all. */
const developmentRows = 50;

/** Key `development_mode` of a configuration whose section `data` has a `limit`. */
export const developmentMode = z.boolean().default(false);

/** The section `data` with the limit that holds: its own where that is the smaller one. */
export const limitedData = <Data extends { readonly limit: number | null }>({
  development_mode,
  data,
}: {
  readonly development_mode: boolean;
  readonly data: Data;
}): Data =>
  development_mode ? { ...data, limit: Math.min(data.limit ?? developmentRows, developmentRows) } : data;
