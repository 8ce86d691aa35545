import type { Readable } from 'node:stream';
import {
  type Client,
  createClient,
  normalizeBaseUrl,
  type RetryPolicy,
  SessionEndedError,
} from '@lazyphotos/client';
import { DEFAULT_SERVER, type Env } from './config.js';
import { UsageError } from './errors.js';
import { createOutput, type Output, type Sink } from './output.js';
import { createPrompts, type Prompts } from './prompts.js';
import { type Account, type CredentialStore, createCredentialStore } from './store/credentials.js';

/** The world around a run, as far as it is used. */
export interface Io {
  stdin: Readable & { isTTY?: boolean };
  stdout: Sink;
  stderr: Sink & NodeJS.WritableStream;
  env: Env;
  version: string;
  /** Aborted by Ctrl-C, with an InterruptedError. */
  signal: AbortSignal;
}

export interface GlobalOptions {
  server?: string;
  json?: boolean;
  quiet?: boolean;
  passwordStdin?: boolean;
}

/** What a command works with. */
export interface Context {
  io: Io;
  server: string;
  output: Output;
  prompts: Prompts;
  credentials: CredentialStore;
  client: Client;
  signal: AbortSignal;
}

/** Runs a command and tells the exit code that it asks for. */
export type Perform = (
  work: (context: Context) => Promise<number>,
  retry?: Partial<RetryPolicy>,
) => Promise<void>;

function serverOf(options: GlobalOptions, env: Env): string {
  try {
    return normalizeBaseUrl(options.server ?? env.server ?? DEFAULT_SERVER);
  } catch (error) {
    throw new UsageError(`--server: ${(error as Error).message}`);
  }
}

export const outputOf = (options: GlobalOptions, io: Io): Output =>
  createOutput(options.json ? 'json' : options.quiet ? 'quiet' : 'human', io.stdout, io.stderr);

/** Few retries, for commands that a person waits for: a wrong address is reported soon. */
export const INTERACTIVE_RETRY: Partial<RetryPolicy> = { retries: 2, minDelayMs: 300 };

export function createContext(options: GlobalOptions, io: Io, retry: Partial<RetryPolicy> = {}): Context {
  const server = serverOf(options, io.env);
  const credentials = createCredentialStore(io.env.configDir);
  return {
    io,
    server,
    output: outputOf(options, io),
    credentials,
    client: createClient({ baseUrl: server, tokens: credentials.tokens(server), retry }),
    signal: io.signal,
    prompts: createPrompts({
      stdin: io.stdin,
      stderr: io.stderr,
      password: io.env.password,
      passwordFromStdin: options.passwordStdin === true,
    }),
  };
}

/** A command that fits the server in use, to be shown as the next step. Through npx: nothing else puts us on a PATH. */
export const nextCommand = ({ server }: Context, command: string): string =>
  `npx lazyphotos ${command}${server === DEFAULT_SERVER ? '' : ` --server ${server}`}`;

/** The account that is signed in here. */
export async function signedInAccount(context: Context): Promise<Account> {
  const account = await context.credentials.account(context.server);
  if (account?.tokens === undefined) {
    throw new SessionEndedError(`not signed in to ${context.server}; run: ${nextCommand(context, 'login')}`);
  }
  return account;
}
