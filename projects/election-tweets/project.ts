/** Election tweets: is what is written about a candidate negative, neutral or positive? */
import { defineProject, textClassification, z } from "havn";

export default defineProject({
  name: "election-tweets",
  task: textClassification,
  route: {
    method: "GET",
    path: "/predict",
    summary: "The sentiment of a tweet about an election",
    request: z.strictObject({ review: z.string().trim().min(1).max(10_000) }),
    response: z.object({ sentiment: z.string(), confidence: z.number() }),
    example: { review: "Great to see so many people at the rally tonight!" },
    toInput: ({ review }) => ({ text: review }),
    toReply: ({ label, index, probabilities }) => ({
      sentiment: label,
      confidence: probabilities[index]!.probability,
    }),
  },
  page: {
    title: "Election tweets",
    description: "Reads a tweet about a candidate and says whether it is negative, neutral or positive.",
    input: {
      kind: "text",
      field: "review",
      label: "A tweet",
      placeholder: "Great to see so many people at the rally tonight!",
      examples: [
        "Great to see so many people at the rally tonight!",
        "The debate starts at nine on all channels.",
        "Another promise broken, and nobody is surprised.",
      ],
      maxLength: 10_000,
    },
  },
});
