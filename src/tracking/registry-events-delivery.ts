// Tells hooks what happens in the registry: each of them all of it, in order, until it has heard.
import { setTimeout as delay } from "node:timers/promises";
import type { Hook, RegistryEvent, RegistryEvents } from "./registry-events.ts";
import { commandReceiver } from "./registry-events-command.ts";
import { messageOf, type Versions } from "./registry-events-payload.ts";
import type { Receiver } from "./registry-events-receiver.ts";
import { webhookReceiver } from "./registry-events-webhook.ts";

export interface DeliveryOptions {
  /** Ends the delivery; what is under way has five seconds more. */
  readonly signal: AbortSignal;
  readonly onDelivered?: (delivered: { readonly hook: string; readonly event: RegistryEvent }) => void;
  /** Told of what did not arrive. */
  readonly onFailure?: (failure: {
    readonly hook: string;
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
const usualTimeoutMs = 10_000;
/** How much longer than an attempt may take a deliverer that dies keeps its event from the others. */
const leaseMarginMs = 20_000;
const graceMs = 5000;
/** How often to look for what another deliverer has left. */
const othersEveryMs = 30_000;

/**
 * Delivers what happens to all hooks until the signal comes; none waits for another. Changes of the registry never wait
 * for it: what there is to tell lies in the store, also for the time when no server runs. Several servers share the work.
 */
export async function deliverEvents(
  store: RegistryEvents & Versions,
  hooks: readonly Hook[],
  { now = Date.now, ...options }: DeliveryOptions,
): Promise<void> {
  const deliverers = hooks.map((hook) => new Deliverer(store, hook, { now, ...options }));
  for (const deliverer of deliverers) await store.ensureWebhook(deliverer.name);
  await Promise.all(deliverers.map((deliverer) => deliverer.work()));
}

type Options = DeliveryOptions & { readonly now: () => number };

const receiverOf = (hook: Hook, now: () => number): Receiver =>
  "url" in hook ? webhookReceiver(hook, now) : commandReceiver(hook);

class Deliverer {
  /** By which the store knows the hook. */
  readonly name: string;
  readonly #receiver: Receiver;
  readonly #store: RegistryEvents & Versions;
  readonly #hook: Hook;
  readonly #options: Options;
  readonly #timeoutMs: number;
  /** When the event that each model waits with is due again. */
  readonly #dueAgain = new Map<string, number>();

  constructor(store: RegistryEvents & Versions, hook: Hook, options: Options) {
    this.#store = store;
    this.#hook = hook;
    this.#options = options;
    this.#receiver = receiverOf(hook, options.now);
    this.#timeoutMs = hook.timeoutMs ?? usualTimeoutMs;
    const { model, alias } = hook;
    this.name = [this.#receiver.name, model, alias && `@${alias}`].filter(Boolean).join(" ");
  }

  async work(): Promise<void> {
    const { signal, now, everyMs = 250 } = this.#options;
    let revision: string | undefined;
    let lookAgainAt = 0;
    while (!signal.aborted) {
      try {
        const newest = await this.#store.registryRevision();
        if (newest !== revision || now() >= lookAgainAt) {
          revision = newest;
          await this.#deliverDue();
          lookAgainAt = Math.min(now() + othersEveryMs, ...this.#dueAgain.values());
        }
      } catch {
        // A database that restarts is asked again.
      }
      await delay(everyMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Delivers all that is due. */
  async #deliverDue(): Promise<void> {
    const { signal, now, onDelivered = () => {}, onFailure = () => {} } = this.#options;
    const { label } = this.#receiver;
    while (!signal.aborted) {
      const delivery = await this.#store.claimDelivery(this.name, this.#timeoutMs + leaseMarginMs);
      if (!delivery) return;
      const { event, attempt } = delivery;
      this.#dueAgain.delete(event.name);
      const isMeant = this.#concerns(event);
      const failure = isMeant ? await this.#tell(event) : undefined;
      if (!failure) {
        await this.#store.endDelivery(this.name, event, "delivered");
        if (isMeant) onDelivered({ hook: label, event });
        continue;
      }
      const { error, isFinal = false } = failure;
      const isLast = isFinal || attempt >= mostAttempts;
      onFailure({ hook: label, event, error, isLast });
      const retryAfterMs = Math.min(longestRetryMs, failure.retryAfterMs ?? this.#retryAfterMs(attempt));
      await this.#store.endDelivery(this.name, event, isLast ? "given-up" : { retryAfterMs, error });
      if (!isLast) this.#dueAgain.set(event.name, now() + retryAfterMs);
    }
  }

  #concerns({ name, alias }: RegistryEvent): boolean {
    const { model = name, alias: wanted = alias } = this.#hook;
    return model === name && wanted === alias;
  }

  #retryAfterMs(attempt: number): number {
    const { firstRetryMs = 1000 } = this.#options;
    return firstRetryMs * 2 ** (attempt - 1);
  }

  async #tell(event: RegistryEvent) {
    const message = await messageOf(this.#store, event);
    using limit = timeLimit(this.#timeoutMs, this.#options.signal);
    return await this.#receiver.receive(message, limit.signal);
  }
}

/** Aborted when the time is over, and five seconds after the end of all. */
function timeLimit(timeoutMs: number, end: AbortSignal): { readonly signal: AbortSignal } & Disposable {
  const limit = new AbortController();
  const timers = [
    setTimeout(() => limit.abort(new Error(`not done after ${timeoutMs / 1000} s`)), timeoutMs),
  ];
  const onEnd = () =>
    timers.push(setTimeout(() => limit.abort(new Error("not done when the server stopped")), graceMs));
  end.addEventListener("abort", onEnd, { once: true });
  return {
    signal: limit.signal,
    [Symbol.dispose]() {
      end.removeEventListener("abort", onEnd);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
