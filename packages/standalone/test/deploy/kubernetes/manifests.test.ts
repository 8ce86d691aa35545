import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { serviceNames, topology, VERSION } from '@lazyphotos/contracts';
import { manifestsFolder, type Overlay, overlays } from './deployment.js';
import {
  bytes,
  componentOf,
  containerOf,
  labelsOf,
  type Manifest,
  ofKind,
  podOf,
  type Selector,
  type Service,
  selects,
  type Workload,
  workloadsOf,
} from './manifests.js';
import { type KubernetesTools, kubernetesTools } from './tools.js';

const tools = await kubernetesTools();
const suite = tools ? describe : describe.skip;
const { render, problems } = tools ?? ({} as KubernetesTools);

/** Renders a changed copy of the manifests; `change` gets its folder. */
async function renderChanged(
  overlay: Overlay,
  change: (folder: string) => Promise<void>,
): Promise<Manifest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-k8s-'));
  try {
    await cp(manifestsFolder, folder, { recursive: true });
    await change(folder);
    return await render(join(folder, 'overlays', overlay));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function replaceIn(file: string, what: string, by: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  expect(text).toContain(what);
  await writeFile(file, text.replaceAll(what, by));
}

const named = (manifests: readonly Manifest[], kind: string, name: string) =>
  ofKind(manifests, kind).find(({ metadata }) => metadata.name === name);

interface Ingress extends Manifest {
  spec: { rules: { http: { paths: unknown[] } }[] };
}

interface ScaledObject extends Manifest {
  spec: { triggers: { metadata: { queueName: string } }[] };
}

const targetOf = (scaler: Manifest): string =>
  (scaler.spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name;

suite.each(overlays)('the %s overlay', (overlay) => {
  let all: Manifest[];
  let workloads: Workload[];

  beforeAll(async () => {
    all = await render(join(manifestsFolder, 'overlays', overlay));
    workloads = workloadsOf(all);
  });

  test('has the six services and the two provisioning jobs, and every object is what its schema says', async () => {
    expect(workloads.map(componentOf)).toEqual(
      expect.arrayContaining([...serviceNames, 'provision-postgres', 'provision-storage']),
    );
    expect(await problems(all)).toEqual([]);
  });

  test('keeps everything in its namespace, and no name twice', () => {
    const elsewhere = all.filter(
      ({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'lazyphotos',
    );
    expect(elsewhere).toEqual([]);
    const names = all.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
  });

  const matching = (selector: Selector) => workloads.filter((one) => selects(selector, labelsOf(one)));

  test('selects just what it means to: workloads their pods, services and budgets those of one workload', () => {
    for (const { metadata, spec } of workloads.filter(({ kind }) => kind !== 'Job')) {
      expect(matching(spec.selector ?? {}).map((one) => one.metadata.name)).toEqual([metadata.name]);
    }
    for (const { metadata, spec } of ofKind<Service>(all, 'Service')) {
      const targets = matching({ matchLabels: spec.selector });
      expect(targets.map((one) => one.metadata.name)).toEqual([metadata.name]);
      const ports = targets.flatMap((one) => containerOf(one).ports?.map(({ name }) => name));
      for (const { targetPort } of spec.ports) expect(ports).toContain(targetPort);
    }
    for (const budget of ofKind(all, 'PodDisruptionBudget')) {
      const [target, ...others] = matching((budget.spec as { selector: Selector }).selector);
      expect([target?.metadata.name, others]).toEqual([budget.metadata.name, []]);
    }
  });

  test('has a pod for every name in a network policy', () => {
    for (const { metadata, spec } of ofKind(all, 'NetworkPolicy')) {
      const { podSelector } = spec as { podSelector: Selector };
      const selected = matching(podSelector).map(componentOf);
      const asked = podSelector.matchExpressions?.flatMap(({ values = [] }) => values) ?? selected;
      expect({ name: metadata.name, pods: selected.sort() }).toEqual({
        name: metadata.name,
        pods: asked.sort(),
      });
      expect(selected).not.toEqual([]);
    }
  });

  test('lets the world in at the gateway only', () => {
    const paths = ofKind<Ingress>(all, 'Ingress').flatMap(({ spec }) =>
      spec.rules.flatMap(({ http }) => http.paths),
    );
    expect(paths).toMatchObject([
      { path: '/', pathType: 'Prefix', backend: { service: { name: 'gateway', port: { name: 'http' } } } },
    ]);
    for (const { spec } of ofKind(all, 'Service')) expect((spec as { type?: string }).type).toBeUndefined();
  });

  test('leaves the number of replicas to the autoscaler where there is one, and one node can always be drained', () => {
    const scaled = ofKind(all, 'HorizontalPodAutoscaler', 'ScaledObject').map(targetOf);
    expect(scaled).toEqual([...new Set(scaled)]);
    for (const name of scaled) {
      expect(named(all, 'Deployment', name)).toBeDefined();
      expect((named(all, 'Deployment', name) as Workload).spec.replicas).toBeUndefined();
    }
    const budgets = ofKind(all, 'PodDisruptionBudget');
    expect(budgets.map(({ metadata }) => metadata.name).sort()).toEqual([...serviceNames].sort());
    for (const { spec } of budgets) expect(spec).toMatchObject({ maxUnavailable: 1 });
  });

  test('runs nothing as root, with privileges, a token, or a file system to write to', () => {
    for (const workload of workloads) {
      const pod = podOf(workload);
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          fsGroup: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      });
      expect(pod.initContainers).toBeUndefined();
      const container = containerOf(workload);
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      // What can be written to is bounded, and every mount has its volume.
      for (const { emptyDir } of pod.volumes ?? []) {
        if (emptyDir) expect(emptyDir.sizeLimit).toMatch(/^\d+[MG]i$/);
      }
      const volumes = [...(pod.volumes ?? []), ...claimsOf(workload)].map(({ name }) => name);
      for (const { name } of container.volumeMounts ?? []) expect(volumes).toContain(name);
      expect(container.volumeMounts?.map(({ mountPath }) => mountPath)).toContain('/tmp');
    }
  });

  test('gives every container a pinned image, requests, and a memory limit', () => {
    for (const workload of workloads) {
      const { image, resources } = containerOf(workload);
      const tag = image.split(':')[1] ?? '';
      const isOurs = image.includes('lazyphotos-');
      expect({ image, isPinned: isOurs ? tag === VERSION : /\d/.test(tag) }).toEqual({
        image,
        isPinned: true,
      });
      expect(resources?.requests?.cpu).toMatch(/^\d+m?$/);
      expect(bytes(resources?.limits?.memory)).toBeGreaterThanOrEqual(bytes(resources?.requests?.memory));
    }
  });

  test('probes every server, and lets services wait for their migrations', () => {
    const servers = workloads.filter(({ kind }) => kind !== 'Job');
    for (const server of servers) {
      const { startupProbe, readinessProbe, livenessProbe, ports = [] } = containerOf(server);
      const names = ports.map(({ name }) => name);
      for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
        const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
        expect(probe?.exec?.command ?? names.includes(String(port))).toBeTruthy();
      }
      // A service gives up after a minute by itself, with a line that says why.
      const patience = (startupProbe?.periodSeconds ?? 10) * (startupProbe?.failureThreshold ?? 3);
      expect(patience).toBeGreaterThan(90);
    }
    for (const service of servers.filter((one) => serviceNames.some((name) => name === componentOf(one)))) {
      const { readinessProbe, livenessProbe, lifecycle } = containerOf(service);
      // Not /health/ready: a fault that all replicas share must not take all of them away.
      expect([readinessProbe?.httpGet?.path, livenessProbe?.httpGet?.path]).toEqual(['/health', '/health']);
      const drain = (lifecycle?.preStop?.sleep?.seconds ?? 0) + 25;
      expect(podOf(service).terminationGracePeriodSeconds).toBeGreaterThan(drain);
    }
  });

  test('never has two auth pods at its volume', () => {
    expect((named(all, 'Deployment', 'auth') as Workload).spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'Recreate' },
    });
  });

  test('names jobs after their version, and removes them when they are done', async () => {
    const namesOf = (manifests: Manifest[]) => ofKind(manifests, 'Job').map(({ metadata }) => metadata.name);
    expect(namesOf(all)).toEqual([`provision-postgres-${VERSION}`, `provision-storage-${VERSION}`]);
    for (const { spec } of ofKind<Workload>(all, 'Job')) {
      expect(spec.ttlSecondsAfterFinished).toBeGreaterThan(0);
    }
    const next = await renderChanged(overlay, (folder) =>
      replaceIn(join(folder, 'base/kustomization.yaml'), `newTag: ${VERSION}`, 'newTag: 9.8.7-rc.1'),
    );
    expect(namesOf(next)).toEqual(['provision-postgres-9.8.7-rc.1', 'provision-storage-9.8.7-rc.1']);
    expect(await problems(next)).toEqual([]);
  });

  test('restarts what reads a setting when it changes', async () => {
    const changed = await renderChanged(overlay, (folder) =>
      replaceIn(
        join(folder, 'overlays', overlay, 'settings.env'),
        'LAZYPHOTOS_PUBLIC_URL=',
        'LAZYPHOTOS_PUBLIC_URL=https://x.',
      ),
    );
    const templates = (manifests: Manifest[]) =>
      new Map(workloadsOf(manifests).map((one) => [componentOf(one), JSON.stringify(one.spec.template)]));
    const before = templates(all);
    const restarted = [...templates(changed)].filter(([name, template]) => before.get(name) !== template);
    expect(restarted.map(([name]) => name).sort()).toEqual([...serviceNames].sort());
  });
});

