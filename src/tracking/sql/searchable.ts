// What can be searched, and where each name of the grammar lies in the tables.
import { type RawBuilder, type SqlBool, sql } from "kysely";
import { ownArtifacts } from "../artifact-uri.ts";
import type { Entity, Identifier } from "../search/scanner.ts";
import { StoreError } from "../store-error.ts";
import type { Tables } from "./tables.ts";

/** How many scopes a search sees, where the indexes of the table begin with a scope. */
export type IndexedScope = "one" | "several";

/** A property of the thing itself: in a column, computed, or written down under a key as a tag or as metadata. */
export type Attribute = {
  readonly type: "text" | "number";
  /** Whether an index has it behind what one scope is (of runs: their experiment), or for several scopes at once. */
  readonly isIndexed?: IndexedScope;
} & (
  | {
      readonly column: string;
      /** True where rows without a value exist; they come last in any order. */
      readonly nullable?: boolean;
    }
  | { readonly computed: RawBuilder<unknown>; readonly nullable?: boolean }
  | { readonly tag: string }
  | { readonly metadata: string }
);

/** Values under keys in a table of their own, joined by the identity of the thing. */
export interface KeyedTable {
  readonly table: keyof Tables;
  readonly type: "text" | "number";
  /** One row a key, and an index by key and value: of numbers behind `is_nan`, of texts by their beginning. */
  readonly isIndexedByValue?: boolean;
  /** Keys whose absence means a value. */
  readonly absent?: Readonly<Record<string, string>>;
  /** Columns whose highest values tell which of several rows of a key is in the order; missing where there is one. */
  readonly newestBy?: readonly string[];
  /** Rows that a filter does not see. */
  readonly onlyWhere?: RawBuilder<SqlBool>;
  /** Rows that the order does not see, by the index of the term. */
  readonly orderOnlyWhere?: readonly (RawBuilder<SqlBool> | undefined)[];
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
  /** Every order is ended by the default order. */
  readonly endsInDefaultOrder?: boolean;
}

const text = (column: string) => ({ column, type: "text" }) as const;
const number = (column: string) => ({ column, type: "number" }) as const;
const indexed = { isIndexed: "one" } as const;
const indexedForAll = { isIndexed: "several" } as const;

/** MLflow's clients ask for models that are no prompts; only prompts say what they are. */
const promptTag = { "mlflow.prompt.is_prompt": "false" };

export const searchableRuns: Searchable = {
  subject: "runs",
  table: "runs",
  identity: [{ column: "run_uuid" }],
  attributes: {
    run_id: text("run_uuid"),
    run_name: { ...text("name"), ...indexed },
    "run name": { ...text("name"), ...indexed },
    "Run name": { ...text("name"), ...indexed },
    "Run Name": { ...text("name"), ...indexed },
    status: { ...text("status"), ...indexed },
    start_time: { ...number("start_time"), ...indexedForAll },
    created: { ...number("start_time"), ...indexedForAll },
    Created: { ...number("start_time"), ...indexedForAll },
    end_time: { ...number("end_time"), ...indexed, nullable: true },
    user_id: { tag: "mlflow.user", type: "text" },
    artifact_uri: {
      computed: sql`coalesce(runs.artifact_uri, ${ownArtifacts} || runs.run_uuid)`,
      type: "text",
    },
  },
  keyed: {
    metric: { table: "latest_metrics", type: "number", isIndexedByValue: true },
    param: { table: "params", type: "text", isIndexedByValue: true },
    tag: { table: "tags", type: "text", isIndexedByValue: true },
  },
  defaultOrder: [{ key: "start_time", descending: true }],
  endsInDefaultOrder: true,
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
    model_id: { ...text("model_id"), nullable: true },
    source_path: text("source"),
    creation_timestamp: number("creation_time"),
    last_updated_timestamp: number("last_updated_time"),
  },
  keyed: { tag: { table: "model_version_tags", type: "text", absent: promptTag } },
  defaultOrder: [{ key: "last_updated_timestamp", descending: true }],
};

const datasetColumns = {
  name: text("name"),
  digest: text("digest"),
  context: text("context"),
};

/** Where a name lies: in the thing itself, under a key of another table, or in its datasets. */
export type Place =
  | {
      readonly kind: "attribute" | "dataset";
      readonly type: "text" | "number";
      readonly value: RawBuilder<unknown>;
      readonly nullable: boolean;
      readonly isIndexed: IndexedScope | undefined;
    }
  | ({ readonly kind: "keyed"; readonly key: string } & KeyedTable);

/** @throws {StoreError} `invalid` for a name that these things do not have, with those they have */
export function placeOf(
  searchable: Searchable,
  where: "filter" | "order",
  { entity, key }: Identifier,
): Place {
  if (entity === "attribute") {
    const attribute = attributeOf(searchable.attributes, searchable.subject, where, key);
    if ("tag" in attribute) return placeOf(searchable, where, { entity: "tag", key: attribute.tag });
    if ("metadata" in attribute)
      return placeOf(searchable, where, { entity: "metadata", key: attribute.metadata });
    return { kind: "attribute", ...inTable(searchable.table, attribute) };
  }
  if (entity === "dataset" && searchable === searchableRuns) {
    return {
      kind: "dataset",
      ...inTable("run_datasets", attributeOf<Column>(datasetColumns, "datasets", where, key)),
    };
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

type Column = Exclude<Attribute, { tag: string } | { metadata: string }>;

const inTable = (table: keyof Tables, attribute: Column) => ({
  type: attribute.type,
  value: "computed" in attribute ? attribute.computed : sql.ref(`${table}.${attribute.column}`),
  nullable: attribute.nullable === true,
  isIndexed: attribute.isIndexed,
});

function attributeOf<Known extends Attribute>(
  columns: Readonly<Record<string, Known>>,
  subject: string,
  where: string,
  key: string,
): Known {
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
