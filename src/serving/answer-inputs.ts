/** The way of a batch through task and model: prepare, collate, run, respond. */
import type { NdArrays } from "../tensor/index.ts";
import { type Answered, modelFailed, type Outcome, refusalOf } from "./outcome.ts";
import type { OpenedServable, Servable } from "./servable.ts";

/**
 * One outcome for each input, in order. An input that cannot be prepared costs the others nothing, and where the batch
 * fails as a whole each runs alone, so that only the one at fault fails.
 */
export async function answerInputs<Input, Example, Answer>(
  opened: OpenedServable<Input, Example, Answer>,
  inputs: readonly Input[],
): Promise<Outcome<Answer>[]> {
  const { servable } = opened;
  const prepared = await Promise.allSettled(inputs.map(async (input) => servable.prepare(input)));
  const examples = prepared.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const answered = await answerExamples(opened, examples);
  let next = 0;
  return prepared.map((result) =>
    result.status === "fulfilled" ? answered[next++]! : { refusal: refusalOf(result.reason) },
  );
}

async function answerExamples<Input, Example, Answer>(
  opened: OpenedServable<Input, Example, Answer>,
  examples: readonly Example[],
): Promise<Outcome<Answer>[]> {
  if (examples.length === 0) return [];
  const { servable, model } = opened;
  try {
    const answers = servable.respond(await model.run(servable.collate(examples)));
    if (answers.length !== examples.length)
      throw new Error(
        `respond must return one answer for each row, expected ${examples.length}, got ${answers.length}`,
      );
    return answers.map((answer) => ({ answered: answeredOf(servable, answer) }));
  } catch (error) {
    if (examples.length === 1) return [{ refusal: modelFailed(error) }];
    const alone: Outcome<Answer>[] = [];
    for (const example of examples) alone.push(...(await answerExamples(opened, [example])));
    return alone;
  }
}

/**
 * The same for one input, with the answer so far whenever it has grown. A model that cannot say it in parts says it at
 * once.
 * @param isWanted asked at each part; where nobody waits any more, the model stops
 */
export async function streamAnswer<Input, Example, Answer>(
  { servable, model }: OpenedServable<Input, Example, Answer>,
  input: Input,
  { onPart, isWanted }: { onPart(part: Answered<Answer>): void; isWanted(): boolean },
): Promise<Outcome<Answer>> {
  const one = (outputs: NdArrays) => answeredOf(servable, servable.respond(outputs)[0]!);
  let example: Example;
  try {
    example = await servable.prepare(input);
  } catch (error) {
    return { refusal: refusalOf(error) };
  }
  try {
    const inputs = servable.collate([example]);
    if (!model.stream) return { answered: one(await model.run(inputs)) };
    const outputs = await model.stream(inputs, (soFar) => {
      if (!isWanted()) throw new Error("nobody waits for the rest of the answer");
      onPart(one(soFar));
    });
    return { answered: one(outputs) };
  } catch (error) {
    return { refusal: modelFailed(error) };
  }
}

function answeredOf<Answer>(
  servable: Pick<Servable<never, never, Answer>, "probabilities" | "label" | "confidence">,
  answer: Answer,
): Answered<Answer> {
  const probabilities = servable.probabilities?.(answer);
  const label = servable.label?.(answer);
  const confidence = servable.confidence?.(answer) ?? (probabilities && Math.max(...probabilities));
  return {
    answer,
    ...(probabilities && { probabilities }),
    ...(label !== undefined && { label }),
    ...(confidence !== undefined && { confidence }),
  };
}
