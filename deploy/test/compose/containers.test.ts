import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { repository } from '@lazyphotos/testkit';
import {
  type ComposeNode,
  composeSource,
  composeText,
  createComposeNode,
  describeWithCompose,
  type Rendered,
  type Service,
} from './rendered.js';

const MIB = 1024 ** 2;
const mebibytes = ({ mem_limit = '0' }: Service) => Number(mem_limit) / MIB;
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const profiles = ['tls', 'tailscale', 'monitoring', 'antivirus', 'tools'];
const isJob = (name: string) => name.startsWith('provision-') || name === 'dead-letters';

describeWithCompose('docker-compose.arm64.yml', () => {
  let node: ComposeNode;
  /** Without profiles, as a new node runs it. */
  let plain: Rendered;
  let all: Rendered;

  beforeAll(async () => {
    node = await createComposeNode();
    plain = await node.render([]);
    all = await node.render('*');
  });

  afterAll(() => node?.remove());

  const entries = ({ services }: Rendered) => Object.entries(services);

  test('has the six services, what they use, and further containers only by profile', () => {
    expect(Object.keys(plain.services).sort()).toEqual(
      [
        ...SERVICE_NAMES,
        'postgres',
        'rabbitmq',
        'minio',
        'provision-postgres',
        'provision-storage',
        'provision-bus',
      ].sort(),
    );
    const further = entries(all).filter(([name]) => !(name in plain.services));
    expect([...new Set(further.flatMap(([, { profiles: own = [] }]) => own))].sort()).toEqual(
      profiles.sort(),
    );
  });

  test('without profiles only the gateway can be reached, and only it is in a network with a way out', () => {
    const published = entries(plain).filter(([, { ports = [] }]) => ports.length > 0);
    expect(published.map(([name]) => name)).toEqual(['gateway']);
    const open = entries(plain).filter(([, { networks = {} }]) =>
      Object.keys(networks).some((name) => !plain.networks[name]?.internal),
    );
    expect(open.map(([name]) => name)).toEqual(['gateway']);
  });

  test('of the profiles, only Caddy can be reached from other machines, and Grafana from this one', () => {
    const published = entries(all).flatMap(([name, { ports = [] }]) =>
      ports.map(({ published, host_ip }) => `${name} ${host_ip ?? '*'} ${published}`),
    );
    expect([...new Set(published)].sort()).toEqual(
      ['caddy * 443', 'caddy * 80', 'gateway 0.0.0.0 8080', 'grafana 127.0.0.1 3000'].sort(),
    );
  });

  test('every container is confined', async () => {
    const { LAZYPHOTOS_USER } = await node.env();
    for (const [name, container] of entries(all)) {
      expect({ name, ...container }).toMatchObject({
        name,
        user: LAZYPHOTOS_USER,
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        platform: expect.stringMatching(/^linux\//),
        logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
      });
    }
    const capable = entries(all).filter(([, { cap_add }]) => cap_add);
    expect(capable.map(([name, { cap_add }]) => [name, cap_add])).toEqual([['caddy', ['NET_BIND_SERVICE']]]);
  });

  test('every container restarts and has a health check, except for those that do one job and end', () => {
    for (const [name, { restart, healthcheck }] of entries(all)) {
      expect({ name, restart, watched: (healthcheck?.test?.length ?? 0) > 1 }).toEqual({
        name,
        restart: isJob(name) ? 'no' : 'unless-stopped',
        watched: !isJob(name),
      });
    }
  });

  test('the memory limits fit into a Pi with 4 GB, and the comment adds them up right', () => {
    for (const [name, container] of entries(all))
      expect([name, mebibytes(container) > 0]).toEqual([name, true]);
    const limits = entries(plain).filter(([name]) => !isJob(name));
    const total = sum(limits.map(([, container]) => mebibytes(container)));
    expect(total).toBeLessThanOrEqual(3300);
    const arithmetic = /^# {3}(.*) = (\d+)$/m.exec(composeText);
    expect(Number(arithmetic?.[2])).toBe(total);
    const told = (arithmetic?.[1] ?? '').split(' + ').map((term) => term.split(' '));
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(limits.map(([name, container]) => [name, String(mebibytes(container))])),
    );
  });

  test('the heap of each service leaves room for the rest of its memory', () => {
    for (const name of SERVICE_NAMES) {
      const { environment = {}, ...container } = all.services[name] ?? { image: '' };
      const heap = Number(/--max-old-space-size=(\d+)/.exec(environment?.NODE_OPTIONS ?? '')?.[1]);
      expect([name, heap <= mebibytes(container) / 2]).toEqual([name, true]);
    }
  });

  test('nothing prevents replicas, except for the port of the gateway', () => {
    for (const [name, { container_name, ports = [] }] of entries(plain)) {
      expect([name, container_name]).toEqual([name, undefined]);
      expect([name, ports.length]).toEqual([name, name === 'gateway' ? 1 : 0]);
    }
  });

  test('a container waits for what it cannot do without', () => {
    for (const name of SERVICE_NAMES) {
      const { environment = {}, depends_on = {} } = all.services[name] ?? { image: '' };
      const conditions = Object.fromEntries(
        Object.entries(depends_on).map(([other, { condition }]) => [other, condition]),
      );
      expect({ name, ...conditions }).toEqual({
        name,
        'provision-postgres': 'service_completed_successfully',
        ...('S3_BUCKET' in environment && { 'provision-storage': 'service_completed_successfully' }),
        ...('LAZYPHOTOS_BUS_URL_FILE' in environment && {
          'provision-bus': 'service_completed_successfully',
        }),
      });
    }
    expect(all.services['provision-postgres']?.depends_on).toMatchObject({
      postgres: { condition: 'service_healthy' },
    });
    expect(all.services['provision-bus']?.depends_on).toMatchObject({
      rabbitmq: { condition: 'service_healthy' },
    });
    expect(all.services['provision-storage']?.depends_on).toMatchObject({
      minio: { condition: 'service_healthy' },
    });
  });

  test('images are pinned, and can be replaced by variables', async () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    const variables: Record<string, string> = {
      LAZYPHOTOS_IMAGE_PREFIX: 'registry.example/',
      LAZYPHOTOS_VERSION: '9',
    };
    for (const [name, { image, build }] of entries(all)) {
      if (build) expect([name, image]).toEqual([name, `lazyphotos-${build.args.SERVICE}:${version}`]);
      else {
        expect([name, image]).toEqual([
          name,
          expect.stringMatching(/:(v?\d+\.\d+\.\d+|\d+\.\d+-|RELEASE\.\d{4}-)/),
        ]);
        variables[`${name.toUpperCase()}_IMAGE`] = `instead-of/${name}`;
      }
    }
    const replaced = await node.render('*', variables);
    for (const [name, { image, build }] of entries(replaced)) {
      const expected = build ? `registry.example/lazyphotos-${build.args.SERVICE}:9` : `instead-of/${name}`;
      expect([name, image]).toEqual([name, expected]);
    }
  });

  test('everything that is kept is below the one data path, in folders that exist', async () => {
    const sources = entries(all).flatMap(([, { volumes = [] }]) => volumes);
    expect(sources.every(({ type }) => type === 'bind')).toBe(true);
    const written = sources.filter(({ read_only }) => !read_only).map(({ source }) => source);
    expect(written.length).toBeGreaterThan(5);
    for (const source of written) expect(source.startsWith(`${node.dataPath}/`)).toBe(true);
    // Otherwise a disk that is not mounted would go unnoticed.
    for (const { volumes = [] } of Object.values<Service>(composeSource.services)) {
      for (const volume of volumes.filter(({ read_only }) => !read_only)) {
        expect(volume).toMatchObject({ bind: { create_host_path: false } });
      }
    }
  });
});
