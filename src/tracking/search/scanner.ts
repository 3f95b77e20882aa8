import { StoreError } from "../store-error.ts";

/** What a search can speak of; `attribute` is a property of the thing itself, such as its name. */
export type Entity = "attribute" | "metric" | "param" | "tag" | "dataset" | "metadata";

/** Names by which MLflow's clients call the entities. */
const entityNames: Record<string, Entity> = {
  attribute: "attribute",
  attributes: "attribute",
  attr: "attribute",
  run: "attribute",
  trace: "attribute",
  metric: "metric",
  metrics: "metric",
  param: "param",
  params: "param",
  parameter: "param",
  parameters: "param",
  tag: "tag",
  tags: "tag",
  dataset: "dataset",
  datasets: "dataset",
  metadata: "metadata",
  request_metadata: "metadata",
};

export interface Identifier {
  readonly entity: Entity;
  readonly key: string;
}

const longestText = 10_000;
const plainKey = /[\p{L}\p{N}_][\p{L}\p{N}_./-]*/uy;

/** Reads a search text from left to right; every refusal says where it stands. */
export class Scanner {
  readonly subject: string;
  readonly text: string;
  position = 0;

  constructor(subject: "filter" | "order", text: string) {
    this.subject = subject;
    this.text = text;
    if (text.length > longestText) {
      throw new StoreError(
        "invalid",
        subject,
        `${subject} has ${text.length} characters, at most ${longestText} are allowed`,
      );
    }
  }

  /** The text that `pattern` (sticky) matches here, after white space. */
  take(pattern: RegExp): string | undefined {
    this.skipSpace();
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.position += found.length;
    return found;
  }

  get atEnd(): boolean {
    this.skipSpace();
    return this.position === this.text.length;
  }

  /** `metrics.loss`, `tags."mlflow.user"`, `` params.`learning rate` `` or an attribute alone: `start_time`. */
  identifier(): Identifier {
    const first = this.quoted("`") ?? this.quoted('"');
    if (first !== undefined && this.text[this.position] !== ".") return { entity: "attribute", key: first };
    const word = first ?? this.take(/[\p{L}_][\p{L}\p{N}_]*/uy);
    if (word === undefined) throw this.expected("a name such as metrics.loss");
    if (this.text[this.position] !== ".") return { entity: "attribute", key: word };
    if (!Object.hasOwn(entityNames, word))
      throw this.expected("attributes, metrics, params, tags or datasets before the point", word);
    this.position++;
    const key = this.quoted("`") ?? this.quoted('"') ?? this.take(plainKey);
    if (key === undefined || key === "") throw this.expected(`a key after ${word}.`);
    return { entity: entityNames[word]!, key };
  }

  /** Text between two quotes; a quote inside is written twice. */
  quoted(quote: "'" | '"' | "`"): string | undefined {
    this.skipSpace();
    if (this.text[this.position] !== quote) return undefined;
    let inside = "";
    for (let at = this.position + 1; ; ) {
      const end = this.text.indexOf(quote, at);
      if (end < 0) throw this.expected(`a closing ${quote}`, this.text.slice(this.position));
      inside += this.text.slice(at, end);
      if (this.text[end + 1] !== quote) {
        this.position = end + 1;
        return inside;
      }
      inside += quote;
      at = end + 2;
    }
  }

  expected(what: string, got: string = this.text.slice(this.position)): StoreError {
    const shown = got === "" ? "the end" : JSON.stringify(got.length > 40 ? `${got.slice(0, 40)}...` : got);
    const message = `${this.subject}: expected ${what}, got ${shown} at character ${this.position + 1} of ${JSON.stringify(this.text.slice(0, 500))}`;
    return new StoreError("invalid", this.subject, message, { expected: what, got: shown });
  }

  private skipSpace(): void {
    while (this.position < this.text.length && /\s/.test(this.text[this.position]!)) this.position++;
  }
}
