/**
 * The part of a URL behind its host in Gruber's pattern (https://gist.github.com/winzig/8894715):
 *
 *     (?: [^\s()<>{}\[\]]  |  \([^\s()]*?\([^\s()]+\)[^\s()]*?\)  |  \([^\s]+?\) )+
 *     (?:  the second or third of these  |  [^\s`!()\[\]{};:'".,<>?«»“”‘’] )
 *
 * A regular expression may need time that grows exponentially with the text; this finds the same from the right to the
 * left, in time that grows with its length.
 */

const PLAIN = /[^()<>{}[\]]/u;
const LAST = /[^`!()[\]{};:'".,<>?«»“”‘’]/u;
const NONE = -1;

/**
 * @param stretch a text without white space
 * @returns where the tail that begins at a place ends, or null where none does
 */
export function urlTails(stretch: string): (start: number) => number | null {
  const length = stretch.length;
  // For each place: the end of a tail of which the part before this place is there, and the next ")" behind which
  // there is such an end.
  const ends = new Int32Array(length + 2).fill(NONE);
  const promisingClose = new Int32Array(length + 3).fill(NONE);
  const nextClose = new Int32Array(length + 3).fill(NONE);

  const afterNested = (open: number): number => {
    NESTED.lastIndex = open;
    return NESTED.test(stretch) ? NESTED.lastIndex : NONE;
  };
  /** End of a tail with one more item at a place. */
  const afterItem = (place: number): number => {
    if (place >= length) return NONE;
    const character = characterAt(stretch, place);
    if (PLAIN.test(character)) return ends[place + character.length]!;
    if (character !== "(") return NONE;
    const nested = afterNested(place);
    if (nested !== NONE && ends[nested] !== NONE) return ends[nested]!;
    const close = promisingClose[place + 2]!;
    return close === NONE ? NONE : ends[close + 1]!;
  };
  const afterLast = (place: number): number => {
    if (place >= length) return NONE;
    const character = characterAt(stretch, place);
    if (LAST.test(character)) return place + character.length;
    if (character !== "(") return NONE;
    const nested = afterNested(place);
    if (nested !== NONE) return nested;
    const close = nextClose[place + 2]!;
    return close === NONE ? NONE : close + 1;
  };

  for (let place = length; place >= 0; place--) {
    const closes = stretch[place] === ")";
    nextClose[place] = closes ? place : nextClose[place + 1]!;
    promisingClose[place] = closes && ends[place + 1] !== NONE ? place : promisingClose[place + 1]!;
    const more = afterItem(place);
    ends[place] = more === NONE ? afterLast(place) : more;
  }
  return (start) => {
    const end = afterItem(start);
    return end === NONE ? null : end;
  };
}

const NESTED = /\([^()]*\([^()]+\)[^()]*\)/uy;
const characterAt = (text: string, place: number) => String.fromCodePoint(text.codePointAt(place)!);
