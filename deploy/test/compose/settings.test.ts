import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { ALL_SETTINGS } from '@lazyphotos/standalone';
import { repository, run } from '@lazyphotos/testkit';
import {
  type ComposeNode,
  composeText,
  createComposeNode,
  describeWithCompose,
  type Rendered,
  type Service,
} from './rendered.js';

const known = ALL_SETTINGS.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
const jobs = ['provision-postgres', 'provision-storage', 'provision-bus', 'dead-letters'];
const programs = [...SERVICE_NAMES, ...jobs];

/** Not for whoever runs containers to choose: the compose file does, or only `npm start` has them. */
const DECIDED = [
  'LAZYPHOTOS_DATA_DIR',
  'LAZYPHOTOS_KEYS_DIR',
  'LAZYPHOTOS_OBJECTS_DIR',
  'LAZYPHOTOS_DISK_RESERVE_BYTES', // of a store in a folder; here it is MinIO
  'LAZYPHOTOS_SCRATCH_DIR',
  'LAZYPHOTOS_MIGRATIONS_DIR',
  'LAZYPHOTOS_METRICS_PORT',
  'LAZYPHOTOS_LOG_OUTPUT',
  'LAZYPHOTOS_VALIDATE_ANSWERS',
  ...SERVICE_NAMES.map((name) => `LAZYPHOTOS_${name.toUpperCase().replace('-', '_')}_URL`),
];

const WITHHELD: Record<string, string> = {
  'provision-postgres': 'LAZYPHOTOS_ADMIN_DATABASE_URL',
  'provision-storage': 'S3_ADMIN_ACCESS_KEY_ID',
  'provision-bus': 'LAZYPHOTOS_ADMIN_BUS_URL',
  'dead-letters': 'LAZYPHOTOS_BUS_URL',
};
const withheldFrom = (program: string) => WITHHELD[program] ?? 'LAZYPHOTOS_DATABASE_URL';

describeWithCompose('settings in docker-compose.arm64.yml', () => {
  let node: ComposeNode;
  let rendered: Rendered;

  beforeAll(async () => {
    node = await createComposeNode();
    rendered = await node.render('*');
  });

  afterAll(() => node?.remove());

  const serviceOf = (name: string): Service => rendered.services[name] ?? { image: '' };
  const environmentOf = (name: string) => serviceOf(name).environment ?? {};

  test('are known', () => {
    for (const program of programs) {
      const names = Object.keys(environmentOf(program)).filter((name) => !/^(NODE_|TMPDIR|VIPS_)/.test(name));
      expect([program, names.filter((name) => !known.includes(name))]).toEqual([program, []]);
    }
  });

  test('can all be given in .env, unless the compose file decides', () => {
    const missing = ALL_SETTINGS.filter(
      ({ name, secret }) => !secret && !DECIDED.includes(name) && !composeText.includes(`${name}:`),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test('reach the services from .env, and are absent where .env has none', async () => {
    const set = await node.render([], {
      LAZYPHOTOS_HOST: '192.168.1.2',
      LAZYPHOTOS_PORT: '81',
      MEDIA_DELIVERY: 'presigned',
      CLAMAV_ADDRESS: 'clamav:3310',
    });
    expect(set.services.gateway?.ports).toMatchObject([
      { host_ip: '192.168.1.2', published: '81', target: 8080 },
    ]);
    expect(set.services.gateway?.environment?.MEDIA_DELIVERY).toBe('presigned');
    expect(set.services.upload?.environment?.CLAMAV_ADDRESS).toBe('clamav:3310');
    expect(environmentOf('gateway').MEDIA_DELIVERY).toBeNull();
    expect(environmentOf('upload').CLAMAV_ADDRESS).toBeNull();
  });

  /** Runs the real program with its environment, its secrets in place, less one setting that it then complains of. */
  const startIncomplete = async (program: string) => {
    const fileOf = (target: string) => {
      const secret = serviceOf(program).secrets?.find((one) => one.target === target);
      return secret && rendered.secrets[secret.source]?.file;
    };
    const given = Object.entries(environmentOf(program)).flatMap(([name, value]) =>
      value === null || name === `${withheldFrom(program)}_FILE` ? [] : [[name, fileOf(value) ?? value]],
    );
    const folder = jobs.includes(program) ? 'packages/provision' : `services/${program}`;
    const { entrypoint, command } = serviceOf(program);
    // What comes behind `node dist/main.js`.
    const subcommand = entrypoint?.slice(4) ?? command?.slice(2) ?? [];
    const args = [join(repository, folder, 'dist/main.js'), ...subcommand];
    const { code, stderr } = await run(process.execPath, args, Object.fromEntries(given));
    return {
      program,
      code,
      complaints: stderr
        .trim()
        .replace(/ must be set:.*/g, '')
        .split('\n'),
    };
  };

  test('are what the programs want: each complains of nothing but the one that is withheld', async () => {
    const verdicts = [];
    for (const program of programs) verdicts.push(await startIncomplete(program));
    expect(verdicts).toEqual(
      programs.map((program) => ({ program, code: 2, complaints: [withheldFrom(program)] })),
    );
  });

  test('have no secret in them', async () => {
    const text = JSON.stringify(rendered);
    const env = await node.env();
    const secrets = Object.entries(env).filter(
      ([name, value]) => /(PASSWORD|_KEY|_KEY_ID|_USER)$/.test(name) && value.length > 12,
    );
    expect(secrets.length).toBeGreaterThan(20);
    expect(secrets.filter(([, value]) => text.includes(value)).map(([name]) => name)).toEqual([]);
  });

  test('name just the secrets that their container gets, and every secret is there and needed', async () => {
    const files = Object.keys(await node.secrets());
    const used = new Set<string>();
    for (const [name, { environment = {}, secrets = [] }] of Object.entries(rendered.services)) {
      for (const { source } of secrets) used.add(source);
      const named = Object.values(environment).flatMap(
        (value) => /\/run\/secrets\/.*/.exec(value ?? '') ?? [],
      );
      const mounted = secrets
        .map(({ target }) => target)
        .filter((target) => target.startsWith('/run/secrets/'));
      expect([name, mounted.sort()]).toEqual([name, named.sort()]);
    }
    expect([...used].sort()).toEqual(files.sort());
    for (const [name, { file }] of Object.entries(rendered.secrets)) {
      expect(file).toBe(join(node.dataPath, 'secrets', name));
    }
  });
});
