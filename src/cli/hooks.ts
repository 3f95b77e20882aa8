/** Hooks of a home folder: `hooks.yaml`, servers and programs that are told what happens in the registry. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { compose, validate } from "../config/index.ts";
import { deliverEvents, type Hook } from "../tracking/index.ts";
import type { Context } from "./context.ts";

const attention = {
  model: z.string().min(1).optional(),
  alias: z.string().min(1).optional(),
  timeout_seconds: z.number().min(1).max(3600).optional(),
};

const hooksFile = (home: string) =>
  z.strictObject({
    webhooks: z
      .array(
        z.strictObject({
          url: z.url({ protocol: /^https?$/ }),
          /** As in `${oc.env:DEPLOY_SECRET}`, so that it does not lie in the file. */
          secret: z.string().min(1).optional(),
          ...attention,
        }),
      )
      .default([]),
    commands: z
      .array(z.strictObject({ run: z.tuple([program(home)], z.string()), ...attention }))
      .default([]),
  });

/** A file, relative to the home where it has a slash, or a name that is looked up as a shell does. */
const program = (home: string) =>
  z
    .string()
    .min(1)
    .refine((name) => placesOf(name, home).some(isProgram), {
      error: ({ input }) =>
        String(input).includes("/")
          ? `must be a program, but ${resolve(home, String(input))} is no file that may be executed`
          : `must be a program, but none called ${input} is in PATH`,
    });

const placesOf = (name: string, home: string): string[] =>
  name.includes("/")
    ? [resolve(home, name)]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** @throws {ConfigError} with the place of every wrong key */
export function readHooks(home: string): Hook[] {
  if (!existsSync(join(home, "hooks.yaml"))) return [];
  const { webhooks, commands } = validate(compose(home, { primary: "hooks" }), hooksFile(home));
  const timed = <Entry extends { timeout_seconds?: number | undefined }>({
    timeout_seconds: seconds,
    ...hook
  }: Entry) => ({ ...hook, timeoutMs: seconds === undefined ? undefined : seconds * 1000 });
  return [...webhooks.map(timed), ...commands.map((command) => ({ ...timed(command), folder: home }))];
}

/** Delivers in the background for as long as it is in use. */
export function startHooks(
  { home, store }: Pick<Context, "home" | "store">,
  logger: Pick<Logger, "info" | "warn">,
): AsyncDisposable {
  const stop = new AbortController();
  const delivering = deliverEvents(store, readHooks(home), {
    signal: stop.signal,
    onDelivered: ({ hook, event: { name, kind } }) =>
      logger.info({ hook, model: name, event: kind }, "a hook was told"),
    onFailure: ({ hook, event: { name, kind }, error, isLast }) =>
      logger.warn(
        { hook, model: name, event: kind, error },
        isLast ? "a hook was given up" : "a hook will be tried again",
      ),
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await delivering;
    },
  };
}
