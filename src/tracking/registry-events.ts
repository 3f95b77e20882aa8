// Who changed what in the registry, and when: written in the transaction of the change itself.

/** What happened to a registered model. */
export type RegistryEventKind = "version-created" | "alias-set" | "alias-deleted";

export interface RegistryEvent {
  /** The registered model. */
  readonly name: string;
  /** 1, 2, 3, ... within its model. */
  readonly number: number;
  readonly kind: RegistryEventKind;
  readonly time: number;
  /** Empty where nobody said who. */
  readonly user: string;
  /** The version that was made or got the alias; missing when the alias was taken away. */
  readonly version?: number;
  readonly alias?: string;
  /** The version that had the alias before. */
  readonly previousVersion?: number;
}

export interface RegistryEventQuery {
  /** Of this model alone. */
  readonly name?: string | undefined;
  /** The newest so many; 1,000 unless given. */
  readonly limit?: number;
}

/** What a hook hears of, and how long it may take. */
interface Attention {
  /** Events of this model alone. */
  readonly model?: string | undefined;
  /** Moves of this alias alone. */
  readonly alias?: string | undefined;
  /** For one attempt; ten seconds unless given. */
  readonly timeoutMs?: number | undefined;
}

/** A server that is sent a request. */
export interface Webhook extends Attention {
  readonly url: string;
  /** Signs the requests; unsigned where it is missing. */
  readonly secret?: string | undefined;
}

/** A program that is started where the server runs. */
export interface CommandHook extends Attention {
  /** Program and arguments; no shell reads them. */
  readonly run: readonly [program: string, ...args: string[]];
  /** Working folder, which relative paths are meant from. */
  readonly folder: string;
}

/** Whoever is told of what happens in the registry. */
export type Hook = Webhook | CommandHook;

/** A hook's turn to hear of an event. */
export interface Delivery {
  readonly event: RegistryEvent;
  /** Counting from 1. */
  readonly attempt: number;
}

export interface RegistryEvents {
  /** Newest first. */
  listRegistryEvents(query?: RegistryEventQuery): Promise<RegistryEvent[]>;
  /** Something that is another after each event: cheap to ask for often. */
  registryRevision(): Promise<string>;

  /** Makes a hook known by its name: it hears of what happens from now on. Known ones stay as they are. */
  ensureWebhook(webhook: string): Promise<void>;
  /**
   * The oldest event that a hook has not heard of and that is due, for this caller alone during `leaseMs`.
   * Events of one model are delivered in their order.
   */
  claimDelivery(webhook: string, leaseMs: number): Promise<Delivery | undefined>;
  /** How the delivery went: done, again after a while, or never. */
  endDelivery(
    webhook: string,
    event: Pick<RegistryEvent, "name" | "number">,
    outcome: "delivered" | "given-up" | { readonly retryAfterMs: number; readonly error: string },
  ): Promise<void>;
}
