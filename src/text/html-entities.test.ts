import { expect, test } from "vitest";
import { replaceHtmlEntities } from "./html-entities.ts";

// Expected values: NLTK's _replace_html_entities, in transformers 5.23.0.
test.each([
  ["&amp;&lt;&gt;&quot;", '&<>"'],
  ["&eacute;t&eacute; &nbsp;&yuml;&lang;&euro;", "été \u00A0ÿ\u2329€"],
  ["&#65;&#x41;&#X41;&x41;", "AAA"],
  ["&#150;&#129;", "–"],
  ["&foo;&AMP;", ""],
  ["&#٣٤;&#1_0;&#x0x41;", '"\nA'],
  ["&#0x41;&#-5;&#99999999;", ""],
  ["& ; &a b;", "& ; &a b;"],
])("%j becomes %j", (text, replaced) => {
  expect(replaceHtmlEntities(text)).toBe(replaced);
});
