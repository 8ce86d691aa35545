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
import { Output, type Sink } from './output.js';
import { Prompts } from './prompts.js';
import { type Account, CredentialStore } from './store/credentials.js';

/** The environment of a run. */
export interface Io {
  stdin: Readable & { isTTY?: boolean };
  stdout: Sink;
  stderr: Sink & NodeJS.WritableStream;
  env: Env;
  version: string;
  /** Ctrl-C aborts it with an InterruptedError. */
  signal: AbortSignal;
}

export interface GlobalOptions {
  server?: string;
  json?: boolean;
  quiet?: boolean;
  passwordStdin?: boolean;
}

/** The dependencies of a command. */
export interface Context {
  io: Io;
  server: string;
  /** Whether --server names it. */
  isServerGiven: boolean;
  output: Output;
  prompts: Prompts;
  credentials: CredentialStore;
  client: Client;
  signal: AbortSignal;
}

export interface CommandNeeds {
  retry: Partial<RetryPolicy>;
  /** Whether the command is for a node that nobody has signed in to. */
  isForNewNode: boolean;
}

/** Runs a command and stores its exit code. */
export type Perform = (work: (context: Context) => Promise<number>, needs: CommandNeeds) => Promise<void>;

function normalized(server: string): string {
  try {
    return normalizeBaseUrl(server);
  } catch (error) {
    throw new UsageError(`--server: ${(error as Error).message}`);
  }
}

export const outputOf = (options: GlobalOptions, io: Io): Output =>
  new Output(options.json ? 'json' : options.quiet ? 'quiet' : 'human', io.stdout, io.stderr);

/** Few retries, for commands that a person waits for: they report a wrong address soon. */
export const INTERACTIVE_RETRY: Partial<RetryPolicy> = { retries: 2, minDelayMs: 300 };

export async function createContext(options: GlobalOptions, io: Io, needs: CommandNeeds): Promise<Context> {
  const credentials = new CredentialStore(io.env.configDir);
  const given = options.server ?? io.env.server;
  const last = given === undefined && !needs.isForNewNode ? await credentials.lastServer() : undefined;
  const server = normalized(given ?? last ?? DEFAULT_SERVER);
  return {
    io,
    server,
    isServerGiven: options.server !== undefined,
    output: outputOf(options, io),
    credentials,
    client: createClient({ baseUrl: server, tokens: credentials.tokens(server), retry: needs.retry }),
    signal: io.signal,
    prompts: new Prompts({
      stdin: io.stdin,
      stderr: io.stderr,
      password: io.env.password,
      passwordFromStdin: options.passwordStdin === true,
    }),
  };
}

/** Returns a command for the node in use, to show as the next step. It uses npx, because the command is on no PATH. */
export const nextCommand = ({ server, isServerGiven }: Context, command: string): string =>
  `npx lazyphotos ${command}${server === DEFAULT_SERVER && !isServerGiven ? '' : ` --server ${server}`}`;

/** Resolves to the account that is signed in. @throws SessionEndedError */
export async function signedInAccount(context: Context): Promise<Account> {
  const account = await context.credentials.account(context.server);
  if (account?.tokens === undefined) {
    throw new SessionEndedError(`not signed in to ${context.server}; run: ${nextCommand(context, 'login')}`);
  }
  return account;
}
