import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { headersOf } from '@lazyphotos/service-kit/testing';
import { createServiceKeys, eventually, http } from '@lazyphotos/testkit';

const keys = createServiceKeys();
const asGateway = () => headersOf('gateway', 'catalog', keys);
const CHILD = fileURLToPath(new URL('./container-child.mjs', import.meta.url));

interface Line {
  message: string;
  [field: string]: unknown;
}

describe('a container', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  const start = (behaviour: string, env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [CHILD, behaviour], {
      env: {
        PATH: process.env.PATH,
        LAZYPHOTOS_PORT: '0',
        LAZYPHOTOS_METRICS_PORT: '0',
        LAZYPHOTOS_SERVICE_KEY: keys.privateKey('catalog'),
        LAZYPHOTOS_PEER_KEYS: keys.peerKeys,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    children.push(child);
    const lines: Line[] = [];
    let stderr = '';
    if (child.stdout) createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
    child.stderr?.on('data', (data) => {
      stderr += data;
    });
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
    return { child, lines, ended, stderr: () => stderr, messages: () => lines.map(({ message }) => message) };
  };
  /** What it did besides responding. */
  const withoutRequests = ({ messages }: { messages(): string[] }) =>
    messages().filter((message) => message !== 'request');
  const listening = ({ lines }: { lines: Line[] }): Promise<Line> =>
    eventually(() => {
      const line = lines.find(({ message }) => message === 'listening');
      expect(line).toBeDefined();
      return line as Line;
    });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s drains it: requests end, then all is stopped in reverse order',
    async (signal) => {
      const container = start('slow'); // its drain, and then its request, end when they are told to
      const { port, metricsPort } = await listening(container);
      expect((await http(`http://127.0.0.1:${metricsPort}/metrics`)).status).toBe(200);
      const reply = http(`http://127.0.0.1:${port}/slow`, { headers: asGateway() });
      await eventually(() => expect(container.messages()).toContain('request /slow invite'));
      container.child.kill(signal);
      // npm and a shell may send it more than once.
      container.child.kill(signal);
      await eventually(() => expect(container.messages()).toContain('stopping'));

      // New connections are still accepted, and close after their response.
      const quick = () => http(`http://127.0.0.1:${port}/quick`, { headers: asGateway() });
      const duringDrain = await quick();
      expect(duringDrain).toMatchObject({ status: 200, text: 'done' });
      expect(duringDrain.headers.get('connection')).toBe('close');

      container.child.send('the time of the drain has passed');
      await eventually(() => expect(quick()).rejects.toThrow());
      // No new connections any more, and the old one still has its request.
      container.child.send('the request may end');
      expect((await reply).text).toBe('done');
      expect((await reply).headers.get('connection')).toBe('close');
      expect(await container.ended).toEqual({ code: 0, signal: null });
      expect(withoutRequests(container)).toEqual([
        'service is started',
        'listening',
        'request /slow invite',
        'stopping',
        'service is stopped',
        'second is closed',
        'first is closed',
        'stopped',
      ]);
      expect(container.lines.find(({ message }) => message === 'stopping')).toMatchObject({
        service: 'catalog',
      });
    },
  );

  test('a part that cannot stop does not prevent the others from stopping', async () => {
    const container = start('failing-stop');
    await listening(container);
    container.child.kill('SIGTERM');
    expect(await container.ended).toMatchObject({ code: 0 });
    expect(container.messages().slice(-4)).toEqual([
      'second is closed',
      'could not stop cleanly',
      'first is closed',
      'stopped',
    ]);
  });

  test('one that cannot start logs why, closes what it has opened, and exits with a code', async () => {
    const container = start('failing-start');
    expect(await container.ended).toMatchObject({ code: 1 });
    expect(container.messages()).toEqual(['could not start', 'second is closed', 'first is closed']);
    expect(container.lines[0]).toMatchObject({ error: { message: 'cannot open' } });
  });

  test('wrong settings are reported, one line each, without a stack', async () => {
    const container = start('normal', { LAZYPHOTOS_PORT: 'x', LAZYPHOTOS_TYPO: 'y' });
    expect(await container.ended).toMatchObject({ code: 2 });
    const lines = container.stderr().trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('LAZYPHOTOS_TYPO');
    expect(lines[1]).toContain('LAZYPHOTOS_PORT');
  });

  test.each<[string, Record<string, string>, string]>([
    ['none', { LAZYPHOTOS_SERVICE_KEY: '' }, 'LAZYPHOTOS_SERVICE_KEY must be set'],
    ['no base64', { LAZYPHOTOS_SERVICE_KEY: '-----BEGIN' }, 'LAZYPHOTOS_SERVICE_KEY is malformed'],
    ['no key', { LAZYPHOTOS_SERVICE_KEY: 'AAAA' }, 'LAZYPHOTOS_SERVICE_KEY is malformed'],
    [
      'that of another service',
      { LAZYPHOTOS_SERVICE_KEY: keys.privateKey('upload') },
      'LAZYPHOTOS_SERVICE_KEY does not belong to the key of catalog',
    ],
    ['unknown to its peers', { LAZYPHOTOS_PEER_KEYS: '' }, 'LAZYPHOTOS_PEER_KEYS must be set'],
  ])('a service key that is %s is reported in one line, without a stack', async (_title, env, line) => {
    const container = start('normal', env);
    expect(await container.ended).toMatchObject({ code: 2 });
    expect(container.stderr().trim().split('\n')).toEqual([expect.stringContaining(line)]);
    expect(container.stderr()).not.toContain(keys.privateKey('upload'));
  });

  test('settings that contradict each other are reported in one line as well', async () => {
    const container = start('settings-that-contradict');
    expect(await container.ended).toMatchObject({ code: 2 });
    expect(container.stderr()).toBe('A does not go with B\n');
    expect(container.messages()).toEqual(['second is closed', 'first is closed']);
  });

  test('serves only requests with a service token, but its metrics without one', async () => {
    const { port, metricsPort } = await listening(start('normal'));
    const url = `http://127.0.0.1:${port}`;
    expect(await http(`${url}/slow`)).toMatchObject({ status: 403, body: { code: 'peer_required' } });
    expect(await http(`${url}/slow`, { headers: asGateway() })).toMatchObject({ status: 200 });
    expect(await http(`${url}/health/ready`)).toMatchObject({ status: 200 });
    expect(await http(`http://127.0.0.1:${metricsPort}/metrics`)).toMatchObject({ status: 200 });
  });

  test('that is public serves all requests', async () => {
    const { port } = await listening(start('public'));
    expect(await http(`http://127.0.0.1:${port}/slow`)).toMatchObject({ status: 200, text: 'done' });
  });
});
