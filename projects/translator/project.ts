/** From Danish to English. */
import { defineProject, translation, z } from "havn";

export default defineProject({
  name: "translator",
  task: translation,
  route: {
    method: "POST",
    reads: "query",
    path: "/",
    summary: "The English translation of a Danish sentence, word by word where it is streamed",
    request: z.strictObject({
      input: z.string().trim().min(1).max(10_000),
      stream: z.enum(["true", "false"]).optional(),
    }),
    response: z.object({
      translation: z.string(),
      /** Whether it is incomplete, since the input or the translation itself is too long. */
      truncated: z.boolean(),
    }),
    example: { input: "Hvor ligger banegården?" },
    toInput: ({ input }) => ({ text: input }),
    toReply: ({ translation, isSourceCut, isTranslationCut }) => ({
      translation,
      truncated: isSourceCut || isTranslationCut,
    }),
    streams: ({ stream }) => stream === "true",
  },
  metrics: [
    {
      name: "input_length",
      help: "Characters of the sentences that were asked about",
      buckets: [10, 25, 50, 100, 150, 200, 300, 500, 1000, 5000],
      measure: ({ text }) => text.length,
    },
  ],
  page: {
    title: "Translator",
    description: "Translates a Danish sentence into English.",
    input: {
      kind: "text",
      field: "input",
      label: "A Danish sentence",
      placeholder: "Hvor ligger banegården?",
      examples: ["Hvor ligger banegården?", "Jeg ved ikke, hvad hun hedder.", "Tom læser en bog om Danmark."],
      maxLength: 10_000,
    },
    answer: {
      kind: "text",
      field: "translation",
      incomplete: {
        field: "truncated",
        note: "The translation is incomplete: the text or its translation is too long.",
      },
      stream: { stream: "true" },
    },
  },
});
