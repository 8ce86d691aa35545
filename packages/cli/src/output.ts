export type OutputMode = 'human' | 'quiet' | 'json';

export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
  /** Whether nobody reads any more. */
  destroyed?: boolean;
}

/** Where a command's words go. File names come from strangers: control characters never reach the terminal. */
export interface Output {
  readonly mode: OutputMode;
  /** What was asked for: stdout, for people. */
  line(text: string): void;
  /** The one thing that cannot be asked for again: stdout, with --quiet, too. */
  result(text: string): void;
  /** What happens meanwhile: stderr, for people. */
  note(text: string): void;
  /** One line on stderr, in every mode. */
  error(text: string): void;
  /** The one document of --json, on stdout. */
  document(value: unknown): void;
}

export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '?');

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.replace(/[^\P{Cc}\r\n]|\p{Bidi_Control}/gu, '?');

/** JSON escapes the lower control characters by itself; these it leaves as they are. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\p{Bidi_Control}]/gu;

/** JSON, or a piece of it, that means the same and holds no character that a terminal obeys. */
export const escapedJson = (json: string): string =>
  json.replace(UNSAFE_IN_JSON, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** One document that says the same on a terminal as in a file. */
const safeJson = (value: unknown): string => escapedJson(JSON.stringify(value, null, 2));

export function createOutput(mode: OutputMode, stdout: Sink, stderr: Sink): Output {
  const human = mode === 'human';
  return {
    mode,
    line: (text) => void (human && stdout.write(`${printable(text)}\n`)),
    result: (text) => void (mode !== 'json' && stdout.write(`${printable(text)}\n`)),
    note: (text) => void (human && stderr.write(`${printable(text)}\n`)),
    error: (text) => void stderr.write(`lazyphotos: ${printable(text.replaceAll('\n', ' '))}\n`),
    document: (value) => void (mode === 'json' && stdout.write(`${safeJson(value)}\n`)),
  };
}
