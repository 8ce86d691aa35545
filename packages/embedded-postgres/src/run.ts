import { spawn } from 'node:child_process';

export interface RunResult {
  code: number | null;
  /** Standard output and error together, the last 64 KB. */
  output: string;
}

export interface RunOptions {
  uid?: number;
  gid?: number;
  input?: string;
}

const OUTPUT_LIMIT = 64 * 1024;

/**
 * PostgreSQL takes settings from PG* variables, and its messages from the locale: it gets an environment of its own.
 * On Windows a program does not even load without the system's variables.
 */
const ENVIRONMENT =
  process.platform === 'win32'
    ? undefined
    : { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/**
 * Runs a program to its end. It gets a session of its own, so that a Ctrl-C meant for the node does not also break
 * off an orderly shutdown of the database. Rejects only when the program cannot be started.
 */
export function run(file: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  const { input, ...account } = options;
  return new Promise((resolve, reject) => {
    // The working folder of the caller may be closed to the other user.
    const child = spawn(file, args, {
      ...account,
      cwd: '/',
      env: ENVIRONMENT,
      detached: true,
      windowsHide: true,
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-OUTPUT_LIMIT);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.stdin.on('error', () => {}); // a program that has already left; its exit code tells
    child.stdin.end(input ?? '');
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
