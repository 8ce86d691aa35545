import type { KeptServer } from './kept-server.js';

/** What every server for tests can do. */
export interface TestServer {
  /** False: the server is shared, and whatever is not for us to do rejects. */
  readonly canRestart: boolean;
  /** Ends the server and removes its data; leaves a shared one alone. */
  stop(): Promise<void>;
  /** Ends the server in the orderly way and keeps its data for restart(). */
  shutDown(): Promise<void>;
  /** SIGKILL; the data stays for restart(). */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; ends it first if it runs. Resolves when it answers. */
  restart(): Promise<void>;
}

export function ownServer(server: KeptServer): TestServer {
  return {
    canRestart: true,
    stop: () => server.stop(),
    shutDown: async () => void (await server.ask('shutDown')),
    kill: async () => void (await server.ask('kill')),
    restart: async () => void (await server.ask('restart')),
  };
}

export function sharedServer(name: string): TestServer {
  const refuse = () => refuseShared(name);
  return { canRestart: false, stop: async () => {}, shutDown: refuse, kill: refuse, restart: refuse };
}

export async function refuseShared(name: string): Promise<never> {
  throw new Error(`this ${name} is shared: it is not for us to end or to look into`);
}
