// Webhooks: events of the registry as signed requests to other servers, in the form of MLflow's own webhooks.
import { createHash, createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Delivery, RegistryEvent, RegistryEvents } from "./registry-events.ts";
import type { ModelVersion } from "./store.ts";

export interface Webhook {
  readonly url: string;
  /** Signs the requests; unsigned where it is missing. */
  readonly secret?: string | undefined;
  /** Hears of this model alone. */
  readonly model?: string | undefined;
}

type EventStore = RegistryEvents & {
  getModelVersion(name: string, version: number): Promise<ModelVersion>;
};

export interface DeliveryOptions {
  readonly signal: AbortSignal;
  /** Told of what did not arrive. */
  readonly onFailure?: (failure: {
    readonly url: string;
    readonly event: RegistryEvent;
    readonly error: string;
    readonly isLast: boolean;
  }) => void;
  readonly everyMs?: number;
  readonly now?: () => number;
  /** Before the second attempt; each further one waits twice as long, up to ten minutes. */
  readonly firstRetryMs?: number;
}

/** With waits that double from a second, the last attempt comes after about an hour and a half. */
const mostAttempts = 15;
const longestRetryMs = 600_000;
const timeoutMs = 10_000;
/** How long a deliverer that dies keeps an event from the others. */
const leaseMs = 30_000;

/**
 * Delivers what happens to all webhooks until the signal comes. Changes of the registry never wait for it: what there is
 * to tell lies in the store, also for the time when no server runs. Several servers share the work.
 *
 * @see https://mlflow.org/docs/latest/ml/webhooks
 */
export async function deliverWebhooks(
  store: EventStore,
  webhooks: readonly Webhook[],
  { everyMs = 250, ...options }: DeliveryOptions,
): Promise<void> {
  const { signal, now = Date.now } = options;
  for (const webhook of webhooks) await store.ensureWebhook(nameOf(webhook));
  let revision: string | undefined;
  let lookAgainAt = 0;
  while (!signal.aborted && webhooks.length > 0) {
    try {
      const newest = await store.registryRevision();
      if (newest !== revision || now() >= lookAgainAt) {
        revision = newest;
        const retries = await Promise.all(webhooks.map((webhook) => deliverDue(store, webhook, options)));
        lookAgainAt = now() + Math.min(leaseMs, ...retries);
      }
    } catch {
      // A database that restarts is asked again.
    }
    await delay(everyMs, undefined, { signal }).catch(() => {});
  }
}

const nameOf = ({ url, model }: Webhook): string => (model === undefined ? url : `${url} ${model}`);

/** Delivers all that is due. @returns after how long something is due again */
async function deliverDue(
  store: EventStore,
  webhook: Webhook,
  { signal, onFailure = () => {}, now = Date.now, firstRetryMs = 1000 }: Omit<DeliveryOptions, "everyMs">,
): Promise<number> {
  const name = nameOf(webhook);
  let soonest = Number.POSITIVE_INFINITY;
  while (!signal.aborted) {
    const delivery = await store.claimDelivery(name, leaseMs);
    if (!delivery) return soonest;
    const { event, attempt } = delivery;
    const failure = await send(store, webhook, delivery, now());
    if (!failure) {
      await store.endDelivery(name, event, "delivered");
      continue;
    }
    const isLast = failure.isFinal || attempt >= mostAttempts;
    onFailure({ url: webhook.url, event, error: failure.error, isLast });
    if (isLast) await store.endDelivery(name, event, "given-up");
    else {
      const retryAfterMs =
        failure.retryAfterMs ?? Math.min(longestRetryMs, firstRetryMs * 2 ** (attempt - 1));
      soonest = Math.min(soonest, retryAfterMs);
      await store.endDelivery(name, event, { retryAfterMs, error: failure.error });
    }
  }
  return soonest;
}

interface Failure {
  readonly error: string;
  /** Whether another attempt would end the same. */
  readonly isFinal: boolean;
  readonly retryAfterMs?: number;
}

async function send(
  store: EventStore,
  { url, secret, model }: Webhook,
  { event }: Delivery,
  time: number,
): Promise<Failure | undefined> {
  if (model !== undefined && model !== event.name) return undefined;
  const body = JSON.stringify(await payloadOf(store, event));
  const timestamp = String(Math.trunc(time / 1000));
  // The same for every attempt, so that a receiver can tell a repetition.
  const id = createHash("sha256").update(`${url}\n${event.name}\n${event.number}`).digest("hex").slice(0, 32);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-mlflow-delivery-id": id,
        "x-mlflow-timestamp": timestamp,
        ...(secret && { "x-mlflow-signature": signatureOf(secret, `${id}.${timestamp}.${body}`) }),
      },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    const isFinal = response.status < 500 && ![408, 425, 429].includes(response.status);
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    const retryAfterMs = seconds >= 0 ? Math.min(longestRetryMs, seconds * 1000) : undefined;
    return {
      error: `status ${response.status}`,
      isFinal,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { error: cause instanceof Error ? cause.message || cause.name : String(cause), isFinal: false };
  }
}

/** As Standard Webhooks and MLflow sign: HMAC-SHA256 of id, time and body. */
const signatureOf = (secret: string, content: string): string =>
  `v1,${createHmac("sha256", secret).update(content).digest("base64")}`;

const inMlflow = {
  "version-created": { entity: "model_version", action: "created" },
  "alias-set": { entity: "model_version_alias", action: "created" },
  "alias-deleted": { entity: "model_version_alias", action: "deleted" },
} as const;

/** MLflow's payload, and beside it who did it and which version had the alias before. */
async function payloadOf(store: EventStore, event: RegistryEvent): Promise<object> {
  const { name, kind, time, user, alias, version, previousVersion } = event;
  return {
    ...inMlflow[kind],
    timestamp: new Date(time).toISOString(),
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
}

/** Nothing more is known of a version that has been deleted since. */
async function versionDetails(store: EventStore, name: string, version: number): Promise<object> {
  const found = await store.getModelVersion(name, version).catch(() => undefined);
  if (!found) return {};
  const { source, runId, tags, description } = found;
  return { source, run_id: runId ?? null, tags, description };
}
