import { sql } from "kysely";
import type { RegistryEvent, RegistryEvents } from "../registry-events.ts";
import type { Database, Engine } from "./engine.ts";
import { checkName, checkText } from "./limits.ts";
import type { Tables } from "./tables.ts";

/** Writes an event; the caller's transaction holds the row of the model, so that numbers have no gap. */
export async function writeEvent(db: Database, event: Omit<RegistryEvent, "number">): Promise<void> {
  const { newest } = await db
    .selectFrom("registry_events")
    .select((eb) => eb.fn.max("number").as("newest"))
    .where("name", "=", event.name)
    .executeTakeFirstOrThrow();
  await db
    .insertInto("registry_events")
    .values({
      name: event.name,
      number: (newest ?? 0) + 1,
      kind: event.kind,
      time: event.time,
      made_by: checkText("user", "name", event.user),
      version: event.version ?? null,
      alias: event.alias ?? null,
      previous_version: event.previousVersion ?? null,
    })
    .execute();
}

/** Events of the registry, and who has heard of them, in SQL. */
export function sqlRegistryEvents(engine: Engine, now: () => number): RegistryEvents {
  const { db } = engine;
  return {
    async listRegistryEvents({ name, limit = 1000 } = {}) {
      const all = db.selectFrom("registry_events").selectAll();
      const chosen = name === undefined ? all : all.where("name", "=", name);
      const rows = await chosen
        .orderBy("time", "desc")
        .orderBy("number", "desc")
        .orderBy("name")
        .limit(limit)
        .execute();
      return rows.map(toEvent);
    },
    async registryRevision() {
      const { events } = await db
        .selectFrom("registry_events")
        .select((eb) => eb.fn.countAll<number>().as("events"))
        .executeTakeFirstOrThrow();
      return String(events);
    },
    async ensureWebhook(webhook) {
      checkName("webhook", "name", webhook);
      await db
        .insertInto("webhooks")
        .values({ webhook, creation_time: now() })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    claimDelivery: (webhook, leaseMs) =>
      engine.transaction(async (transaction) => {
        // Servers side by side take turns: the row of the webhook is the lock for its deliveries.
        const known = await transaction
          .updateTable("webhooks")
          .set({ webhook })
          .where("webhook", "=", webhook)
          .returningAll()
          .executeTakeFirst();
        if (!known) return undefined;
        const event = await firstDue(transaction, known, now());
        if (!event) return undefined;
        const { name, number } = event;
        const { attempts } = await transaction
          .insertInto("webhook_deliveries")
          .values({
            ...{ webhook, name, number, status: "DUE", error: null },
            ...{ attempts: 1, due_time: now() + leaseMs },
          })
          .onConflict((conflict) =>
            conflict.columns(["webhook", "name", "number"]).doUpdateSet((eb) => ({
              attempts: sql`${eb.ref("webhook_deliveries.attempts")} + 1`,
              due_time: eb.ref("excluded.due_time"),
            })),
          )
          .returning("attempts")
          .executeTakeFirstOrThrow();
        return { event, attempt: attempts };
      }),
    async endDelivery(webhook, { name, number }, outcome) {
      const change =
        typeof outcome === "string"
          ? ({ status: outcome === "delivered" ? "DELIVERED" : "GIVEN_UP" } as const)
          : { due_time: now() + outcome.retryAfterMs, error: outcome.error.slice(0, 1000) };
      await db
        .updateTable("webhook_deliveries")
        .set(change)
        .where("webhook", "=", webhook)
        .where("name", "=", name)
        .where("number", "=", number)
        .execute();
    },
  };
}

/** The oldest event that is not done with, unless an older one of the same model has to be waited for. */
async function firstDue(
  db: Database,
  { webhook, creation_time }: Tables["webhooks"],
  time: number,
): Promise<RegistryEvent | undefined> {
  const open = await db
    .selectFrom("registry_events as event")
    .leftJoin("webhook_deliveries as delivery", (join) =>
      join
        .onRef("delivery.name", "=", "event.name")
        .onRef("delivery.number", "=", "event.number")
        .on("delivery.webhook", "=", webhook),
    )
    .selectAll("event")
    .select("delivery.due_time as due_time")
    .where("event.time", ">=", creation_time)
    .where((eb) => eb.or([eb("delivery.status", "is", null), eb("delivery.status", "=", "DUE")]))
    .orderBy("event.time")
    .orderBy("event.name")
    .orderBy("event.number")
    .limit(1000)
    .execute();
  const waitsFor = new Set<string>();
  for (const row of open) {
    if (waitsFor.has(row.name)) continue;
    if ((row.due_time ?? 0) <= time) return toEvent(row);
    waitsFor.add(row.name);
  }
  return undefined;
}

function toEvent(row: Tables["registry_events"]): RegistryEvent {
  return {
    name: row.name,
    number: row.number,
    kind: row.kind,
    time: row.time,
    user: row.made_by,
    ...(row.version !== null && { version: row.version }),
    ...(row.alias !== null && { alias: row.alias }),
    ...(row.previous_version !== null && { previousVersion: row.previous_version }),
  };
}
