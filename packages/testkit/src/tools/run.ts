import { spawn } from 'node:child_process';

export interface RunOptions {
  cwd?: string;
  /** The whole environment; ours when left out. */
  env?: NodeJS.ProcessEnv;
  /** After this long the program is killed. */
  timeoutMs?: number;
  /** Gives it a session of its own: a Ctrl-C must not break off a package manager in the middle. */
  ownSession?: boolean;
}

/** A program left with another code than 0, or could not be started. `message` ends with the last of its output. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
}

const OUTPUT_LIMIT = 1024 * 1024;
const SHOWN = 2_000;

/** Runs a program to its end and answers its standard output. Rejects with ProgramFailed. */
export function run(file: string, args: string[], options: RunOptions = {}): Promise<string> {
  // The environment is said because jest gives each test file one of its own, which a child does not get by itself.
  const { timeoutMs, env = process.env, cwd, ownSession = false } = options;
  return new Promise((resolve, reject) => {
    const fail = (why: string, output = '') =>
      reject(
        new ProgramFailed(`${[file, ...args].join(' ')}: ${why}\n${output.trim().slice(-SHOWN)}`.trim()),
      );
    const child = spawn(file, args, {
      ...(cwd ? { cwd } : {}),
      env,
      detached: ownSession,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let stdout = '';
    let all = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout = (stdout + chunk).slice(-OUTPUT_LIMIT);
      all = (all + chunk).slice(-OUTPUT_LIMIT);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      all = (all + chunk).slice(-OUTPUT_LIMIT);
    });
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(stdout);
      else fail(signal ? `killed by ${signal}` : `exit code ${code}`, all);
    });
  });
}

/** Whether a program ends well: a cheap question about what a machine has. */
export async function succeeds(file: string, args: string[], timeoutMs = 120_000): Promise<boolean> {
  return run(file, args, { timeoutMs }).then(
    () => true,
    () => false,
  );
}
