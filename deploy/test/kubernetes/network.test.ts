import { beforeAll, describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { contentsOf, createSecrets, outside, overlays } from './deployment.js';
import {
  componentOf,
  containerOf,
  environmentOf,
  labelsOf,
  type Manifest,
  secretNameOf,
  type Workload,
} from './manifests.js';
import { mayReceive, maySend, type Party } from './network.js';
import { describeWithKubernetes, renderOverlay } from './tools.js';

const elsewhere = (namespace: string, name: string, labels: Record<string, string>): Party => ({
  name: `${namespace}/${name}`,
  namespace,
  labels,
});
const traefik = { 'app.kubernetes.io/name': 'traefik' };
const strangers: Party[] = [
  { name: 'a stranger', namespace: 'lazyphotos', labels: {} },
  elsewhere('default', 'pod', { 'app.kubernetes.io/component': 'gateway' }),
  elsewhere('kube-system', 'traefik', traefik),
  elsewhere('traefik', 'traefik', traefik),
  elsewhere('monitoring', 'prometheus', {}),
  elsewhere('keda', 'keda-operator', {}),
];
const dns = elsewhere('kube-system', 'kube-dns', { 'k8s-app': 'kube-dns' });
const at = (address: string, ports: number[]) => ({ party: { name: address, address }, ports });
/** Each with a port that no pod needs. The last address is where a machine of a cloud gets its own credentials. */
const outsiders = [
  at(outside.postgres, [5432, 22]),
  at(outside.rabbitMq, [5671, 15671, 22]),
  at(outside.s3, [443, 80]),
  at('169.254.169.254', [80, 443]),
];
/** Who is let in from where, besides who needs it by its settings. */
const LET_IN = {
  pi: [
    'kube-system/traefik -> gateway:8080',
    'keda/keda-operator -> rabbitmq:5672',
    'monitoring/prometheus -> rabbitmq:15692',
  ],
  cloud: ['traefik/traefik -> gateway:8080'],
};

/** Who is let out to where, besides who needs it by its settings: a provider may serve RabbitMQ's HTTP API at any address. */
const LET_OUT = { pi: [], cloud: [`provision-bus -> ${outside.s3}:443`] };

const sorted = (edges: string[]): string[] => [...new Set(edges)].sort();

const DEFAULT_PORTS: Record<string, string> = { 'https:': '443', 'http:': '80' };

/** `host:port` of everything that a pod's settings tell it to call. */
function calledBy(
  workload: Workload,
  configMaps: ReadonlyMap<string, Record<string, string>>,
  secrets: ReadonlyMap<string, Record<string, string>>,
): string[] {
  const env = environmentOf(containerOf(workload), configMaps);
  const files = secrets.get(secretNameOf(workload)) ?? {};
  const contentOf = (value: string) =>
    value.startsWith('/secrets/') ? files[value.slice('/secrets/'.length)] : value;
  const urls = Object.entries(env)
    .filter(([name]) => /_(URL|ENDPOINT)(_FILE)?$/.test(name) && name !== 'LAZYPHOTOS_PUBLIC_URL')
    .map(([, value]) => new URL(contentOf(value) ?? ''));
  // Amazon's address follows from the region.
  const isAmazon = env.S3_BUCKET !== undefined && env.S3_ENDPOINT === undefined;
  return [
    ...urls.map(({ hostname, port, protocol }) => `${hostname}:${port || DEFAULT_PORTS[protocol]}`),
    ...(isAmazon ? [`${outside.s3}:443`] : []),
  ];
}

describeWithKubernetes('Kubernetes network policies', () => {
  describe.each(overlays)('of the %s overlay', (overlay) => {
    let all: Manifest[];
    let workloads: Workload[];
    let pods: Party[];
    let needed: string[];

    beforeAll(async () => {
      ({ all, workloads } = await renderOverlay(overlay));
      pods = workloads.map((one) => ({
        name: componentOf(one),
        namespace: 'lazyphotos',
        labels: labelsOf(one),
      }));
      const secrets = await createSecrets(overlay);
      const configMaps = contentsOf([...all, ...secrets], 'ConfigMap');
      needed = workloads.flatMap((one) =>
        calledBy(one, configMaps, contentsOf(secrets, 'Secret')).map(
          (target) => `${componentOf(one)} -> ${target}`,
        ),
      );
    });

    type Targets = { party: Party; ports: number[] }[];
    const edges = (may: typeof maySend, from: Party[], to: Targets): string[] =>
      from
        .flatMap((sender) =>
          to.flatMap(({ party, ports }) =>
            ports
              .filter((port) => sender.name !== party.name && may(all, sender, party, port))
              .map((port) => `${sender.name} -> ${party.name}:${port}`),
          ),
        )
        .sort();
    const ours = () =>
      workloads.map((one, index) => ({
        party: pods[index] as Party,
        ports: containerOf(one).ports?.map(({ containerPort }) => containerPort) ?? [],
      }));

    const targets = () => new Set(ours().map(({ party }) => party.name));

    test('let each pod call what its settings name, and nothing else', () => {
      expect(edges(maySend, pods, [...ours(), ...outsiders])).toEqual(
        sorted([...needed, ...LET_OUT[overlay]]),
      );
    });

    test('let each pod be called by those only', () => {
      const inside = needed.filter((edge) => targets().has(/-> (.*):/.exec(edge)?.[1] ?? ''));
      const scraped = SERVICE_NAMES.map((name) => `monitoring/prometheus -> ${name}:9090`);
      expect(edges(mayReceive, [...pods, ...strangers], ours())).toEqual(
        sorted([...inside, ...scraped, ...LET_IN[overlay]]),
      );
    });

    test('let everybody ask the cluster’s DNS', () => {
      const everybody = [...pods, ...strangers.slice(0, 1)];
      expect(edges(maySend, everybody, [{ party: dns, ports: [53, 80] }])).toEqual(
        sorted(everybody.map(({ name }) => `${name} -> kube-system/kube-dns:53`)),
      );
    });
  });
});
