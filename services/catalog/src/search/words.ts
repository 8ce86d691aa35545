/**
 * How text becomes words, the same for what photos say and for what people look for, so that the two meet. Nothing here depends on
 * the database's locale.
 */

/** Accents and similar marks; the voicing marks of kana and the vowel signs of Indic and Thai scripts make other letters and stay. */
const MARKS =
  /[[\p{Script=Inherited}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Cyrillic}]&&[\p{M}--[\u3099\u309a]]]|\p{Default_Ignorable_Code_Point}/gv;

/** Letters that Unicode does not decompose, as people write them on another keyboard. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
  ĸ: 'k',
  ł: 'l',
  ŋ: 'n',
  ŧ: 't',
  ƀ: 'b',
  ɨ: 'i',
  ʉ: 'u',
  ς: 'σ',
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');

const APOSTROPHES = /['’‘ʼ`´′＇]/g;

/** Scripts that are written without spaces, and Hangul, whose words carry endings. */
const RUN_SCRIPTS = [
  'Han',
  'Hiragana',
  'Katakana',
  'Bopomofo',
  'Hangul',
  'Thai',
  'Lao',
  'Khmer',
  'Myanmar',
  'Tibetan',
]
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join('');
const LETTERS_AND_DIGITS = '[\\p{L}\\p{N}\\p{M}]';
const RUN = `[[${RUN_SCRIPTS}]&&${LETTERS_AND_DIGITS}]+`;
const WORD = `[${LETTERS_AND_DIGITS}--[${RUN_SCRIPTS}]]+`;
const TOKEN = new RegExp(`(?<run>${RUN})|${WORD}(?:'${WORD})*`, 'gv');

/** Where a word has parts: at apostrophes, between PragueCastle's small and capital letters, between letters and digits. */
const PART_BORDER =
  /'|(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u;
/** A text with more parts is a checksum or a random id, whose parts are not words. */
const MAX_PARTS = 8;

/** A longer word counts by its beginning: PostgreSQL takes 2046 bytes. In code points. */
const MAX_WORD = 64;

/** A word between two borders of a text. */
export interface Word {
  kind: 'word';
  /** Folded: `praguecastle` */
  whole: string;
  /** Folded: `prague`, `castle`; the whole alone if it has no parts. */
  parts: string[];
}
/** Characters of a script without spaces between words. */
export interface Run {
  kind: 'run';
  /** Folded. */
  characters: string[];
}
export type Token = Word | Run;

const fold = (text: string): string => {
  const folded = text.toLowerCase().replace(LETTER, (letter) => LETTERS[letter] ?? letter);
  return folded.length <= MAX_WORD ? folded : [...folded].slice(0, MAX_WORD).join('');
};

/** Compatibility forms resolved, accents gone, apostrophes alike; case is kept, because it says where words have parts. */
const plain = (text: string): string =>
  text.replace(APOSTROPHES, "'").normalize('NFKD').replace(MARKS, '').normalize('NFC');

function wordOf(token: string): Word {
  const whole = fold(token.replaceAll("'", ''));
  const parts = token.split(PART_BORDER).map(fold);
  return { kind: 'word', whole, parts: parts.length <= MAX_PARTS ? parts : [whole] };
}

/** Returns the words of a text in their order. Punctuation, symbols and emoji only separate them. */
export function tokensOf(text: string): Token[] {
  return [...plain(text).matchAll(TOKEN)].map(({ 0: token, groups }) =>
    groups?.run === undefined ? wordOf(token) : { kind: 'run', characters: [...token.toLowerCase()] },
  );
}

/** Pairs of neighbours, `東京 京都` for 東京都: a word inside a run is found without knowing where words begin. */
export const pairsOf = ({ characters }: Run): string[] =>
  characters.slice(1).map((character, index) => `${characters[index]}${character}`);

/** Returns a lexeme in the notation of `tsvector` and `tsquery`, for any text. */
export const lexemeText = (lexeme: string): string =>
  `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
