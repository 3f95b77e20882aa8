import { expect, test } from "vitest";
import type { Project } from "./projects.ts";
import { type AnswerPart, streamAnswer } from "./stream-answer.ts";

const answer = {
  kind: "text" as const,
  field: "translation",
  incomplete: { field: "truncated", note: "Too long." },
  stream: { stream: "true" },
};
const project: Project = {
  ...{ name: "translator", title: "Translator", description: "", path: "/projects/translator/", route: "/" },
  input: { kind: "text", field: "input", label: "", placeholder: "", examples: [], maxLength: 9 },
  ...{ answer, model: null },
};

async function partsOf(events: string, asked: unknown[] = [], status = 200) {
  const fetch: typeof globalThis.fetch = async (url, init) => {
    asked.push(url, init?.method);
    return new Response(events, { status });
  };
  const parts: AnswerPart[] = [];
  for await (const part of streamAnswer(project, "Hej & hej", { answer, fetch })) parts.push(part);
  return parts;
}

test("an answer grows, and its end says whether it is whole", async () => {
  const asked: unknown[] = [];
  const events =
    'data: {"translation":"Hello","truncated":true}\n\nevent: answer\ndata: {"translation":"Hello there","truncated":true}\n\n';
  expect(await partsOf(events, asked)).toEqual([
    { text: "Hello", isWhole: false, isIncomplete: false },
    { text: "Hello there", isWhole: true, isIncomplete: true },
  ]);
  expect(asked).toEqual(["/projects/translator/?stream=true&input=Hej+%26+hej", "POST"]);
});

test("what goes wrong is an error: before the first part, between parts, without an end", async () => {
  const refusal = '{"error":{"code":"overloaded","message":"Ask again later."}}';
  await expect(partsOf(refusal, [], 503)).rejects.toThrow("Ask again later.");
  await expect(partsOf(`event: error\ndata: ${refusal}\n\n`)).rejects.toThrow("Ask again later.");
  await expect(partsOf('data: {"translation":"Hello"}\n\n')).rejects.toThrow("broke off");
});
