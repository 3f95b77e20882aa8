// What can be searched, and where each name of the grammar lies in the tables.
import type { Entity, Identifier } from "../search/scanner.ts";
import { StoreError } from "../store-error.ts";
import type { Tables } from "./tables.ts";

export interface Attribute {
  readonly column: string;
  readonly type: "text" | "number";
  /** True where rows without a value exist; they come last in any order. */
  readonly nullable?: boolean;
}

/** Values under keys in a table of their own, joined by the identity of the thing. */
export interface KeyedTable {
  readonly table: keyof Tables;
  readonly type: "text" | "number";
  /** Keys whose absence means a value. */
  readonly absent?: Readonly<Record<string, string>>;
}

export interface Searchable {
  /** Plural, for messages. */
  readonly subject: string;
  readonly table: keyof Tables;
  /** The primary key: ends every order, so that pages neither overlap nor leave out. */
  readonly identity: readonly { readonly column: string; readonly descending?: boolean }[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly keyed: Partial<Record<Exclude<Entity, "attribute" | "dataset">, KeyedTable>>;
  readonly defaultOrder: readonly { readonly key: string; readonly descending: boolean }[];
}

const text = (column: string): Attribute => ({ column, type: "text" });
const number = (column: string): Attribute => ({ column, type: "number" });

/** MLflow's clients ask for models that are no prompts; only prompts say what they are. */
const promptTag = { "mlflow.prompt.is_prompt": "false" };

export const searchableRuns: Searchable = {
  subject: "runs",
  table: "runs",
  identity: [{ column: "run_uuid" }],
  attributes: {
    run_id: text("run_uuid"),
    run_name: text("name"),
    "run name": text("name"),
    "Run name": text("name"),
    "Run Name": text("name"),
    status: text("status"),
    start_time: number("start_time"),
    created: number("start_time"),
    Created: number("start_time"),
    end_time: { ...number("end_time"), nullable: true },
  },
  keyed: {
    metric: { table: "latest_metrics", type: "number" },
    param: { table: "params", type: "text" },
    tag: { table: "tags", type: "text" },
  },
  defaultOrder: [{ key: "start_time", descending: true }],
};

export const searchableExperiments: Searchable = {
  subject: "experiments",
  table: "experiments",
  identity: [{ column: "experiment_id", descending: true }],
  attributes: {
    name: text("name"),
    experiment_id: number("experiment_id"),
    creation_time: number("creation_time"),
    last_update_time: number("last_update_time"),
  },
  keyed: { tag: { table: "experiment_tags", type: "text" } },
  defaultOrder: [{ key: "creation_time", descending: true }],
};

export const searchableModels: Searchable = {
  subject: "registered models",
  table: "registered_models",
  identity: [{ column: "name" }],
  attributes: {
    name: text("name"),
    creation_timestamp: number("creation_time"),
    last_updated_timestamp: number("last_updated_time"),
    timestamp: number("last_updated_time"),
  },
  keyed: { tag: { table: "registered_model_tags", type: "text", absent: promptTag } },
  defaultOrder: [],
};

export const searchableVersions: Searchable = {
  subject: "model versions",
  table: "model_versions",
  identity: [{ column: "name" }, { column: "version", descending: true }],
  attributes: {
    name: text("name"),
    version_number: number("version"),
    run_id: { ...text("run_id"), nullable: true },
    source_path: text("source"),
    creation_timestamp: number("creation_time"),
    last_updated_timestamp: number("last_updated_time"),
  },
  keyed: { tag: { table: "model_version_tags", type: "text", absent: promptTag } },
  defaultOrder: [{ key: "last_updated_timestamp", descending: true }],
};

const datasetColumns: Readonly<Record<string, Attribute>> = {
  name: text("name"),
  digest: text("digest"),
  context: text("context"),
};

/** Where a name lies: in a column of the thing itself, under a key of another table, or in a column of its datasets. */
export type Place =
  | ({ readonly kind: "attribute" } & Attribute)
  | ({ readonly kind: "keyed"; readonly key: string } & KeyedTable)
  | ({ readonly kind: "dataset" } & Attribute);

/** @throws {StoreError} `invalid` for a name that these things do not have, with those they have */
export function placeOf(
  searchable: Searchable,
  where: "filter" | "order",
  { entity, key }: Identifier,
): Place {
  if (entity === "attribute")
    return { kind: "attribute", ...column(searchable.attributes, searchable.subject, where, key) };
  if (entity === "dataset" && searchable === searchableRuns) {
    return { kind: "dataset", ...column(datasetColumns, "datasets", where, key) };
  }
  const keyed = entity === "dataset" ? undefined : searchable.keyed[entity];
  if (keyed) return { kind: "keyed", key, ...keyed };
  const has = ["attributes", ...Object.keys(searchable.keyed).map((name) => `${name}s`)].join(", ");
  throw new StoreError(
    "invalid",
    where,
    `${where}: ${searchable.subject} have no ${entity}s, they have ${has}`,
  );
}

function column(
  columns: Readonly<Record<string, Attribute>>,
  subject: string,
  where: string,
  key: string,
): Attribute {
  const found = Object.hasOwn(columns, key) ? columns[key] : undefined;
  if (found) return found;
  const known = Object.keys(columns).join(", ");
  throw new StoreError(
    "invalid",
    where,
    `${where}: ${subject} have no attribute ${JSON.stringify(key)}, they have ${known}`,
    {
      expected: known,
      got: key,
    },
  );
}
