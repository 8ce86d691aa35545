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

/** A program ended with another code than 0, or could not be started. `message` ends with the last of its output. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
}

const OUTPUT_LIMIT = 1024 * 1024;
const SHOWN = 2_000;
const SHOWN_COMMAND = 300;

/** Runs a program to its end and returns its standard output. Rejects with ProgramFailed. */
export function run(file: string, args: string[], options: RunOptions = {}): Promise<string> {
  // Explicit, because jest gives each test file an environment of its own, which a child does not inherit.
  const { timeoutMs, env = process.env, cwd, ownSession = false } = options;
  const commandLine = [file, ...args].join(' ').replace(/\s+/g, ' ').slice(0, SHOWN_COMMAND);
  return new Promise((resolve, reject) => {
    const fail = (why: string, output = '') =>
      reject(new ProgramFailed(`${commandLine}: ${why}\n${output.trim().slice(-SHOWN)}`.trim()));
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

/** Whether a program ends without an error: a cheap way to see what a machine has. */
export async function succeeds(file: string, args: string[], timeoutMs = 120_000): Promise<boolean> {
  return run(file, args, { timeoutMs }).then(
    () => true,
    () => false,
  );
}

const REPORT_MS = 30_000;

/** Writes to stderr what is being done, twice a minute that it still is, and in the end how long it took. */
export async function step<T>(label: string, work: () => Promise<T>): Promise<T> {
  const began = Date.now();
  const say = (end: string) => process.stderr.write(`${label}${end}\n`);
  const seconds = () => Math.round((Date.now() - began) / 1000);
  say(' …');
  const timer = setInterval(() => say(` … ${seconds()} s`), REPORT_MS);
  try {
    const result = await work();
    say(`: ${seconds()} s`);
    return result;
  } catch (error) {
    say(`: failed after ${seconds()} s`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
