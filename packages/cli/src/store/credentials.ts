import { join } from 'node:path';
import type { TokenStore, Tokens } from '@lazyphotos/client';
import { writeFileDurably } from '@lazyphotos/system';
import { CliError } from '../errors.js';
import { ensurePrivateFolder, readPrivateFile } from './files.js';
import { withLock } from './lock.js';

/** What is remembered about the account on one server. */
export interface Account {
  email: string;
  /** Kept after a logout, so that the next login is known to be from the same device. */
  deviceId?: string;
  tokens?: Tokens;
  /** When this user signed in. Stays when the node ends the session, goes with a logout. */
  signedInAt?: string;
}

interface CredentialsFile {
  version: 1;
  /** By server address. */
  servers: Record<string, Account>;
}

function parse(text: string, path: string): CredentialsFile {
  try {
    const value = JSON.parse(text) as Partial<CredentialsFile> | null;
    if (typeof value?.servers === 'object' && value.servers !== null)
      return { version: 1, servers: value.servers };
  } catch {
    // Handled below: whatever is wrong with the file, the remedy is the same.
  }
  throw new CliError('bad_credentials_file', `${path} is damaged; remove it and sign in again`);
}

/** The accounts of this user, in `credentials.json`, which processes share. */
export class CredentialStore {
  readonly #path: string;
  readonly #now: () => Date;

  constructor(
    readonly configDir: string,
    now = () => new Date(),
  ) {
    this.#path = join(configDir, 'credentials.json');
    this.#now = now;
  }

  /** Resolves to the node that was signed in to last, of those that were not signed out of; to undefined if there is none. */
  async lastServer(): Promise<string | undefined> {
    // A file of an earlier version has no times.
    const signedIn = Object.entries((await this.#read()).servers)
      .filter(([, { signedInAt, tokens }]) => signedInAt !== undefined || tokens !== undefined)
      .map(([server, { signedInAt = '' }]) => ({ server, signedInAt }));
    return signedIn.sort((a, b) => a.signedInAt.localeCompare(b.signedInAt)).at(-1)?.server;
  }

  async account(server: string): Promise<Account | undefined> {
    return (await this.#read()).servers[server];
  }

  rememberSignIn(server: string, { email, deviceId }: Pick<Account, 'email' | 'deviceId'>): Promise<void> {
    const signedInAt = this.#now().toISOString();
    return this.#change(server, (account) => ({
      ...account,
      email,
      signedInAt,
      ...(deviceId === undefined ? {} : { deviceId }),
    }));
  }

  /** Keeps the address and the device for the next login. */
  rememberSignOut(server: string): Promise<void> {
    return this.#change(server, (account) => {
      const { signedInAt: _, ...rest } = account ?? { email: '' };
      return rest;
    });
  }

  /** Returns the tokens of one server, shared with other processes of the same user. */
  tokens(server: string): TokenStore {
    return {
      read: async () => (await this.account(server))?.tokens,
      write: (tokens) =>
        this.#change(server, (account) => {
          const { tokens: _old, ...rest } = account ?? { email: '' };
          return tokens === undefined ? rest : { ...rest, tokens };
        }),
      exclusively: async (task) => {
        await ensurePrivateFolder(this.configDir);
        return withLock(`${this.#path}.session-lock`, task);
      },
    };
  }

  async #read(): Promise<CredentialsFile> {
    const text = await readPrivateFile(this.#path);
    return text === undefined ? { version: 1, servers: {} } : parse(text, this.#path);
  }

  async #change(server: string, apply: (account: Account | undefined) => Account): Promise<void> {
    await ensurePrivateFolder(this.configDir);
    await withLock(`${this.#path}.write-lock`, async () => {
      const file = await this.#read();
      const servers = { ...file.servers, [server]: apply(file.servers[server]) };
      await writeFileDurably(this.#path, `${JSON.stringify({ ...file, servers }, null, 2)}\n`);
    });
  }
}
