/** Critic reviews: does a sentence speak well of the film? */
import { defineProject, textClassification, z } from "havn";

export default defineProject({
  name: "movie-reviews",
  task: textClassification,
  route: {
    method: "POST",
    path: "/inference",
    summary: "Whether a sentence of a review speaks well of the film",
    request: z.strictObject({ statement: z.string().trim().min(1).max(10_000) }),
    response: z.object({ sentiment: z.union([z.literal(0), z.literal(1)]) }),
    example: { statement: "A warm and funny film with a heart." },
    toInput: ({ statement }) => ({ text: statement }),
    toReply: ({ index }) => ({ sentiment: index === 1 ? 1 : 0 }),
  },
  metrics: [
    {
      name: "review_length",
      help: "Characters of the reviews that were asked about",
      buckets: [10, 25, 50, 100, 150, 200, 300, 500, 1000, 5000],
      measure: ({ text }) => text.length,
    },
  ],
  page: {
    title: "Movie reviews",
    description: "Reads a sentence from a critic's review and says whether it speaks well of the film.",
    input: {
      kind: "text",
      field: "statement",
      label: "A sentence from a review",
      placeholder: "A warm and funny film with a heart.",
      examples: [
        "A warm and funny film with a heart.",
        "Two hours that feel like four, and not one honest line.",
        "The acting is superb, but the plot falls apart.",
      ],
      maxLength: 10_000,
    },
  },
});
