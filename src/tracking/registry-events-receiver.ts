// What the delivery of events asks of whoever receives them.
import type { RegistryEvent } from "./registry-events.ts";

export interface Message {
  readonly event: RegistryEvent;
  /** MLflow's name of what happened: `model_version_alias.created`. */
  readonly topic: string;
  /** The event as JSON. */
  readonly body: string;
}

export interface Receiver {
  /** Unlike that of any other receiver; the store knows what it has heard of by it. Holds no secret. */
  readonly name: string;
  /** How logs call it. */
  readonly label: string;
  /** Tells it once. Never rejects; ends early when the signal comes. @returns what went wrong */
  receive(message: Message, signal: AbortSignal): Promise<DeliveryFailure | undefined>;
}

export interface DeliveryFailure {
  readonly error: string;
  /** Whether another attempt would end the same. */
  readonly isFinal?: boolean;
  /** When the receiver says when to come again. */
  readonly retryAfterMs?: number | undefined;
}
