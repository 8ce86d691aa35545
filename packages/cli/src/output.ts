export type OutputMode = 'human' | 'quiet' | 'json';

export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
  /** Whether the reader has closed it. */
  destroyed?: boolean;
}

/** The output of a command. File names may contain any character, so control characters are replaced. */
export interface Output {
  readonly mode: OutputMode;
  /** The result for people, on stdout. */
  line(text: string): void;
  /** A result that cannot be requested again, on stdout, also with --quiet. */
  result(text: string): void;
  /** Progress and hints for people, on stderr. */
  note(text: string): void;
  /** An error in one line on stderr, in every mode. */
  error(text: string): void;
  /** The document of --json, on stdout. */
  document(value: unknown): void;
}

export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '?');

/** Does the same for text of several lines. */
export const printableLines = (text: string): string => text.replace(/[^\P{Cc}\r\n]|\p{Bidi_Control}/gu, '?');

/** JSON.stringify escapes the other control characters. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\p{Bidi_Control}]/gu;

/** Returns the same JSON, or piece of it, without characters that control a terminal. */
export const escapedJson = (json: string): string =>
  json.replace(UNSAFE_IN_JSON, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

export function createOutput(mode: OutputMode, stdout: Sink, stderr: Sink): Output {
  const human = mode === 'human';
  return {
    mode,
    line: (text) => void (human && stdout.write(`${printable(text)}\n`)),
    result: (text) => void (mode !== 'json' && stdout.write(`${printable(text)}\n`)),
    note: (text) => void (human && stderr.write(`${printable(text)}\n`)),
    error: (text) => void stderr.write(`lazyphotos: ${printable(text.replaceAll('\n', ' '))}\n`),
    document: (value) =>
      void (mode === 'json' && stdout.write(`${escapedJson(JSON.stringify(value, null, 2))}\n`)),
  };
}
