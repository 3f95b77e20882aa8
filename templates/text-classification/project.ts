/** my-project: a text and its label. */
import { defineProject, textClassification, z } from "havn";

export default defineProject({
  name: "my-project",
  task: textClassification,
  route: {
    method: "POST",
    path: "/classify",
    summary: "The label of a text",
    request: z.strictObject({ text: z.string().trim().min(1).max(10_000) }),
    response: z.object({ label: z.string(), confidence: z.number() }),
    example: { text: "An example" },
    toInput: ({ text }) => ({ text }),
    toReply: ({ label, index, probabilities }) => ({ label, confidence: probabilities[index]!.probability }),
  },
  page: {
    title: "my-project",
    description: "Reads a text and gives it a label.",
    input: {
      kind: "text",
      field: "text",
      label: "A text",
      placeholder: "An example",
      examples: ["An example"],
      maxLength: 10_000,
    },
  },
});
