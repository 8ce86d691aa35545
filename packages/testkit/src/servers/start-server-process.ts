import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OwnSource } from './server.js';

/** What a server process is to run, given as its argument. */
export type ServerOrder =
  | { server: 'postgres'; settings: Record<string, string> }
  | { server: 'rabbitmq' | 'minio' | 'clamd'; source: OwnSource };

/** What the parent may ask of a server process, which does one task after the other. */
export type ServerTask = 'shutDown' | 'kill' | 'restart' | 'queues' | 'apiUrl';

export interface ServerRequest {
  id: number;
  task: ServerTask;
}

/** Number 0 is the response to the start: the server's URL. */
export type ServerResponse = { id: number; result: unknown } | { id: number; error: string };

/** What every server for tests can do. */
export interface TestServer {
  /** False: the server is shared, and every call that would disturb its other users rejects. */
  readonly canRestart: boolean;
  /** Ends the server and removes its data; does nothing to a shared one. */
  stop(): Promise<void>;
  /** Ends the server in the orderly way and keeps its data for restart(). */
  shutDown(): Promise<void>;
  /** SIGKILL; the data stays for restart(). */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; ends it first if it runs. Resolves when it is ready. */
  restart(): Promise<void>;
}

export interface OwnTestServer extends TestServer {
  /** The administrator's. */
  readonly url: string;
  /** Rejects with what went wrong. */
  request(task: ServerTask): Promise<unknown>;
}

/**
 * Starts a server in a temporary folder, as a child of a process of its own (server-process.ts). When this process ends in any way,
 * kill -9 included, the server process sees the channel close, ends the server and removes its data.
 */
export async function startServerProcess(order: ServerOrder): Promise<OwnTestServer> {
  const child = fork(
    fileURLToPath(new URL('./server-process.js', import.meta.url)),
    [JSON.stringify(order)],
    {
      detached: true, // a Ctrl-C is for the tests; the server process then cleans up
      // Explicit, because jest gives each test file an environment of its own, which a child does not inherit.
      env: process.env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const requests = new Requests(child, order.server);
  const url = String(await requests.started());
  const perform = async (task: ServerTask) => void (await requests.send(task));
  return {
    canRestart: true,
    url,
    request: (task) => requests.send(task),
    shutDown: () => perform('shutDown'),
    kill: () => perform('kill'),
    restart: () => perform('restart'),
    stop: async () => {
      child.ref();
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

export function sharedServer(name: string): TestServer {
  const refuse = () => refuseShared(name);
  return { canRestart: false, stop: async () => {}, shutDown: refuse, kill: refuse, restart: refuse };
}

export async function refuseShared(name: string): Promise<never> {
  throw new Error(`this ${name} is shared: tests must not end it or look into it`);
}

/** Sends tasks to a server process and matches the responses with them. */
class Requests {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    const failAll = (reason: string) => this.#failAll(`the process of ${name} ended: ${reason}`);
    child.on('message', (response: ServerResponse) =>
      this.#settle(response.id, ({ resolve, reject }) =>
        'error' in response ? reject(new Error(response.error)) : resolve(response.result),
      ),
    );
    child.once('error', (error) => failAll(error.message));
    child.once('exit', (code, signal) => failAll(String(signal ?? code)));
  }

  /** The response to the start. */
  started(): Promise<unknown> {
    return this.#wait(0);
  }

  send(task: ServerTask): Promise<unknown> {
    this.#lastId += 1;
    const response = this.#wait(this.#lastId);
    const request: ServerRequest = { id: this.#lastId, task };
    this.#child.send(request, (error) => error && this.#failAll(error.message));
    return response;
  }

  #wait(id: number): Promise<unknown> {
    const response = Promise.withResolvers<unknown>();
    this.#waiting.set(id, response);
    this.#holdProcess(true);
    return response.promise;
  }

  #settle(id: number, act: (response: PromiseWithResolvers<unknown>) => void): void {
    const response = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (response) act(response);
    if (this.#waiting.size === 0) this.#holdProcess(false);
  }

  #failAll(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, ({ reject }) => reject(new Error(reason)));
  }

  /** Only an open request keeps this process alive, not the server itself. */
  #holdProcess(hold: boolean): void {
    const act = hold ? 'ref' : 'unref';
    this.#child[act]();
    this.#child.channel?.[act]();
  }
}
