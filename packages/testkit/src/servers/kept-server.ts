import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { KeeperAnswer, KeeperOrder, KeeperRequest, KeeperTask } from './messages.js';

/** A server of one's own, on its own port and with its own data. */
export interface KeptServer {
  readonly url: string;
  /** Rejects with what went wrong. */
  ask(task: KeeperTask): Promise<unknown>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts a server in a temporary folder, kept by a process of its own (keeper.ts): when this one ends in any way,
 * kill -9 included, the keeper sees the channel close and leaves nothing behind.
 */
export async function keepServer(order: KeeperOrder): Promise<KeptServer> {
  const keeper = fork(fileURLToPath(new URL('./keeper.js', import.meta.url)), [JSON.stringify(order)], {
    detached: true, // a Ctrl-C is for the tests; the keeper then cleans up
    // Said because jest gives each test file an environment of its own, which a child does not get by itself.
    env: process.env,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const left = new Promise((resolve) => keeper.once('exit', resolve));
  const ask = questioner(keeper, order.server);
  const url = String(await ask());
  return {
    url,
    ask,
    stop: async () => {
      keeper.ref();
      if (keeper.connected) keeper.disconnect();
      await left;
    },
  };
}

/** Sends tasks and pairs the answers with them. Without a task it waits for the answer to the start. */
function questioner(keeper: ChildProcess, name: string): (task?: KeeperTask) => Promise<unknown> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = -1;

  const settle = (id: number, act: (promise: PromiseWithResolvers<unknown>) => void) => {
    const promise = waiting.get(id);
    waiting.delete(id);
    if (promise) act(promise);
    if (waiting.size === 0) holdProcess(keeper, false);
  };
  const failAll = (why: string) => {
    const error = new Error(`the keeper of ${name} left: ${why}`);
    for (const id of [...waiting.keys()]) settle(id, ({ reject }) => reject(error));
  };
  keeper.on('message', (answer: KeeperAnswer) =>
    settle(answer.id, ({ resolve, reject }) =>
      'error' in answer ? reject(new Error(answer.error)) : resolve(answer.result),
    ),
  );
  keeper.once('error', (error) => failAll(error.message));
  keeper.once('exit', (code, signal) => failAll(String(signal ?? code)));

  return (task) => {
    lastId += 1;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(lastId, answer);
    holdProcess(keeper, true);
    if (task) {
      const request: KeeperRequest = { id: lastId, task };
      keeper.send(request, (error) => error && failAll(error.message));
    }
    return answer.promise;
  };
}

/** Only an open question keeps this process alive, not the server itself. */
function holdProcess(keeper: ChildProcess, hold: boolean): void {
  const act = hold ? 'ref' : 'unref';
  keeper[act]();
  keeper.channel?.[act]();
}
