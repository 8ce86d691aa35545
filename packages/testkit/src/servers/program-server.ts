import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type OwnServer, waitUntilReady } from './server.js';

export interface ServerProgram {
  url: string;
  file: string;
  args: string[];
  /** The whole environment. */
  env: NodeJS.ProcessEnv;
  cwd: string;
  isReady(): Promise<boolean>;
}

const SHOWN = 2_000;
const STOP_MS = 180_000;

/** Runs a server's program in the foreground, with all its children in a process group of its own. */
export class ProgramServer implements OwnServer {
  readonly url: string;
  readonly #program: ServerProgram;
  #running: { child: ChildProcess; exited: Promise<unknown> } | undefined;
  #output = '';

  constructor(program: ServerProgram) {
    this.url = program.url;
    this.#program = program;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    const { file, args, env, cwd, isReady } = this.#program;
    this.#output = '';
    const child = spawn(file, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const collect = (chunk: Buffer) => {
      this.#output = (this.#output + chunk).slice(-SHOWN);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const exited = once(child, 'exit').catch(collect);
    this.#running = { child, exited };
    void exited.then(() => {
      if (this.#running?.child === child) this.#running = undefined;
    });
    await waitUntilReady(isReady, async () =>
      this.#running ? undefined : `${file} ended:\n${this.#output}`,
    );
  }

  async shutDown(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    // To the leader alone: a script that waits for its server passes the signal on.
    running.child.kill('SIGTERM');
    const timer = setTimeout(() => killGroup(running.child), STOP_MS);
    await running.exited;
    clearTimeout(timer);
    killGroup(running.child);
  }

  async kill(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    killGroup(running.child);
    await running.exited;
  }

  async end(): Promise<void> {
    await this.kill();
  }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // all of them have ended
  }
}
