export type OutputMode = 'human' | 'quiet' | 'json';

export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** Where a command's words go. File names come from strangers: control characters never reach the terminal. */
export interface Output {
  readonly mode: OutputMode;
  /** What was asked for: stdout, for people. */
  line(text: string): void;
  /** What happens meanwhile: stderr, for people. */
  note(text: string): void;
  /** One line on stderr, in every mode. */
  error(text: string): void;
  /** The one document of --json, on stdout. */
  document(value: unknown): void;
}

export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '?');

export function createOutput(mode: OutputMode, stdout: Sink, stderr: Sink): Output {
  const human = mode === 'human';
  return {
    mode,
    line: (text) => void (human && stdout.write(`${printable(text)}\n`)),
    note: (text) => void (human && stderr.write(`${printable(text)}\n`)),
    error: (text) => void stderr.write(`lazyphotos: ${printable(text.replaceAll('\n', ' '))}\n`),
    document: (value) => void (mode === 'json' && stdout.write(`${JSON.stringify(value, null, 2)}\n`)),
  };
}
