/** Whose service answers at a URL, as it says itself under `/v2`. */
import { z } from "zod";

const serverMetadata = z.object({ name: z.string(), extensions: z.array(z.string()) });

/**
 * The project whose service is at a URL; undefined where something else answers.
 * @throws {TypeError} of `fetch`, when nothing answers
 */
export async function servedProject(url: string): Promise<string | undefined> {
  const about = await fetch(`${url.replace(/\/$/, "")}/v2`);
  if (!about.ok) return undefined;
  return serverMetadata.safeParse(await about.json().catch(() => undefined)).data?.name;
}

/** @throws {Error} when nothing answers at the URL, or another project's service; it says how to start the right one */
export async function expectService(project: string, url: string): Promise<void> {
  const served = await servedProject(url).catch((cause: Error) => {
    const { message } = cause.cause instanceof Error ? cause.cause : cause;
    throw new Error(
      `${url} cannot be reached (${message}); start the service with\n  ${start(project, url)}`,
      { cause },
    );
  });
  if (served === undefined || served === project) return;
  const instead = isBelowPrefix(url)
    ? `which ends with /projects/${project} under havn up`
    : `or stop that one and start\n  ${start(project, url)}`;
  throw new Error(`${url} serves ${served}, not ${project}: give the URL of its own service, ${instead}`);
}

const isBelowPrefix = (url: string): boolean => new URL(url).pathname !== "/";

function start(project: string, url: string): string {
  const { port, protocol } = new URL(url);
  const command = isBelowPrefix(url) ? "up" : `serve ${project}`;
  return `npx havn ${command} --port ${port || (protocol === "https:" ? 443 : 80)}`;
}
