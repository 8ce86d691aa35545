import { hasCode } from '@lazyphotos/client';
import { CliError } from '../errors.js';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ID_BEGINNING = /^[0-9a-f]{8}[0-9a-f-]{0,28}$/i;

export const isId = (text: string): boolean => ID.test(text);

/** Whether a text can be the beginning of this id: eight digits at least, or it would rather be a name. */
export const isBeginningOf = (text: string, id: string): boolean =>
  ID_BEGINNING.test(text) && id.startsWith(text.toLowerCase());

/** Names are compared as they look: macOS decomposes the accents of file names. */
export const sameName = (a: string, b: string): boolean => a.normalize('NFC') === b.normalize('NFC');

export interface Candidate {
  id: string;
  /** What tells it from the others. */
  label: string;
}

/** So many are named; nobody reads more. */
export const MAX_CANDIDATES = 5;

/** @throws CliError `ambiguous` unless there is one at most */
export function theOnly<T>(
  reference: string,
  found: readonly T[],
  candidateOf: (item: T) => Candidate,
): T | undefined {
  if (found.length <= 1) return found[0];
  const named = found.slice(0, MAX_CANDIDATES).map(candidateOf);
  const list = named.map(({ id, label }) => `${id} (${label})`).join(', ');
  const more = found.length > MAX_CANDIDATES ? ' and more' : '';
  throw new CliError('ambiguous', `"${reference}" can be ${list}${more}; give the id`);
}

/** The result, or undefined where the node says that there is no such thing. */
export async function unlessNotFound<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (hasCode(error, 'not_found')) return undefined;
    throw error;
  }
}
