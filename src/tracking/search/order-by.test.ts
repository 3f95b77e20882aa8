import { expect, test } from "vitest";
import { parseOrderBy } from "./order-by.ts";

test.each([
  ["start_time", { entity: "attribute", key: "start_time", descending: false }],
  ["metrics.loss DESC", { entity: "metric", key: "loss", descending: true }],
  ["params.`learning rate` asc", { entity: "param", key: "learning rate", descending: false }],
  ['tags."mlflow.user"  desc ', { entity: "tag", key: "mlflow.user", descending: true }],
])("%s", (text, order) => expect(parseOrderBy(text)).toEqual(order));

test.each([
  ["", "order: expected a name such as metrics.loss, got the end"],
  ["metrics.loss DOWN", 'order: expected ASC, DESC or the end, got "DOWN"'],
  ["start_time DESC; drop table runs", "order: expected ASC, DESC or the end"],
  ["datasets.name", "order: runs cannot be ordered by datasets"],
])("%j is refused", (text, message) => expect(() => parseOrderBy(text)).toThrow(message));
