export type OutputMode = 'human' | 'quiet' | 'json';

export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
  /** Whether the reader has closed it. */
  destroyed?: boolean;
}

export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '?');

/** Does the same for text of several lines. */
export const printableLines = (text: string): string => text.replace(/[^\P{Cc}\r\n]|\p{Bidi_Control}/gu, '?');

/** JSON.stringify escapes the other control characters. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\p{Bidi_Control}]/gu;

/** Returns the same JSON, or piece of it, without characters that control a terminal. */
export const escapedJson = (json: string): string =>
  json.replace(UNSAFE_IN_JSON, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The output of a command. File names may contain any character, so control characters are replaced. */
export class Output {
  constructor(
    readonly mode: OutputMode,
    private readonly stdout: Sink,
    private readonly stderr: Sink,
  ) {}

  /** The result for people, on stdout. */
  line(text: string): void {
    if (this.mode === 'human') this.stdout.write(`${printable(text)}\n`);
  }

  /** A result that cannot be requested again, on stdout, also with --quiet. */
  result(text: string): void {
    if (this.mode !== 'json') this.stdout.write(`${printable(text)}\n`);
  }

  /** Progress and hints for people, on stderr. */
  note(text: string): void {
    if (this.mode === 'human') this.stderr.write(`${printable(text)}\n`);
  }

  /** An error in one line on stderr, in every mode. */
  error(text: string): void {
    this.stderr.write(`lazyphotos: ${printable(text.replaceAll('\n', ' '))}\n`);
  }

  /** The document of --json, on stdout. */
  document(value: unknown): void {
    if (this.mode === 'json') this.stdout.write(`${escapedJson(JSON.stringify(value, null, 2))}\n`);
  }
}
