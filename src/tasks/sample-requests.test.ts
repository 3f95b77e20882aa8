import { expect, test } from "vitest";
import { loadProject } from "./project.ts";
import { projectConfig } from "./project-config.ts";
import { sampleRequests } from "./sample-requests.ts";

test.each([
  ["movie-reviews", "POST", /^\/inference$/],
  ["election-tweets", "GET", /^\/predict\?review=./],
  ["toxic-comments", "POST", /^\/predict$/],
  ["playing-cards", "POST", /^\/classify$/],
  ["translator", "POST", /^\/\?input=./],
])("what %s is asked about comes from the project", async (name, method, path) => {
  const project = await loadProject(name);
  const config = projectConfig(project, [], { command: "havn load" });
  const samples = await sampleRequests(project, config, { limit: 3 });
  expect(samples).toHaveLength(3);
  for (const { request } of samples)
    expect(request).toMatchObject({ method, path: expect.stringMatching(path) });
});

test("the translator is asked about its test rows, not about the examples of its page", async () => {
  const project = await loadProject("translator");
  const config = projectConfig(project, [], { command: "havn load" });
  const { folder, task, page } = project;
  const splits = await task.read(config.task, { folder, seed: config.common.seed });
  const samples = await sampleRequests(project, config, { limit: 5 });
  expect(splits.test.rows.slice(0, 5)).toMatchObject(samples.map(({ sample }) => ({ text: sample })));
  expect(page.input).not.toMatchObject({ examples: expect.arrayContaining([samples[0]!.sample]) });
});