function claimsOf(workload: Workload): { name: string }[] {
  const { volumeClaimTemplates = [] } = workload.spec as {
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
  return volumeClaimTemplates.map(({ metadata }) => metadata);
}

suite('the overlays', () => {
  test('the validator refuses an unknown field, a wrong value and an unknown kind', async () => {
    const all = await render(join(manifestsFolder, 'overlays/cloud'));
    const spoil = (kind: string, spoilt: object) =>
      problems(
        ofKind(all, kind).map((one) => ({ ...one, ...spoilt, spec: { ...(one.spec as object), ...spoilt } })),
      );
    expect((await spoil('Deployment', { replicaz: 3 })).join()).toMatch(/replicaz/);
    expect((await spoil('ScaledObject', { maxReplicas: 3 })).join()).toMatch(/maxReplicas|not valid/);
    expect(
      (await problems([{ apiVersion: 'v1', kind: 'Cheese', metadata: { name: 'brie' } }])).join(),
    ).toMatch(/Cheese/);
  });

  test('pi: one replica of each, in what memory a Pi of 4 GB has left beside k3s', async () => {
    const all = await render(join(manifestsFolder, 'overlays/pi'));
    expect(ofKind(all, 'HorizontalPodAutoscaler', 'ScaledObject')).toEqual([]);
    const workloads = workloadsOf(all);
    expect(workloads.every(({ spec }) => (spec.replicas ?? 1) === 1)).toBe(true);
    const requested = workloads.map((one) => bytes(containerOf(one).resources?.requests?.memory));
    expect(requested.reduce((sum, one) => sum + one, 0)).toBeLessThan(2 * 2 ** 30);
  });

  test('pi: KEDA can be added by its component', async () => {
    const all = await renderChanged('pi', (folder) =>
      replaceIn(
        join(folder, 'overlays/pi/kustomization.yaml'),
        'components:\n',
        'components:\n  - ../../components/keda\n',
      ),
    );
    expect(ofKind(all, 'ScaledObject').map(targetOf)).toEqual(['media-worker']);
    expect(await problems(all)).toEqual([]);
  });

  test('cloud: several replicas that keep apart, and the worker follows its queue', async () => {
    const all = await render(join(manifestsFolder, 'overlays/cloud'));
    const autoscalers = ofKind(all, 'HorizontalPodAutoscaler');
    expect(autoscalers.map(targetOf).sort()).toEqual(['catalog', 'feed', 'gateway', 'upload']);
    for (const { spec } of autoscalers) expect(spec).toMatchObject({ minReplicas: 2, maxReplicas: 10 });
    for (const deployment of ofKind<Workload>(all, 'Deployment')) {
      const constraints = (podOf(deployment) as { topologySpreadConstraints?: { labelSelector: Selector }[] })
        .topologySpreadConstraints;
      expect(constraints).toHaveLength(2);
      // The labels that tell one service from another come from `matchLabelKeys`.
      for (const { labelSelector } of constraints ?? []) {
        expect(selects(labelSelector, labelsOf(deployment))).toBe(true);
      }
    }
    const [queueName] = ofKind<ScaledObject>(all, 'ScaledObject').flatMap(({ spec }) =>
      spec.triggers.map(({ metadata }) => metadata.queueName),
    );
    expect(queueName).toMatch(/^media-worker\./);
    expect(Object.keys(topology)).toContain(queueName);
  });

  test('cloud: TLS for the host of the public URL', async () => {
    const all = await render(join(manifestsFolder, 'overlays/cloud'));
    const settings = ofKind(all, 'ConfigMap').find(({ metadata }) => metadata.name.startsWith('settings-'));
    const { host, protocol } = new URL(settings?.data?.LAZYPHOTOS_PUBLIC_URL ?? '');
    expect(protocol).toBe('https:');
    expect(named(all, 'Ingress', 'gateway')?.spec).toMatchObject({
      tls: [{ hosts: [host] }],
      rules: [{ host }],
    });
  });
});
