import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES, topology, VERSION } from '@lazyphotos/contracts';
import { repository } from '@lazyphotos/testkit';
import { parseDocument, stringify } from 'yaml';
import { manifestsFolder, type Overlay, overlays } from './deployment.js';
import {
  bytes,
  componentOf,
  containerOf,
  labelsOf,
  type Manifest,
  named,
  ofKind,
  podOf,
  type Selector,
  scaledBy,
  selects,
  type Workload,
  workloadsOf,
} from './manifests.js';
import { describeWithKubernetes, type KubernetesTools, kubernetesTools } from './tools.js';

const JOBS = ['bus', 'postgres', 'storage'];

/** Renders a changed copy of the manifests; `change` gets its folder. */
async function renderChanged(
  { render }: KubernetesTools,
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

interface ScaledObject extends Manifest {
  spec: { triggers: { metadata: { queueName: string } }[] };
}

describeWithKubernetes('Kubernetes overlays', () => {
  let tools: KubernetesTools;

  beforeAll(async () => {
    tools = await kubernetesTools();
  });

  const rendered = (overlay: Overlay) => tools.render(join(manifestsFolder, 'overlays', overlay));

  describe.each(overlays)('when something changes in %s', (overlay) => {
    test('names jobs after their version, and removes them when they are done', async () => {
      const all = await rendered(overlay);
      const namesOf = (manifests: Manifest[]) =>
        ofKind(manifests, 'Job').map(({ metadata }) => metadata.name);
      const jobsOf = (version: string) => JOBS.map((what) => `provision-${what}-${version}`);
      expect(namesOf(all)).toEqual(jobsOf(VERSION));
      for (const { spec } of ofKind<Workload>(all, 'Job')) {
        expect(spec.ttlSecondsAfterFinished).toBeGreaterThan(0);
      }
      const next = await renderChanged(tools, overlay, (folder) =>
        replaceIn(join(folder, 'base/kustomization.yaml'), `newTag: ${VERSION}`, 'newTag: 9.8.7-rc.1'),
      );
      expect(namesOf(next)).toEqual(jobsOf('9.8.7-rc.1'));
      expect(await tools.problems(ofKind(next, 'Job'))).toEqual([]);
    });

    test('takes images from a registry', async () => {
      const changed = await renderChanged(tools, overlay, async (folder) => {
        const name = 'lazyphotos-provision';
        const images = { images: [{ name, newName: `registry:5000/${name}` }] };
        await appendFile(join(folder, 'overlays', overlay, 'kustomization.yaml'), stringify(images));
      });
      const jobs = ofKind<Workload>(changed, 'Job').map((job) => [job.metadata.name, containerOf(job).image]);
      expect(jobs).toEqual(
        JOBS.map((what) => [`provision-${what}-${VERSION}`, `registry:5000/lazyphotos-provision:${VERSION}`]),
      );
    });

    test('restarts what reads a setting when it changes', async () => {
      const all = await rendered(overlay);
      const changed = await renderChanged(tools, overlay, (folder) =>
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
      expect(restarted.map(([name]) => name).sort()).toEqual([...SERVICE_NAMES].sort());
    });
  });

  test('pi: one replica of each, in what memory a Pi of 4 GB has left beside k3s', async () => {
    const all = await rendered('pi');
    expect(ofKind(all, 'HorizontalPodAutoscaler', 'ScaledObject')).toEqual([]);
    const workloads = workloadsOf(all);
    expect(workloads.every(({ spec }) => (spec.replicas ?? 1) === 1)).toBe(true);
    const requested = workloads.map((one) => bytes(containerOf(one).resources?.requests?.memory));
    expect(requested.reduce((sum, one) => sum + one, 0)).toBeLessThan(1.5 * 2 ** 30);
  });

  test('pi: the same servers as docker-compose.arm64.yml', async () => {
    const compose = parseDocument(await readFile(join(repository, 'docker-compose.arm64.yml'), 'utf8'));
    for (const server of ofKind<Workload>(await rendered('pi'), 'StatefulSet')) {
      const image = String(compose.getIn(['services', server.metadata.name, 'image']));
      const [, pinned] = /^\$\{\w+:-(.+)\}$/.exec(image) ?? [];
      expect(containerOf(server).image).toBe(pinned);
    }
  });

  test('pi: KEDA can be added by its component', async () => {
    const all = await renderChanged(tools, 'pi', (folder) =>
      replaceIn(
        join(folder, 'overlays/pi/kustomization.yaml'),
        'components:\n',
        'components:\n  - ../../components/keda\n',
      ),
    );
    expect(ofKind(all, 'ScaledObject').map(scaledBy)).toEqual(['media-worker']);
    expect(await tools.problems(ofKind(all, 'ScaledObject', 'TriggerAuthentication'))).toEqual([]);
  });

  test('cloud: several replicas that keep apart, and the worker follows its queue', async () => {
    const all = await rendered('cloud');
    const autoscalers = ofKind(all, 'HorizontalPodAutoscaler');
    expect(autoscalers.map(scaledBy).sort()).toEqual(['catalog', 'feed', 'gateway', 'upload']);
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
    const all = await rendered('cloud');
    const settings = ofKind(all, 'ConfigMap').find(({ metadata }) => metadata.name.startsWith('settings-'));
    const { host, protocol } = new URL(settings?.data?.LAZYPHOTOS_PUBLIC_URL ?? '');
    expect(protocol).toBe('https:');
    expect(named(all, 'Ingress', 'gateway')?.spec).toMatchObject({
      tls: [{ hosts: [host] }],
      rules: [{ host }],
    });
  });
});
