import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The URL of an administrator's connection to the server that tests make their databases on. */
export const POSTGRES_URL = 'LAZYPHOTOS_TEST_POSTGRES_URL';

/** What the keeper says to its parent. */
export type KeeperMessage = { url: string } | { error: string };

export interface TestServer {
  url: string;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts an embedded PostgreSQL in a temporary folder, kept by a process of its own (keeper.ts): when this one ends
 * in any way, kill -9 included, the keeper sees the channel close and leaves nothing behind.
 */
export async function startTestServer(): Promise<TestServer> {
  const keeper = fork(fileURLToPath(new URL('./keeper.js', import.meta.url)), {
    detached: true, // a Ctrl-C is for the tests; the keeper then cleans up
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const left = new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
  const url = await firstAnswer(keeper);
  keeper.unref();
  keeper.channel?.unref();
  return {
    url,
    stop: async () => {
      keeper.ref();
      if (keeper.connected) keeper.disconnect();
      await left;
    },
  };
}

function firstAnswer(keeper: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    keeper.once('message', (message: KeeperMessage) => {
      if ('url' in message) resolve(message.url);
      else reject(new Error(message.error));
    });
    keeper.once('error', reject);
    keeper.once('exit', (code, signal) =>
      reject(new Error(`the keeper of PostgreSQL left: ${signal ?? code}`)),
    );
  });
}
