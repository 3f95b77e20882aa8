// Tags in which MLflow keeps a list, as JSON.
import { limits } from "../sql/limits.ts";

/** The value of such a tag with one more element. Where that has no room, the oldest elements go. */
export function withElement(tag: string | undefined, element: unknown): string {
  const elements = [...elementsOf(tag), element];
  while (elements.length > 1 && JSON.stringify(elements).length > limits.tag) elements.shift();
  return JSON.stringify(elements);
}

/** Of a tag that holds something else, nothing. */
function elementsOf(tag: string | undefined): unknown[] {
  try {
    const elements: unknown = JSON.parse(tag ?? "[]");
    return Array.isArray(elements) ? elements : [];
  } catch {
    return [];
  }
}
