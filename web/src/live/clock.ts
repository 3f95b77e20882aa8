import { createSubscriber } from "svelte/reactivity";

/** The time, for templates: what reads it is drawn again every few seconds, as long as somebody reads it. */
export function clock(everyMs = 5000): { readonly now: number } {
  const subscribe = createSubscriber((update) => {
    const timer = setInterval(update, everyMs);
    return () => clearInterval(timer);
  });
  return {
    get now() {
      subscribe();
      return Date.now();
    },
  };
}
