/**
 * Names of emoji sequences between colons, such as ":thumbs_up:", from a table with a line for each.
 *
 * A line is a sequence, a space, a name. A `~` in the sequence stands for any skin tone or none, and the name then ends
 * with the tone, or has it where its own `~` is; of two equal tones it has one. Two `^` are two unequal tones. Every
 * variation selector U+FE0F may be missing, and gives way to a tone before it.
 */
export function emojiNames(table: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of table.split("\n").filter((line) => line !== "")) {
    const space = line.indexOf(" ");
    const [sequence, name] = [line.slice(0, space), line.slice(space + 1)];
    for (const tones of toneChoices(sequence))
      for (const variant of withOrWithoutSelectors(insertTones(sequence, tones)))
        names.set(variant, `:${insertToneNames(name, tones)}:`);
  }
  return names;
}

interface Tone {
  readonly character: string;
  readonly name: string;
}

const TONES: readonly Tone[] = [
  { character: "\u{1F3FB}", name: "light_skin_tone" },
  { character: "\u{1F3FC}", name: "medium-light_skin_tone" },
  { character: "\u{1F3FD}", name: "medium_skin_tone" },
  { character: "\u{1F3FE}", name: "medium-dark_skin_tone" },
  { character: "\u{1F3FF}", name: "dark_skin_tone" },
];

/** Which tones may fill the slots of a sequence; no tones at all where it may stand without. */
function toneChoices(sequence: string): (readonly Tone[])[] {
  const slots = sequence.match(/[~^]/g) ?? [];
  const pairs = TONES.flatMap((first) => TONES.map((second) => [first, second]));
  if (slots[0] === "^") return pairs.filter(([first, second]) => first !== second);
  const toned = slots.length === 2 ? pairs : TONES.map((tone) => [tone]);
  return slots.length === 0 ? [[]] : [[], ...toned];
}

const insertTones = (sequence: string, tones: readonly Tone[]): string => {
  const left = [...tones];
  return sequence.replace(/[~^](\uFE0F?)/g, (_, selector: string) => left.shift()?.character ?? selector);
};

function insertToneNames(name: string, tones: readonly Tone[]): string {
  const suffix = [...new Set(tones)].map((tone) => `_${tone.name}`).join("");
  return name.includes("~") ? name.replace("~", suffix) : name + suffix;
}

/** The sequence with each of its variation selectors, or without. */
function withOrWithoutSelectors(sequence: string): string[] {
  const place = sequence.indexOf("\uFE0F");
  if (place === -1) return [sequence];
  const rest = withOrWithoutSelectors(sequence.slice(place + 1));
  const before = sequence.slice(0, place);
  return [`${before}\uFE0F`, before].flatMap((start) => rest.map((end) => start + end));
}
