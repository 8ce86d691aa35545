import type { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { MIN_PASSWORD_LENGTH } from '@lazyphotos/contracts';
import { InterruptedError, UsageError } from './errors.js';

/** Questions to the person at the keyboard; without one, errors that name the option to give instead. */
export interface Prompts {
  text(question: string, option: string): Promise<string>;
  password(question: string): Promise<string>;
  /** Asked twice, until both are the same. */
  newPassword(question: string): Promise<string>;
  /** A new password that is not the account's, so never LAZYPHOTOS_PASSWORD. Asked twice, until both are the same. */
  linkPassword(question: string): Promise<string>;
  /** Whether the answer is yes. */
  confirm(question: string, option: string): Promise<boolean>;
}

export interface PromptDeps {
  stdin: Readable & { isTTY?: boolean };
  stderr: NodeJS.WritableStream;
  /** From the environment. */
  password: string | undefined;
  passwordFromStdin: boolean;
}

async function passwordOn(stdin: Readable): Promise<string> {
  const password = (await readText(stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new UsageError('--password-stdin was given, but standard input is empty');
  return password;
}

const tooShort = (shortest: number): string =>
  shortest === 1 ? 'must not be empty' : `must have at least ${shortest} characters`;

const ACCOUNT_PASSWORD_INSTEAD = 'set LAZYPHOTOS_PASSWORD or give --password-stdin';

/** Ctrl-C at a question is an interruption like any other. */
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
  // Questions go to stderr: stdout may be read by a program.
  const context = { input: stdin as NodeJS.ReadStream, output: stderr };
  const canAsk = stdin.isTTY === true && !passwordFromStdin;
  // Loaded when there is something to ask, which most runs do not.
  const inquirer = () => import('@inquirer/prompts');

  const hidden = async (message: string, shortest = 1): Promise<string> => {
    const { password } = await inquirer();
    const validate = (value: string) => value.length >= shortest || tooShort(shortest);
    return asked(password({ message, mask: '*', validate }, context));
  };
  const given = async (): Promise<string | undefined> =>
    passwordFromStdin ? passwordOn(stdin) : deps.password;
  const requireTerminal = (instead: string): void => {
    if (!canAsk) throw new UsageError(`no password: ${instead}`);
  };
  const hiddenTwice = async (message: string, shortest: number): Promise<string> => {
    for (;;) {
      const first = await hidden(message, shortest);
      if (first === (await hidden('The same again'))) return first;
      stderr.write('The two were not the same.\n');
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
    password: async (message) => {
      const password = await given();
      if (password !== undefined) return password;
      requireTerminal(ACCOUNT_PASSWORD_INSTEAD);
      return hidden(message);
    },
    newPassword: async (message) => {
      const password = await given();
      if (password !== undefined) return password;
      requireTerminal(ACCOUNT_PASSWORD_INSTEAD);
      return hiddenTwice(message, MIN_PASSWORD_LENGTH);
    },
    linkPassword: async (message) => {
      if (passwordFromStdin) return passwordOn(stdin);
      requireTerminal('give --password-stdin');
      return hiddenTwice(message, 1);
    },
    confirm: async (message, option) => {
      if (!canAsk) throw new UsageError(`${option} is missing`);
      const { confirm } = await inquirer();
      return asked(confirm({ message, default: false }, context));
    },
  };
}
