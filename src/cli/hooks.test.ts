import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { openStore } from "../tracking/index.ts";
import { readHooks } from "./hooks.ts";
import { havn, startHavn } from "./testing/havn-process.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-hooks-"));
});
afterEach(() => rm(home, { recursive: true }));

const write = (yaml: string) => writeFile(join(home, "hooks.yaml"), yaml);

test("a home without hooks has none; a wrong one is named with its place", async () => {
  expect(readHooks(home)).toEqual([]);
  await write("webhooks:\n  - url: example.org\n    modle: cards\n");
  expect(() => readHooks(home)).toThrow(/hooks\.yaml:3.*did you mean webhooks\.0\.model\?/);
  expect(() => readHooks(home)).toThrow('webhooks.0.url must be a URL, got "example.org"');
});

test("a program that is not there is said before anything happens", async () => {
  await write("commands:\n  - run: [no-such-program, now]\n  - run: [./deploy.sh]\n");
  expect(() => readHooks(home)).toThrow(
    `config ${join(basename(home), "hooks.yaml")}:2: commands.0.run.0 must be a program, but none called no-such-program is in PATH`,
  );
  const script = join(home, "deploy.sh");
  const notExecutable = `commands.1.run.0 must be a program, but ${script} is no file that may be executed`;
  expect(() => readHooks(home)).toThrow(notExecutable);
  await writeFile(script, "#!/bin/sh\n");
  expect(() => readHooks(home)).toThrow(notExecutable);
  await chmod(script, 0o755);
  await write("commands:\n  - { run: [./deploy.sh], alias: inference, timeout_seconds: 60 }\n");
  expect(readHooks(home)).toEqual([
    { run: ["./deploy.sh"], alias: "inference", timeoutMs: 60_000, folder: home },
  ]);
});

test.each([
  { command: ["up", "--no-train"], ready: /Havn is at/ },
  { command: ["track"], ready: /MLFLOW_TRACKING_URI/ },
])(
  "havn $command.0 tells of a promotion that another process makes: a server and a program",
  async ({ command, ready }) => {
    const received: unknown[] = [];
    const receiver = createServer(async (request, response) => {
      received.push(JSON.parse(await text(request)));
      response.end();
    });
    await new Promise<void>((listening) => receiver.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void receiver.close());
    await write(`webhooks:
  - url: http://127.0.0.1:${(receiver.address() as AddressInfo).port}/
    secret: \${oc.env:HOOK_SECRET}
commands:
  - run: [./deploy.sh, "\${oc.env:HOOK_SECRET}"]
    alias: inference
`);
    const script = `#!/bin/sh\necho "$1 $HAVN_MODEL $HAVN_VERSION" >> told\n[ $(wc -l < told) -gt 1 ]\n`;
    await writeFile(join(home, "deploy.sh"), script, { mode: 0o755 });
    const store = await openStore({ home });
    onTestFinished(() => store.close());
    await store.createRegisteredModel("reviews");
    await store.createModelVersion({ name: "reviews", source: "a" });

    const server = startHavn([...command, "--port", "0", "--home", home, "--log-level", "info"], {
      env: { HOOK_SECRET: "tiger" },
    });
    onTestFinished(() => void server.stop("SIGKILL"));
    await server.says(ready);
    const promoted = await havn(["models", "promote", "reviews", "1", "--home", home]);
    expect(promoted.code).toBe(0);
    while (received.length === 0) await new Promise(setImmediate);
    expect(received).toMatchObject([
      { entity: "model_version_alias", data: { name: "reviews", alias: "inference", version: "1" } },
    ]);
    // It fails once, and says so in the log.
    await server.says(/"hook":"\.\/deploy\.sh".*"error":"exit code 1".*tried again/);
    await server.says(/"hook":"\.\/deploy\.sh".*a hook was told/);
    expect(await readFile(join(home, "told"), "utf8")).toBe("tiger reviews 1\n".repeat(2));
    expect(server.output).not.toContain("tiger");
    const { code } = await server.stop("SIGTERM");
    expect(code).toBe(0);
  },
);
