import { beforeAll, describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES, VERSION } from '@lazyphotos/contracts';
import { overlays } from './deployment.js';
import { bytes, componentOf, containerOf, type Manifest, named, podOf, type Workload } from './manifests.js';
import { describeWithKubernetes, renderOverlay } from './tools.js';

function claimsOf(workload: Workload): { name: string }[] {
  const { volumeClaimTemplates = [] } = workload.spec as {
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
  return volumeClaimTemplates.map(({ metadata }) => metadata);
}

describeWithKubernetes('Kubernetes pods', () => {
  describe.each(overlays)('of the %s overlay', (overlay) => {
    let all: Manifest[];
    let workloads: Workload[];

    beforeAll(async () => {
      ({ all, workloads } = await renderOverlay(overlay));
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
        const allowedSeconds = (startupProbe?.periodSeconds ?? 10) * (startupProbe?.failureThreshold ?? 3);
        expect(allowedSeconds).toBeGreaterThan(90);
      }
      for (const service of servers.filter((one) =>
        SERVICE_NAMES.some((name) => name === componentOf(one)),
      )) {
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
  });
});
