import { BlockList } from 'node:net';
import { type Labels, type Manifest, ofKind, type Selector, selects } from './manifests.js';

/** Who sends or receives: a pod, or an address outside of the cluster. */
export type Party = { name: string } & ({ namespace: string; labels: Labels } | { address: string });

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { protocol: 'TCP' | 'UDP'; port: number }[];
}

interface NetworkPolicy extends Manifest {
  spec: { podSelector: Selector; policyTypes: string[]; ingress?: Rule[]; egress?: Rule[] };
}

const OUR_NAMESPACE = 'lazyphotos';

function contains(cidr: string, address: string): boolean {
  const [network = '', prefix] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), 'ipv4');
  return list.check(address, 'ipv4');
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, party: Party): boolean {
  if ('address' in party) {
    const isExcepted = ipBlock?.except?.some((cidr) => contains(cidr, party.address)) ?? false;
    return ipBlock !== undefined && contains(ipBlock.cidr, party.address) && !isExcepted;
  }
  if (ipBlock) return false;
  // Every namespace has this label from Kubernetes.
  const namespaceLabels = { 'kubernetes.io/metadata.name': party.namespace };
  const isNamespace = namespaceSelector
    ? selects(namespaceSelector, namespaceLabels)
    : party.namespace === OUR_NAMESPACE;
  return isNamespace && selects(podSelector ?? {}, party.labels);
}

const permits = (peers: Peer[] | undefined, { ports }: Rule, party: Party, port: number): boolean =>
  (peers ?? []).some((peer) => isPeer(peer, party)) && (ports ?? []).some((one) => one.port === port);

/**
 * Whether the policies let a pod open connections to a port (`Egress`), or be reached at it (`Ingress`), as Kubernetes defines it:
 * a pod that no policy selects for a direction is open in it; any other one needs one rule of one of its policies. A rule without
 * peers or ports, which would allow everything, is taken to allow nothing: we want none such.
 */
function isOpen(
  manifests: readonly Manifest[],
  direction: 'Ingress' | 'Egress',
  pod: Party,
  other: Party,
  port: number,
): boolean {
  if ('address' in pod || pod.namespace !== OUR_NAMESPACE) return true;
  const own = ofKind<NetworkPolicy>(manifests, 'NetworkPolicy').filter(
    ({ spec }) => spec.policyTypes.includes(direction) && selects(spec.podSelector, pod.labels),
  );
  if (own.length === 0) return true;
  return own.some(({ spec: { ingress = [], egress = [] } }) =>
    direction === 'Ingress'
      ? ingress.some((rule) => permits(rule.from, rule, other, port))
      : egress.some((rule) => permits(rule.to, rule, other, port)),
  );
}

/** Whether `from` may send to that port of `to`, whatever `to` thinks of it. */
export const maySend = (manifests: readonly Manifest[], from: Party, to: Party, port: number): boolean =>
  isOpen(manifests, 'Egress', from, to, port);

/** Whether `to` may be reached at that port by `from`, whatever `from` may do. */
export const mayReceive = (manifests: readonly Manifest[], from: Party, to: Party, port: number): boolean =>
  isOpen(manifests, 'Ingress', to, from, port);
