/** A server for this machine alone answers under the names of this machine alone. */
import type { Application } from "../serving/index.ts";

export interface KnownHosts {
  /** The address that the server binds to. */
  readonly host: string;
  /** Further names, such as the one that a proxy in front of it passes on. */
  readonly allowHost?: readonly string[];
}

/**
 * Refuses requests under foreign names while the server is bound to this machine alone: a page of another site whose
 * name is made to point here (DNS rebinding) would otherwise read and write as if it were one of ours. A server that
 * is bound to the network answers under any name, since it cannot know its own.
 */
export function forKnownHosts(app: Application, { host, allowHost = [] }: KnownHosts): Application {
  if (!isThisMachine(host)) return app;
  return {
    fetch: (request, bindings) => {
      const { hostname } = new URL(request.url);
      if (isThisMachine(hostname) || allowHost.includes(hostname)) return app.fetch(request, bindings);
      const message = `this server answers on this machine only, not as "${hostname}"; to let it: --allow-host ${hostname}`;
      return Response.json({ error: { code: "unknown-host", message } }, { status: 403 });
    },
  };
}

const isThisMachine = (name: string): boolean =>
  /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(name);
