import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BUS_USERS, SERVICE_NAMES } from '@lazyphotos/contracts';
import { ALL_SETTINGS } from '@lazyphotos/standalone';
import { repository, run } from '@lazyphotos/testkit';
import { parseAllDocuments } from 'yaml';
import { contentsOf, createSecrets, manifestsFolder, overlays } from './deployment.js';
import {
  componentOf,
  containerOf,
  environmentOf,
  type Manifest,
  ofKind,
  secretNameOf,
  type Workload,
  workloadsOf,
} from './manifests.js';
import { describeWithKubernetes, renderOverlay } from './tools.js';

const known = ALL_SETTINGS.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));

const isOurs = (workload: Workload) => containerOf(workload).image.includes('lazyphotos-');

const mainOf = (component: string): string =>
  component.startsWith('provision-')
    ? join(repository, 'packages/provision/dist/main.js')
    : join(repository, 'services', component, 'dist/main.js');

const WITHHELD: Record<string, string> = {
  'provision-postgres': 'LAZYPHOTOS_ADMIN_DATABASE_URL',
  'provision-storage': 'S3_ADMIN_ACCESS_KEY_ID',
  'provision-bus': 'LAZYPHOTOS_ADMIN_BUS_URL',
};

/** A setting that the program cannot do without: it says that this is missing, and all else that is wrong, and ends. */
const withheldFrom = (workload: Workload): string =>
  WITHHELD[componentOf(workload)] ?? 'LAZYPHOTOS_DATABASE_URL';

/** Runs the real program with its environment and its secrets as files, less one setting. */
async function startIncomplete(
  workload: Workload,
  env: Record<string, string>,
  files: Record<string, string>,
  folder: string,
) {
  const own = join(folder, componentOf(workload));
  await mkdir(own);
  for (const [key, value] of Object.entries(files)) await writeFile(join(own, key), value);
  const given = Object.entries(env)
    .filter(([name]) => name !== `${withheldFrom(workload)}_FILE`)
    .map(([name, value]) => [name, value.replace(/^\/secrets(?=\/)/, own)]);
  // The images' own command is `node dist/main.js`.
  const [node, main, ...subcommand] = containerOf(workload).args ?? ['node', 'dist/main.js'];
  expect([node, main]).toEqual(['node', 'dist/main.js']);
  const args = [mainOf(componentOf(workload)), ...subcommand];
  const { code, stderr } = await run(process.execPath, args, Object.fromEntries(given));
  const complaints = stderr
    .trim()
    .split('\n')
    .map((line) => line.replace(/ must be set:.*/, ''));
  return { of: componentOf(workload), code, complaints };
}

