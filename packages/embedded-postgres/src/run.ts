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
 * PostgreSQL takes settings from PG* variables, and the language of its messages from the locale, so it gets an environment of its own.
 * On Windows a program does not even load without the system's variables.
 */
const ENVIRONMENT =
  process.platform === 'win32'
    ? undefined
    : { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/**
 * Runs a program to its end, in a session of its own: a Ctrl-C for the node must not interrupt an orderly shutdown of the database.
 * Rejects only when the program cannot be started.
 */
export function run(file: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  const { input, ...account } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      ...account,
      cwd: '/', // the other user may not be allowed to enter the current folder
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
    child.stdin.on('error', () => {}); // the program has already ended; its exit code tells
    child.stdin.end(input ?? '');
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
