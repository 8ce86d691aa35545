import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The root of this repository, with a slash at the end. */
export const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** How a program ended. */
export interface Exit {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The environment of a child: ours, without what would configure a node. */
export function cleanEnvironment(env: Record<string, string>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('LAZYPHOTOS_'));
  return { ...Object.fromEntries(inherited), ...env };
}

/** Runs a program to its end, in a clean environment. */
export async function run(
  command: string,
  args: string[],
  env: Record<string, string>,
  cwd = repository,
): Promise<Exit> {
  const child = spawn(command, args, { cwd, env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
