import { beforeAll, describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { overlays } from './deployment.js';
import {
  componentOf,
  containerOf,
  labelsOf,
  type Manifest,
  named,
  ofKind,
  type Selector,
  type Service,
  scaledBy,
  selects,
  type Workload,
} from './manifests.js';
import { describeWithKubernetes, type KubernetesTools, renderOverlay } from './tools.js';

interface Ingress extends Manifest {
  spec: { rules: { http: { paths: unknown[] } }[] };
}

describeWithKubernetes('Kubernetes objects', () => {
  describe.each(overlays)('of the %s overlay', (overlay) => {
    let tools: KubernetesTools;
    let all: Manifest[];
    let workloads: Workload[];

    beforeAll(async () => {
      ({ tools, all, workloads } = await renderOverlay(overlay));
    });

    test('has the six services and the two provisioning jobs, and every object is what its schema says', async () => {
      expect(workloads.map(componentOf)).toEqual(
        expect.arrayContaining([...SERVICE_NAMES, 'provision-postgres', 'provision-storage']),
      );
      expect(await tools.problems(all)).toEqual([]);
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

    test('leaves the number of replicas to the autoscaler where there is one', () => {
      const scaled = ofKind(all, 'HorizontalPodAutoscaler', 'ScaledObject').map(scaledBy);
      expect(scaled).toEqual([...new Set(scaled)]);
      for (const name of scaled) {
        expect(named(all, 'Deployment', name)).toBeDefined();
        expect((named(all, 'Deployment', name) as Workload).spec.replicas).toBeUndefined();
      }
    });

    test('has a budget for each service with which a node can always be drained', () => {
      const budgets = ofKind(all, 'PodDisruptionBudget');
      expect(budgets.map(({ metadata }) => metadata.name).sort()).toEqual([...SERVICE_NAMES].sort());
      for (const { spec } of budgets) expect(spec).toMatchObject({ maxUnavailable: 1 });
    });
  });

  test('the validator refuses an unknown field, a wrong value and an unknown kind', async () => {
    const { tools, all } = await renderOverlay('cloud');
    const spoil = async (kind: string, spoilt: object) => {
      const objects = ofKind(all, kind).map((one) => ({
        ...one,
        spec: { ...(one.spec as object), ...spoilt },
      }));
      return (await tools.problems(objects)).join('\n');
    };
    expect(await spoil('Deployment', { replicaz: 3 })).toMatch(/'replicaz' was unexpected/);
    expect(await spoil('Deployment', { replicas: 'three' })).toMatch(/spec\.replicas: 'three'/);
    expect(await spoil('ScaledObject', { maxReplicas: 3 })).toMatch(
      /'maxReplicas' was unexpected|not valid under/,
    );
    const unknown: Manifest = { apiVersion: 'v1', kind: 'Cheese', metadata: { name: 'brie' } };
    expect((await tools.problems([unknown])).join()).toMatch(/schema for kind Cheese/);
  });
});
