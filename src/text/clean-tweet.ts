import { PYTHON_SPACE, pythonStrip } from "./python-words.ts";

// Python's \w: letters and numbers of all scripts, but no marks.
const PYTHON_WORD = "\\p{L}\\p{N}_";
const REMOVED = [
  new RegExp(`http[^${PYTHON_SPACE}]+`, "gu"),
  new RegExp(`@[${PYTHON_WORD}]+`, "gu"),
  new RegExp(`#[${PYTHON_WORD}]+`, "gu"),
  new RegExp(`[^a-zA-Z${PYTHON_SPACE}]`, "gu"),
];

/** The election project's cleaning: lower case, without links, users, hashtags and all but a to z and white space. */
export const cleanTweet = (tweet: string): string =>
  pythonStrip(REMOVED.reduce((text, removed) => text.replace(removed, ""), tweet.toLowerCase()));
