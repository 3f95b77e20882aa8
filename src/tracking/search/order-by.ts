import { StoreError } from "../store-error.ts";
import { type Identifier, Scanner } from "./scanner.ts";

export interface OrderBy extends Identifier {
  readonly descending: boolean;
}

/**
 * Reads one element of an order: `metrics.loss`, `metrics.loss ASC`, ``params.`learning rate` DESC``.
 *
 * @throws {StoreError} `invalid`, with the place of what cannot be read
 */
export function parseOrderBy(text: string): OrderBy {
  const scanner = new Scanner("order", text);
  const identifier = scanner.identifier();
  const direction = scanner.take(/(asc|desc)\b/iy);
  if (!scanner.atEnd) throw scanner.expected("ASC, DESC or the end");
  if (identifier.entity === "dataset") {
    throw new StoreError(
      "invalid",
      "order",
      `order: runs cannot be ordered by datasets, as in ${JSON.stringify(text)}`,
    );
  }
  return { ...identifier, descending: direction?.toLowerCase() === "desc" };
}
