import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { serviceNames } from '@lazyphotos/contracts';
import { type Setting, settingsCatalog } from '@lazyphotos/service-kit';
import { repository, run } from '../../support/node-process.js';
import { contentsOf, createSecrets, manifestsFolder, overlays } from './deployment.js';
import {
  componentOf,
  containerOf,
  environmentOf,
  type Manifest,
  ofKind,
  podOf,
  type Workload,
  workloadsOf,
} from './manifests.js';
import { type KubernetesTools, kubernetesTools } from './tools.js';

const tools = await kubernetesTools();
const suite = tools ? describe : describe.skip;
const { render } = tools ?? ({} as KubernetesTools);

const catalog: Setting[] = Object.values(settingsCatalog);
const known = catalog.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));

const isOurs = (workload: Workload) => containerOf(workload).image.includes('lazyphotos-');

const mainOf = (component: string): string =>
  component.startsWith('provision-')
    ? join(repository, 'packages/provision/dist/main.js')
    : join(repository, 'services', component, 'dist/main.js');

suite.each(overlays)('settings of the %s overlay', (overlay) => {
  let all: Manifest[];
  let secrets: Map<string, Record<string, string>>;
  let configMaps: Map<string, Record<string, string>>;

  beforeAll(async () => {
    all = await render(join(manifestsFolder, 'overlays', overlay));
    const created = await createSecrets(overlay);
    secrets = contentsOf(created, 'Secret');
    configMaps = contentsOf([...all, ...created], 'ConfigMap');
  });

  const environment = (workload: Workload) => environmentOf(containerOf(workload), configMaps);

  test('are known, and no secret stands in a manifest', () => {
    expect(ofKind(all, 'Secret')).toEqual([]);
    for (const workload of workloadsOf(all).filter(isOurs)) {
      const names = Object.keys(environment(workload));
      expect(names.filter((name) => !known.includes(name))).toEqual([]);
      expect(catalog.filter(({ name, secret }) => secret && names.includes(name))).toEqual([]);
    }
  });

  test('find every secret that they name, and no secret is made for nothing', () => {
    const used = new Set<string>();
    for (const workload of workloadsOf(all)) {
      const { env = [], volumeMounts = [] } = containerOf(workload);
      const volume = podOf(workload).volumes?.find(({ name }) => name === 'secrets');
      const name = volume?.secret?.secretName ?? '';
      const files = env.flatMap(({ value = '' }) => /^\/secrets\/(.+)$/.exec(value)?.[1] ?? []);
      const single = volumeMounts.flatMap((mount) => (mount.name === 'secrets' ? (mount.subPath ?? []) : []));
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
      for (const workload of workloadsOf(all).filter(isOurs)) {
        const name = podOf(workload).volumes?.find((one) => one.name === 'secrets')?.secret?.secretName ?? '';
        const own = join(folder, name);
        await mkdir(own, { recursive: true });
        for (const [key, value] of Object.entries(secrets.get(name) ?? {}))
          await writeFile(join(own, key), value);
        const env = Object.entries(environment(workload)).map(([variable, value]) => [
          variable,
          value.replace(/^\/secrets(?=\/)/, own),
        ]);
        const [withheld] =
          env.find(([variable]) => /_(DATABASE_URL|ADMIN_ACCESS_KEY_ID)_FILE$/.test(variable ?? '')) ?? [];
        const rest = Object.fromEntries(env.filter(([variable]) => variable !== withheld));
        // The images' own command is `node dist/main.js`.
        const [node, main, ...subcommand] = containerOf(workload).args ?? ['node', 'dist/main.js'];
        expect([node, main]).toEqual(['node', 'dist/main.js']);
        const args = [mainOf(componentOf(workload)), ...subcommand];
        const { code, stderr } = await run(process.execPath, args, rest);
        const complaints = stderr
          .trim()
          .split('\n')
          .map((line) => line.replace(/ must be set:.*/, ''));
        expect({ name, code, complaints }).toEqual({
          name,
          code: 2,
          complaints: [withheld?.replace(/_FILE$/, '')],
        });
      }
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
    expect(having('LAZYPHOTOS_SERVICE_KEY_FILE')).toEqual([...serviceNames].sort());
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
    const { code, stderr } = await run(process.execPath, [program, 'cloud'], { BUS_URL: 'amqps://b' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/ADMIN_DATABASE_URL, .*S3_MEDIA_WORKER_SECRET_ACCESS_KEY/);
    expect(stderr).not.toMatch(/BUS_URL/);
  });

  test('makes passwords of their own for every role, and keeps how the server is reached', async () => {
    const secrets = contentsOf(await createSecrets('cloud'), 'Secret');
    const urls = serviceNames.map((name) => new URL(secrets.get(name)?.['database-url'] ?? ''));
    expect(new Set(urls.map(({ password }) => password)).size).toBe(serviceNames.length);
    expect(new Set(urls.map(({ host, search }) => `${host}${search}`))).toEqual(
      new Set(['10.20.30.40:5432?sslmode=require']),
    );
    expect(secrets.get('provision-postgres')?.['media-worker-database-url']).toBe(
      secrets.get('media-worker')?.['database-url'],
    );
  });
});