describeWithKubernetes('Kubernetes settings', () => {
  describe.each(overlays)('of the %s overlay', (overlay) => {
    let all: Manifest[];
    let secrets: Map<string, Record<string, string>>;
    let configMaps: Map<string, Record<string, string>>;

    beforeAll(async () => {
      ({ all } = await renderOverlay(overlay));
      const created = await createSecrets(overlay);
      secrets = contentsOf(created, 'Secret');
      configMaps = contentsOf([...all, ...created], 'ConfigMap');
    });

    const environment = (workload: Workload) => environmentOf(containerOf(workload), configMaps);
    const secretsFor = (workload: Workload) => secrets.get(secretNameOf(workload)) ?? {};

    test('are known, and no secret stands in a manifest', () => {
      expect(ofKind(all, 'Secret')).toEqual([]);
      for (const workload of workloadsOf(all).filter(isOurs)) {
        const names = Object.keys(environment(workload));
        expect(names.filter((name) => !known.includes(name))).toEqual([]);
        expect(ALL_SETTINGS.filter(({ name, secret }) => secret && names.includes(name))).toEqual([]);
      }
    });

    test('find every secret that they name, and no secret is made for nothing', () => {
      const used = new Set<string>();
      for (const workload of workloadsOf(all)) {
        const { env = [], volumeMounts = [] } = containerOf(workload);
        const name = secretNameOf(workload);
        const files = env.flatMap(({ value = '' }) => /^\/secrets\/(.+)$/.exec(value)?.[1] ?? []);
        const single = volumeMounts.flatMap((mount) =>
          mount.name === 'secrets' ? (mount.subPath ?? []) : [],
        );
        for (const key of [...files, ...single]) used.add(`${name}/${key}`);
      }
      for (const { spec } of ofKind(all, 'TriggerAuthentication')) {
        const { secretTargetRef } = spec as { secretTargetRef: { name: string; key: string }[] };
        for (const { name, key } of secretTargetRef) used.add(`${name}/${key}`);
      }
      const made = [...secrets].flatMap(([name, files]) => Object.keys(files).map((key) => `${name}/${key}`));
      expect([...used].sort()).toEqual(made.sort());
    });

    test('are what the programs want: each complains of nothing but the one that is withheld', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-settings-'));
      try {
        const workloads = workloadsOf(all).filter(isOurs);
        const verdicts = await Promise.all(
          workloads.map((one) => startIncomplete(one, environment(one), secretsFor(one), folder)),
        );
        expect(verdicts).toEqual(
          workloads.map((one) => ({ of: componentOf(one), code: 2, complaints: [withheldFrom(one)] })),
        );
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

    test('give the object store to those who keep files, and the bus to those who have queues', () => {
      const having = (variable: string) =>
        ofKind<Workload>(all, 'Deployment')
          .filter((one) => variable in environment(one))
          .map(componentOf)
          .sort();
      expect(having('S3_BUCKET')).toEqual(['gateway', 'media-worker', 'upload']);
      expect(having('LAZYPHOTOS_BUS_URL_FILE')).toEqual(['catalog', 'feed', 'media-worker', 'upload']);
      expect(having('LAZYPHOTOS_SERVICE_KEY_FILE')).toEqual([...SERVICE_NAMES].sort());
    });
  });
});

describe('create-secrets', () => {
  test('gives the file to its owner only, and never writes over the secrets of a cluster', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-secrets-'));
    try {
      const file = join(folder, 'secrets.yaml');
      const create = () =>
        run(process.execPath, [join(manifestsFolder, 'create-secrets.mjs'), 'pi', file], {});
      expect(await create()).toMatchObject({ code: 0 });
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const first = await readFile(file, 'utf8');
      expect(await create()).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
      expect(await readFile(file, 'utf8')).toBe(first);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('asks for what a cloud must say, all at once', async () => {
    const program = join(manifestsFolder, 'create-secrets.mjs');
    const { code, stderr } = await run(process.execPath, [program, 'cloud'], {
      ADMIN_BUS_URL: 'amqps://b',
      BUS_API_URL: 'https://b',
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/ADMIN_DATABASE_URL, .*S3_MEDIA_WORKER_SECRET_ACCESS_KEY/);
    expect(stderr).not.toMatch(/BUS_URL/);
  });

  test('makes passwords of their own for every role, and keeps how the server is reached', async () => {
    const secrets = contentsOf(await createSecrets('cloud'), 'Secret');
    const urls = SERVICE_NAMES.map((name) => new URL(secrets.get(name)?.['database-url'] ?? ''));
    expect(new Set(urls.map(({ password }) => password)).size).toBe(SERVICE_NAMES.length);
    expect(new Set(urls.map(({ host, search }) => `${host}${search}`))).toEqual(
      new Set(['10.20.30.40:5432?sslmode=require']),
    );
    const buses = BUS_USERS.map((name) => new URL(secrets.get(name)?.['bus-url'] ?? ''));
    expect(new Set(buses.map(({ username, password }) => `${username}:${password}`)).size).toBe(4);
    for (const name of BUS_USERS)
      expect(secrets.get('provision-bus')?.[`${name}-bus-url`]).toBe(secrets.get(name)?.['bus-url']);
    expect(secrets.get('provision-postgres')?.['media-worker-database-url']).toBe(
      secrets.get('media-worker')?.['database-url'],
    );
  });
});

describe('create-secrets add', () => {
  const program = join(manifestsFolder, 'create-secrets.mjs');
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lazyphotos-secrets-'));
    file = join(folder, 'secrets.yaml');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const add = (env: Record<string, string> = {}) => run(process.execPath, [program, 'add', file], env);
  const textOf = (manifests: Manifest[]) =>
    manifests.map((one) => `---\n${JSON.stringify(one, null, 2)}\n`).join('');
  const read = async () =>
    parseAllDocuments(await readFile(file, 'utf8')).map((document) => document.toJS() as Manifest);

  /** Writes the file of a release in which all services had the administrator's user. Returns it, and the administrator's URL. */
  async function writeOlder(overlay: 'pi' | 'cloud') {
    const created = await createSecrets(overlay);
    const adminUrl = contentsOf(created, 'Secret').get('provision-bus')?.['admin-bus-url'] ?? '';
    const older = created.filter(({ metadata }) => metadata.name !== 'provision-bus');
    for (const { stringData } of older) if (stringData?.['bus-url']) stringData['bus-url'] = adminUrl;
    await writeFile(file, textOf(older), { mode: 0o600 });
    return { older, adminUrl };
  }

  test.each([
    ['pi', {}, 'http://rabbitmq:15672'],
    ['cloud', { BUS_API_URL: 'https://bus.example.org' }, 'https://bus.example.org'],
  ] as const)(
    'gives each service of an older %s cluster a user of the bus, changes nothing else, and can be repeated',
    async (overlay, env, apiUrl) => {
      const { older, adminUrl } = await writeOlder(overlay);
      expect(await add(env)).toMatchObject({ code: 0 });
      const added = contentsOf(await read(), 'Secret');
      const urls = BUS_USERS.map((name) => added.get(name)?.['bus-url'] ?? '');
      expect(urls.map((url) => new URL(url).username)).toEqual(
        BUS_USERS.map((name) => `lazyphotos_${name.replace('-', '_')}`),
      );
      expect(new Set(urls.map((url) => new URL(url).password)).size).toBe(BUS_USERS.length);
      expect(new Set(urls.map((url) => new URL(url).host))).toEqual(new Set([new URL(adminUrl).host]));
      expect(added.get('provision-bus')).toEqual({
        'admin-bus-url': adminUrl,
        'bus-api-url': apiUrl,
        ...Object.fromEntries(BUS_USERS.map((name, index) => [`${name}-bus-url`, urls[index]])),
      });
      const restored = (await read()).filter(({ metadata }) => metadata.name !== 'provision-bus');
      for (const { stringData } of restored) if (stringData?.['bus-url']) stringData['bus-url'] = adminUrl;
      expect(restored).toEqual(older);
      expect((await stat(file)).mode & 0o777).toBe(0o600);

      const text = await readFile(file, 'utf8');
      expect(await add(env)).toMatchObject({ code: 0, stdout: expect.stringContaining('has all') });
      expect(await readFile(file, 'utf8')).toBe(text);
    },
  );

  test('changes nothing in the file of a new cluster', async () => {
    const text = textOf(await createSecrets('pi'));
    await writeFile(file, text);
    expect(await add()).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('asks a cloud for the address of its API, takes no service for the administrator, and leaves the file as it was', async () => {
    const { older } = await writeOlder('cloud');
    const text = await readFile(file, 'utf8');
    expect(await add()).toMatchObject({ code: 2, stderr: expect.stringContaining('BUS_API_URL') });
    expect(await readFile(file, 'utf8')).toBe(text);

    const upload = older.find(({ metadata }) => metadata.name === 'upload');
    Object.assign(upload?.stringData ?? {}, {
      'bus-url': 'amqps://lazyphotos_upload:secret@10.20.30.41:5671',
    });
    await writeFile(file, textOf(older));
    const refused = await add({ BUS_API_URL: 'https://bus.example.org' });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('lazyphotos_upload') });
    expect(refused.stderr).not.toContain('secret@');
    expect(await readFile(file, 'utf8')).toBe(textOf(older));
  });
});
