/** Photos of playing cards: which rank, which suit? */
import { defineProject, imageClassification, imageUpload, type LabelAnswer, z } from "havn";

const ranks = "ace two three four five six seven eight nine ten jack queen king".split(" ");
const suits = "clubs diamonds hearts spades".split(" ");

const shares = z.record(z.string(), z.number());
const sharesOf = ({ probabilities }: LabelAnswer) =>
  Object.fromEntries(probabilities.map(({ label, probability }) => [label, probability]));

export default defineProject({
  name: "playing-cards",
  // The joker has neither rank nor suit. It is left out, unless data.leave_out=[] makes it one of both.
  task: imageClassification({
    heads: {
      rank: { labels: [...ranks, "joker"] },
      suit: { labels: [...suits, "joker"], empty: "joker" },
    },
  }),
  route: {
    ...imageUpload,
    path: "/classify",
    summary: "Rank and suit of the card on a photo",
    response: z.object({
      file: z.string(),
      rank: z.string(),
      suit: z.string(),
      rank_probabilities: shares,
      suit_probabilities: shares,
    }),
    toReply: ({ rank, suit }, { image }) => ({
      file: image.name,
      rank: rank.label,
      suit: suit.label,
      rank_probabilities: sharesOf(rank),
      suit_probabilities: sharesOf(suit),
    }),
  },
  metrics: [
    {
      name: "image_bytes",
      help: "Size of the photos that were asked about",
      buckets: [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000],
      measure: ({ bytes }) => bytes.length,
    },
  ],
  page: {
    title: "Playing cards",
    description: "Looks at the photo of a playing card and says its rank and its suit.",
    input: { kind: "image", field: "image", label: "A photo of one card" },
  },
});
