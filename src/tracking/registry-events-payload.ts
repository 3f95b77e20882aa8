import type { RegistryEvent } from "./registry-events.ts";
import type { Message } from "./registry-events-receiver.ts";
import type { ModelVersion } from "./store.ts";

const inMlflow = {
  "version-created": { entity: "model_version", action: "created" },
  "alias-set": { entity: "model_version_alias", action: "created" },
  "alias-deleted": { entity: "model_version_alias", action: "deleted" },
} as const;

export interface Versions {
  getModelVersion(name: string, version: number): Promise<ModelVersion>;
}

/**
 * An event in the form of MLflow's webhooks, and beside it who did it and which version had the alias before.
 *
 * @see https://mlflow.org/docs/latest/ml/webhooks
 */
export async function messageOf(store: Versions, event: RegistryEvent): Promise<Message> {
  const { name, kind, time, user, alias, version, previousVersion } = event;
  const { entity, action } = inMlflow[kind];
  const body = {
    ...{ entity, action, timestamp: new Date(time).toISOString() },
    data: {
      name,
      ...(alias !== undefined && { alias }),
      ...(version !== undefined && { version: String(version) }),
      ...(kind === "version-created" &&
        version !== undefined &&
        (await versionDetails(store, name, version))),
      ...(previousVersion !== undefined && { previous_version: String(previousVersion) }),
      user,
    },
  };
  return { event, topic: `${entity}.${action}`, body: JSON.stringify(body) };
}

/** Nothing more is known of a version that has been deleted since. */
async function versionDetails(store: Versions, name: string, version: number): Promise<object> {
  const found = await store.getModelVersion(name, version).catch(() => undefined);
  if (!found) return {};
  const { source, runId, tags, description } = found;
  return { source, run_id: runId ?? null, tags, description };
}
