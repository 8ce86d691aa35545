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
}

interface CredentialsFile {
  version: 1;
  /** By server address. */
  servers: Record<string, Account>;
}

export interface CredentialStore {
  account(server: string): Promise<Account | undefined>;
  remember(server: string, account: Omit<Account, 'tokens'>): Promise<void>;
  /** The tokens of one server, shared with other processes of the same user. */
  tokens(server: string): TokenStore;
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

export function createCredentialStore(configDir: string): CredentialStore {
  const path = join(configDir, 'credentials.json');

  const read = async (): Promise<CredentialsFile> => {
    const text = await readPrivateFile(path);
    return text === undefined ? { version: 1, servers: {} } : parse(text, path);
  };
  const change = async (
    server: string,
    apply: (account: Account | undefined) => Account | undefined,
  ): Promise<void> => {
    await ensurePrivateFolder(configDir);
    await withLock(`${path}.write-lock`, async () => {
      const file = await read();
      const { [server]: current, ...others } = file.servers;
      const next = apply(current);
      const servers = next === undefined ? others : { ...others, [server]: next };
      await writeFileDurably(path, `${JSON.stringify({ ...file, servers }, null, 2)}\n`);
    });
  };

  return {
    account: async (server) => (await read()).servers[server],
    remember: (server, { email, deviceId }) =>
      change(server, (account) => ({
        ...account,
        email,
        ...(deviceId === undefined ? {} : { deviceId }),
      })),
    tokens: (server) => ({
      read: async () => (await read()).servers[server]?.tokens,
      write: (tokens) =>
        change(server, (account) => {
          const { tokens: _old, ...rest } = account ?? { email: '' };
          return tokens === undefined ? rest : { ...rest, tokens };
        }),
      exclusively: async (task) => {
        await ensurePrivateFolder(configDir);
        return withLock(`${path}.session-lock`, task);
      },
    }),
  };
}
