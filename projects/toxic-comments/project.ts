/** Toxic comments: does a text attack or insult somebody? */
import { defineProject, textClassification, z } from "havn";

export default defineProject({
  name: "toxic-comments",
  task: textClassification,
  route: {
    method: "POST",
    path: "/predict",
    summary: "Whether a comment is toxic",
    request: z.strictObject({ text: z.string().trim().min(1).max(10_000) }),
    response: z.object({ label: z.string(), confidence: z.number() }),
    example: { text: "Thanks for sharing, have a lovely day!" },
    toInput: ({ text }) => ({ text }),
    toReply: ({ label, index, probabilities }) => ({ label, confidence: probabilities[index]!.probability }),
  },
  metrics: [
    {
      name: "comment_length",
      help: "Characters of the comments that were asked about",
      buckets: [10, 25, 50, 100, 150, 200, 300, 500, 1000, 5000],
      measure: ({ text }) => text.length,
    },
  ],
  page: {
    title: "Toxic comments",
    description: "Reads a comment and says whether it attacks or insults somebody.",
    input: {
      kind: "text",
      field: "text",
      label: "A comment",
      placeholder: "Thanks for sharing, have a lovely day!",
      examples: [
        "Thanks for sharing, have a lovely day!",
        "You are an idiot and nobody likes you.",
        "I do not agree with the second half of this article.",
      ],
      maxLength: 10_000,
    },
  },
});
