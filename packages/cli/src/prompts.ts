import type { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { MIN_PASSWORD_LENGTH } from '@lazyphotos/contracts';
import { InterruptedError, UsageError } from './errors.js';

/** Asks the person at the terminal. Without a terminal, throws errors that name the option to give instead. */
export interface Prompts {
  text(question: string, option: string): Promise<string>;
  password(question: string): Promise<string>;
  /** Asks twice until both passwords are the same. */
  newPassword(question: string): Promise<string>;
  /** Resolves to the password of a share link if it is wanted or in standard input. Never reads LAZYPHOTOS_PASSWORD. */
  linkPassword(question: string, isWanted: boolean): Promise<string | undefined>;
  /** Resolves to whether the person confirms. */
  confirm(question: string, option: string): Promise<boolean>;
}

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

export function createPrompts(deps: PromptDeps): Prompts {
  const { stdin, stderr, passwordFromStdin } = deps;
  // Questions go to stderr, because a program may read stdout.
  const context = { input: stdin as NodeJS.ReadStream, output: stderr };
  const canAsk = stdin.isTTY === true && !passwordFromStdin;
  // Loaded only for a question: most runs have none.
  const inquirer = () => import('@inquirer/prompts');

  const hidden = async (message: string, shortest = 1): Promise<string> => {
    const { password } = await inquirer();
    const validate = (value: string) => value.length >= shortest || tooShort(shortest);
    return asked(password({ message, mask: '*', validate }, context));
  };
  /** Resolves to the password of the account, or to undefined if the person can type it. */
  const given = async (): Promise<string | undefined> => {
    const password = passwordFromStdin ? await passwordOn(stdin) : deps.password;
    if (password === undefined && !canAsk)
      throw new UsageError('no password: set LAZYPHOTOS_PASSWORD or give --password-stdin');
    return password;
  };
  const hiddenTwice = async (message: string, shortest: number): Promise<string> => {
    for (;;) {
      const first = await hidden(message, shortest);
      if (first === (await hidden('Repeat the password'))) return first;
      stderr.write('The passwords differ.\n');
    }
  };

  return {
    text: async (message, option) => {
      if (!canAsk) throw new UsageError(`${option} is missing`);
      const { input } = await inquirer();
      const answer = await asked(
        input({ message, validate: (value) => value.trim() !== '' || 'must not be empty' }, context),
      );
      return answer.trim();
    },
    password: async (message) => (await given()) ?? hidden(message),
    newPassword: async (message) => (await given()) ?? hiddenTwice(message, MIN_PASSWORD_LENGTH),
    linkPassword: async (message, isWanted) => {
      if (passwordFromStdin) return passwordOn(stdin);
      if (!isWanted) return undefined;
      if (!canAsk) throw new UsageError('no password: give --password-stdin');
      return hiddenTwice(message, 1);
    },
    confirm: async (message, option) => {
      if (!canAsk) throw new UsageError(`${option} is missing`);
      const { confirm } = await inquirer();
      return asked(confirm({ message, default: false }, context));
    },
  };
}
