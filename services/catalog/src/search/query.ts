import { ProblemError } from '@lazyphotos/service-kit';
import { cameraLexeme, tagLexeme } from './vector.js';
import { lexemeText, pairsOf, type Token, tokensOf } from './words.js';

export const MAX_QUERY_WORDS = 20;

export interface SearchWords {
  q?: string | undefined;
  tag?: string | undefined;
  camera?: string | undefined;
}

/** The conditions of a search on the words of photos, as texts of `tsquery`. */
export interface WordQuery {
  /** Undefined: any photo. */
  match: string | undefined;
  /** What is ranked by: the words as beginnings, and as whole words. Undefined without `q`. */
  rank: { beginnings: string; wholes: string } | undefined;
}

/** A query of words that no photo can match, such as `!!`. */
export class NothingToFind extends Error {}

interface Piece {
  tokens: Token[];
  quoted: boolean;
  /** A quotation without an end: the user is still typing it. */
  open: boolean;
}

/** Splits at quotation marks: every second piece stands inside a pair of them. */
function piecesOf(q: string): Piece[] {
  const pieces = q.split(/["“”„«»＂]/);
  return pieces
    .map((text, index) => ({
      tokens: tokensOf(text),
      quoted: index % 2 === 1,
      open: index === pieces.length - 1,
    }))
    .filter(({ tokens }) => tokens.length > 0);
}

const any = (queries: readonly string[]): string =>
  queries.length === 1 ? (queries[0] ?? '') : `(${queries.join(' | ')})`;

/**
 * Words that stand next to each other in this order; the last one may be only the beginning of a word. Not so a part of one
 * letter: the `d` of 350d is the beginning of half of all words.
 */
function sequence(words: readonly string[], endsOpen: boolean, ofParts: boolean): string {
  const texts = words.map(lexemeText);
  const last = words.at(-1) ?? '';
  if (endsOpen && !(ofParts && words.length > 1 && last.length === 1)) texts[texts.length - 1] += ':*';
  return texts.length === 1 ? (texts[0] ?? '') : `(${texts.join(' <-> ')})`;
}

/**
 * Adjacent tokens, as whole words or by their parts. A run of characters is found inside a longer run; one that another word
 * follows must end there.
 */
function phrase(tokens: readonly Token[], endsOpen: boolean): string {
  const last = tokens.length - 1;
  const words = (how: 'whole' | 'parts') =>
    tokens.flatMap((token, index) => {
      if (token.kind === 'word') return how === 'whole' ? [token.whole] : token.parts;
      const pairs = pairsOf(token);
      return index < last || pairs.length === 0 ? [...pairs, ...token.characters.slice(-1)] : pairs;
    });
  // Each character of a run begins a lexeme, so one alone is looked for as a beginning.
  const end = tokens[last];
  const open = endsOpen || (end?.kind === 'run' && end.characters.length === 1);
  return any([...new Set([sequence(words('whole'), open, false), sequence(words('parts'), open, true)])]);
}

const lexemesOf = (token: Token): string[] =>
  token.kind === 'word' ? [token.whole] : token.characters.length === 1 ? token.characters : pairsOf(token);

function marker(token: Token): string {
  const all = (words: readonly string[]) => {
    const texts = words.map((word) => lexemeText(cameraLexeme(word)));
    return texts.length === 1 ? (texts[0] ?? '') : `(${texts.join(' & ')})`;
  };
  return token.kind === 'run'
    ? all(lexemesOf(token))
    : any([...new Set([all([token.whole]), all(token.parts)])]);
}

function limitWords(tokens: readonly Token[], name: string): void {
  if (tokens.length <= MAX_QUERY_WORDS) return;
  const message = `must have at most ${MAX_QUERY_WORDS} words`;
  throw new ProblemError('invalid_request', message, {
    members: { errors: [{ path: `query.${name}`, message }] },
  });
}

/**
 * What to look for: each word outside of quotation marks is the beginning of a word, quoted words are whole and adjacent. Every
 * text has a meaning; there are no operators.
 * @throws ProblemError `invalid_request` for too many words
 * @throws NothingToFind if `q` or `camera` has no letter and no digit
 */
export function wordQueryOf({ q, tag, camera }: SearchWords): WordQuery {
  const terms: string[] = [];
  let rank: WordQuery['rank'];
  if (q !== undefined) {
    const pieces = piecesOf(q);
    const tokens = pieces.flatMap((piece) => piece.tokens);
    limitWords(tokens, 'q');
    if (tokens.length === 0) throw new NothingToFind();
    for (const { tokens, quoted, open } of pieces) {
      if (quoted) terms.push(phrase(tokens, open));
      else terms.push(...tokens.map((token) => phrase([token], true)));
    }
    const lexemes = [...new Set(tokens.flatMap(lexemesOf))].map(lexemeText);
    rank = { beginnings: lexemes.map((lexeme) => `${lexeme}:*`).join(' | '), wholes: lexemes.join(' | ') };
  }
  if (camera !== undefined) {
    const tokens = tokensOf(camera);
    limitWords(tokens, 'camera');
    if (tokens.length === 0) throw new NothingToFind();
    terms.push(...tokens.map(marker));
  }
  if (tag !== undefined) terms.push(lexemeText(tagLexeme(tag)));
  return { match: terms.length > 0 ? [...new Set(terms)].join(' & ') : undefined, rank };
}
