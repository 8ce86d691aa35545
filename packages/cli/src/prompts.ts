import type { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { MIN_PASSWORD_LENGTH } from '@lazyphotos/contracts';
import { InterruptedError, UsageError } from './errors.js';

interface PromptDeps {
  stdin: Readable & { isTTY?: boolean };
  stderr: NodeJS.WritableStream;
  /** From the environment. */
  password: string | undefined;
  passwordFromStdin: boolean;
}

async function passwordOn(stdin: Readable): Promise<string> {
  const password = (await readText(stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new UsageError('--password-stdin is given, but standard input is empty');
  return password;
}

const tooShort = (shortest: number): string =>
  shortest === 1 ? 'must not be empty' : `must have at least ${shortest} characters`;

/** Turns Ctrl-C at a question into an InterruptedError. */
async function asked<T>(question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    if ((error as { name?: unknown } | null)?.name === 'ExitPromptError') throw new InterruptedError();
    throw error;
  }
}

/** Loaded only for a question: most runs have none. */
const inquirer = () => import('@inquirer/prompts');

/** Asks the person at the terminal. Without a terminal, throws errors that name the option to give instead. */
export class Prompts {
  readonly #deps: PromptDeps;
  /** Questions go to stderr, because a program may read stdout. */
  readonly #streams: { input: NodeJS.ReadStream; output: NodeJS.WritableStream };
  readonly #canAsk: boolean;

  constructor(deps: PromptDeps) {
    this.#deps = deps;
    this.#streams = { input: deps.stdin as NodeJS.ReadStream, output: deps.stderr };
    this.#canAsk = deps.stdin.isTTY === true && !deps.passwordFromStdin;
  }

  async text(message: string, option: string): Promise<string> {
    if (!this.#canAsk) throw new UsageError(`${option} is missing`);
    const { input } = await inquirer();
    const validate = (value: string) => value.trim() !== '' || 'must not be empty';
    return (await asked(input({ message, validate }, this.#streams))).trim();
  }

  /** Resolves to whether the person confirms. */
  async confirm(message: string, option: string): Promise<boolean> {
    if (!this.#canAsk) throw new UsageError(`${option} is missing`);
    const { confirm } = await inquirer();
    return asked(confirm({ message, default: false }, this.#streams));
  }

  async password(message: string): Promise<string> {
    return (await this.#givenPassword()) ?? this.#hidden(message);
  }

  /** Asks twice until both passwords are the same. */
  async newPassword(message: string): Promise<string> {
    return (await this.#givenPassword()) ?? this.#hiddenTwice(message, MIN_PASSWORD_LENGTH);
  }

  /** Resolves to the password of a share link if it is wanted or in standard input. Never reads LAZYPHOTOS_PASSWORD. */
  async linkPassword(message: string, isWanted: boolean): Promise<string | undefined> {
    if (this.#deps.passwordFromStdin) return passwordOn(this.#deps.stdin);
    if (!isWanted) return undefined;
    if (!this.#canAsk) throw new UsageError('no password: give --password-stdin');
    return this.#hiddenTwice(message, 1);
  }

  /** Resolves to the password of the account, or to undefined if the person can type it. */
  async #givenPassword(): Promise<string | undefined> {
    const { stdin, passwordFromStdin } = this.#deps;
    const password = passwordFromStdin ? await passwordOn(stdin) : this.#deps.password;
    if (password === undefined && !this.#canAsk)
      throw new UsageError('no password: set LAZYPHOTOS_PASSWORD or give --password-stdin');
    return password;
  }

  async #hidden(message: string, shortest = 1): Promise<string> {
    const { password } = await inquirer();
    const validate = (value: string) => value.length >= shortest || tooShort(shortest);
    return asked(password({ message, mask: '*', validate }, this.#streams));
  }

  async #hiddenTwice(message: string, shortest: number): Promise<string> {
    for (;;) {
      const first = await this.#hidden(message, shortest);
      if (first === (await this.#hidden('Repeat the password'))) return first;
      this.#deps.stderr.write('The passwords differ.\n');
    }
  }
}
