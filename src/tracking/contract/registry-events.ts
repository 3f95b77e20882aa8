import { describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import type { Given } from "./given.ts";

/** What holds for the events of the registry and for those who hear of them. */
export function registryEventsContract(given: Given<Store>): void {
  describe("events of the registry", () => {
    async function twoVersions(name = "reviews") {
      await given.store.createRegisteredModel(name);
      for (const source of ["a", "b"]) await given.store.createModelVersion({ name, source });
    }
    const hook = "https://example.org/hook";
    const claim = (webhook = hook) => given.store.claimDelivery(webhook, 50);

    test("say who moved which alias, when, from where", async () => {
      await twoVersions();
      const before = await given.store.registryRevision();
      given.time = 2000;
      await given.store.setAlias("reviews", "inference", 1, "ada");
      expect(await given.store.registryRevision()).not.toBe(before);
      given.time = 3000;
      await given.store.setAlias("reviews", "inference", 2, "grace");
      await given.store.setAlias("reviews", "inference", 2, "grace");
      given.time = 4000;
      await given.store.deleteAlias("reviews", "inference", "ada");
      await given.store.deleteAlias("reviews", "inference", "ada");
      const events = await given.store.listRegistryEvents({ name: "reviews" });
      expect(events.slice(0, 3)).toEqual([
        {
          ...{ name: "reviews", number: 5, kind: "alias-deleted", time: 4000, user: "ada" },
          ...{ alias: "inference", previousVersion: 2 },
        },
        {
          ...{ name: "reviews", number: 4, kind: "alias-set", time: 3000, user: "grace" },
          ...{ alias: "inference", version: 2, previousVersion: 1 },
        },
        {
          ...{ name: "reviews", number: 3, kind: "alias-set", time: 2000, user: "ada" },
          ...{ alias: "inference", version: 1 },
        },
      ]);
      expect(events.slice(3)).toMatchObject([
        { kind: "version-created", version: 2 },
        { kind: "version-created", version: 1, time: 1000 },
      ]);
      await twoVersions("cards");
      expect(await given.store.listRegistryEvents({ name: "cards" })).toHaveLength(2);
      expect(await given.store.listRegistryEvents({ limit: 3 })).toHaveLength(3);
    });

    test("what is refused leaves no event", async () => {
      await twoVersions();
      await expect(given.store.setAlias("reviews", "no such alias", 1)).rejects.toThrow();
      await expect(given.store.setAlias("reviews", "inference", 9)).rejects.toThrow();
      expect(await given.store.listRegistryEvents()).toHaveLength(2);
    });

    test("a webhook hears of each event once, in order, from the time it is known", async () => {
      await twoVersions();
      given.time++;
      await given.store.ensureWebhook(hook);
      expect(await claim()).toBeUndefined();
      await given.store.setAlias("reviews", "inference", 1);
      await given.store.setAlias("reviews", "inference", 2);
      const first = await claim();
      expect(first).toMatchObject({ attempt: 1, event: { kind: "alias-set", version: 1 } });
      // The next of the same model waits for it; another webhook has its own turn.
      expect(await claim()).toBeUndefined();
      await given.store.endDelivery(hook, first!.event, "delivered");
      const second = await claim();
      expect(second).toMatchObject({ attempt: 1, event: { version: 2 } });
      await given.store.endDelivery(hook, second!.event, "given-up");
      expect(await claim()).toBeUndefined();
      await given.store.ensureWebhook(hook);
      expect(await claim("https://example.org/unknown")).toBeUndefined();
    });

    test("a delivery that fails comes again when it is due, also after a deliverer has died", async () => {
      await given.store.ensureWebhook(hook);
      await twoVersions();
      const { event } = (await claim())!;
      await given.store.endDelivery(hook, event, { retryAfterMs: 1000, error: "503" });
      expect(await claim()).toBeUndefined();
      given.time += 1000;
      expect(await claim()).toMatchObject({ attempt: 2, event: { number: event.number } });
      expect(await claim()).toBeUndefined();
      given.time += 50;
      expect(await claim()).toMatchObject({ attempt: 3, event: { number: event.number } });
    });

    test("deliverers at once share the events", async () => {
      await given.store.ensureWebhook(hook);
      for (const name of ["a", "b", "c", "d"]) await twoVersions(name);
      const claims = Array.from({ length: 8 }, () => claim());
      const heard = (await Promise.all(claims)).flatMap((delivery) => delivery?.event.name ?? []);
      expect(heard.sort()).toEqual(["a", "b", "c", "d"]);
    });
  });
}
