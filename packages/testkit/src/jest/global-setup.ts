import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TEST_RUN } from '../servers/test-run.js';

let provider: ChildProcess | undefined;

/** Before the first test: starts the provider. It looks for nothing and starts nothing until a suite asks for a server. */
export default async function globalSetup(): Promise<void> {
  provider = fork(fileURLToPath(new URL('../servers/provider.js', import.meta.url)), {
    detached: true, // a Ctrl-C is for the tests; the provider then cleans up
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  process.env[TEST_RUN] = await folderOf(provider);
  // Nothing but the provider's end keeps this process alive, and only in stopProvider().
  provider.unref();
  provider.channel?.unref();
}

function folderOf(provider: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    provider.once('message', (folder) => resolve(String(folder)));
    provider.once('exit', (code) => reject(new Error(`the provider of servers ended with code ${code}`)));
  });
}

/** Ends the provider, and with it the server that it started; jest loads global setup and teardown in one process. */
export async function stopProvider(): Promise<void> {
  if (!provider) return;
  const exited = once(provider, 'exit');
  provider.ref();
  provider.disconnect();
  await exited;
  provider = undefined;
  delete process.env[TEST_RUN];
}
