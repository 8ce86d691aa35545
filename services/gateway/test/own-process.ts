import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '@lazyphotos/testkit';
import { createGround } from './harness.js';

/** On a busy machine V8's helper threads come late, and the garbage of the meantime would count as memory in use. */
const GC_AT_ONCE = '--single-threaded-gc';
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

interface Listening {
  message: string;
  port: number;
}

/** The gateway as its container runs it: the built main.js in a process of its own, on a database and files of its own. */
export async function startOwnProcess(settings: Record<string, string>) {
  const ground = await createGround();
  const child: ChildProcess = spawn(process.execPath, [GC_AT_ONCE, MAIN], {
    env: {
      PATH: process.env.PATH,
      LAZYPHOTOS_HOST: '127.0.0.1',
      LAZYPHOTOS_PORT: '0',
      LAZYPHOTOS_METRICS_PORT: '0',
      LAZYPHOTOS_DATABASE_URL: ground.url,
      LAZYPHOTOS_OBJECTS_DIR: ground.root,
      LAZYPHOTOS_MEDIA_SIGNING_KEY: 'a signing key for the tests of the gateway',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface(stream).on('line', (line) => output.push(line));
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill('SIGTERM');
    const [code] = await ended;
    await ground.remove();
    return code as number | null;
  };
  const listening = () => {
    const line = output.find((text) => text.includes('"listening"'));
    if (line === undefined) throw new Error(`it is not listening: ${output.join('\n')}`);
    return JSON.parse(line) as Listening;
  };
  const { port } = await eventually(listening).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, output, stop };
}
export type OwnProcess = Awaited<ReturnType<typeof startOwnProcess>>;
