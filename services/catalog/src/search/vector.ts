import { otherCityNames, type Place, placeInLanguage, tagKey } from '@lazyphotos/contracts';
import type { PhotoRow } from '../prisma.js';
import { lexemeText, pairsOf, type Token, tokensOf } from './words.js';

/** What search looks at in a photo. */
export type SearchableFields = Pick<
  PhotoRow,
  'fileName' | 'description' | 'tags' | 'place' | 'cameraMake' | 'cameraModel' | 'lensModel'
>;

/** What is absent is empty: a photo that has just been uploaded has a name and nothing else. */
export type WordsSource = Pick<SearchableFields, 'fileName'> & Partial<SearchableFields>;

type Weight = 'A' | 'B' | 'C' | 'D';

/** Positions that a field may take: PostgreSQL has 16383 of them. */
const LIMITS = { fileName: 500, tags: 4000, description: 7000, place: 3500, camera: 500 } as const;
/** No text is read further than that. */
const MAX_CHARACTERS = 40_000;
/** All words of a photo together; PostgreSQL takes a megabyte. */
const MAX_BYTES = 500_000;
/** PostgreSQL keeps no more for one word. */
const MAX_POSITIONS_OF_A_WORD = 255;

/** Filters ask for these lexemes. No word begins with such a character, so that a word that is looked for never finds them. */
export const tagLexeme = (tag: string): string => `#${tagKey(tag).slice(0, 500)}`;
export const cameraLexeme = (word: string): string => `@${word}`;

/** A run ends with its last character alone, so that each character is the beginning of a lexeme. */
const wholes = (token: Token): string[] =>
  token.kind === 'word' ? [token.whole] : [...pairsOf(token), ...token.characters.slice(-1)];
const parts = (token: Token): string[] => (token.kind === 'word' ? token.parts : wholes(token));

/** Collects lexemes with their positions. */
class VectorBuilder {
  readonly #positions = new Map<string, string[]>();
  #next = 1;
  #bytes = 0;

  /** Texts of one field; words of different texts are never adjacent. */
  add(weight: Weight, limit: number, texts: readonly (string | null)[]): void {
    const end = this.#next + limit;
    for (const text of texts) {
      if (this.#next >= end) return;
      const tokens = tokensOf((text ?? '').slice(0, MAX_CHARACTERS));
      this.#sequence(tokens.flatMap(wholes), weight, end);
      // A second time by parts, so that "prague castle" is a phrase in PragueCastle.jpg.
      if (tokens.some((token) => token.kind === 'word' && token.parts.length > 1))
        this.#sequence(tokens.flatMap(parts), weight, end);
    }
  }

  /** A lexeme that only filters ask for. */
  addMarker(lexeme: string): void {
    if (this.#fits(lexeme)) this.#positions.set(lexeme, []);
  }

  #fits(lexeme: string): boolean {
    if (this.#positions.has(lexeme)) return true;
    this.#bytes += Buffer.byteLength(lexeme);
    return this.#bytes <= MAX_BYTES;
  }

  #sequence(words: readonly string[], weight: Weight, end: number): void {
    for (const word of words) {
      if (this.#next >= end || !this.#fits(word)) return;
      const positions = this.#positions.get(word) ?? [];
      if (positions.length < MAX_POSITIONS_OF_A_WORD) positions.push(`${this.#next}${weight}`);
      this.#positions.set(word, positions);
      this.#next += 1;
    }
    this.#next += 1;
  }

  toString(): string {
    return [...this.#positions]
      .map(([word, positions]) =>
        positions.length > 0 ? `${lexemeText(word)}:${positions.join(',')}` : lexemeText(word),
      )
      .join(' ');
  }
}

/** Every name of a place: the city's in all languages that are known, the country's in those of the project's pages. */
function placeNames(place: Place | null): string[] {
  if (place === null) return [];
  const { city, region, country } = place;
  const names = [city, region, country, ...otherCityNames(place), placeInLanguage(place, 'de').country];
  return [...new Set(names)].filter((name) => name !== undefined);
}

/**
 * Returns a photo's words as the text of a `tsvector`. Who writes one of these fields writes the column `searchWords` in the same
 * statement; a trigger makes the vector of it.
 */
export function searchWordsOf(photo: WordsSource): string {
  const { tags = [], cameraMake = null, cameraModel = null, lensModel = null } = photo;
  const vector = new VectorBuilder();
  vector.add('A', LIMITS.fileName, [photo.fileName]);
  vector.add('A', LIMITS.tags, tags);
  vector.add('B', LIMITS.description, [photo.description ?? null]);
  vector.add('C', LIMITS.place, placeNames((photo.place ?? null) as Place | null));
  vector.add('D', LIMITS.camera, [cameraMake, cameraModel, lensModel]);
  for (const tag of tags) vector.addMarker(tagLexeme(tag));
  const camera = [cameraMake, cameraModel].flatMap((text) => tokensOf((text ?? '').slice(0, 500)));
  for (const word of camera.flatMap((token) => [...wholes(token), ...parts(token)]))
    vector.addMarker(cameraLexeme(word));
  return vector.toString();
}
