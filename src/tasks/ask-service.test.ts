import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { askService } from "./ask-service.ts";
import { loadProject } from "./project.ts";
import type { AnyTask } from "./task.ts";

const judging = { judge: () => 1, measure: () => ({}) } as unknown as AnyTask;

test("the service of another project is named before it is asked about a row", async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.end('{"name":"movie-reviews","version":"1","extensions":[]}');
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const project = await loadProject("toxic-comments");
  await expect(askService(project, judging, [{ text: "hello" }], url)).rejects.toThrow(
    `${url} serves movie-reviews, not toxic-comments: give the URL of its own service, or stop that one and start
  npx havn serve toxic-comments --port ${new URL(url).port}`,
  );
  expect(asked).toEqual(["/v2"]);
});

test("a task that cannot judge answers says what can be done", async () => {
  const project = await loadProject("translator");
  const { judge: _, ...mute } = judging;
  await expect(askService(project, mute as AnyTask, [], "http://127.0.0.1:9")).rejects.toThrow(
    "the task of translator cannot judge what a service answers; leave out --service to judge the files of its model",
  );
});
