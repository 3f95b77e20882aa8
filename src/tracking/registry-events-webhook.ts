import { createHash, createHmac } from "node:crypto";
import type { Webhook } from "./registry-events.ts";
import type { DeliveryFailure, Receiver } from "./registry-events-receiver.ts";

/** Sends events as signed requests, as MLflow's own webhooks are. @see https://mlflow.org/docs/latest/ml/webhooks */
export const webhookReceiver = (
  { url, secret }: Pick<Webhook, "url" | "secret">,
  now: () => number,
): Receiver => ({
  name: url,
  // Paths and queries of webhooks are often secrets.
  label: new URL(url).host,
  async receive({ event, body }, signal) {
    const timestamp = String(Math.trunc(now() / 1000));
    // The same for every attempt, so that a receiver can tell a repetition.
    const id = createHash("sha256")
      .update(`${url}\n${event.name}\n${event.number}`)
      .digest("hex")
      .slice(0, 32);
    const headers = {
      "content-type": "application/json",
      "x-mlflow-delivery-id": id,
      "x-mlflow-timestamp": timestamp,
      ...(secret && { "x-mlflow-signature": signatureOf(secret, `${id}.${timestamp}.${body}`) }),
    };
    try {
      const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
      await response.body?.cancel();
      return response.ok ? undefined : refusal(response);
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { error: cause instanceof Error ? cause.message || cause.name : String(cause) };
    }
  },
});

/** As Standard Webhooks and MLflow sign: HMAC-SHA256 of id, time and body. */
const signatureOf = (secret: string, content: string): string =>
  `v1,${createHmac("sha256", secret).update(content).digest("base64")}`;

function refusal({ status, headers }: Response): DeliveryFailure {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return {
    error: `status ${status}`,
    isFinal: status < 500 && ![408, 425, 429].includes(status),
    retryAfterMs: seconds >= 0 ? seconds * 1000 : undefined,
  };
}
