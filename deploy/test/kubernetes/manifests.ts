/** As much of Kubernetes' objects as the tests look at; whether the rest is right, their schemas say. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Labels };
  spec?: unknown;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

export type Labels = Record<string, string>;

export interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface Workload extends Manifest {
  kind: 'Deployment' | 'StatefulSet' | 'Job';
  spec: {
    replicas?: number;
    selector?: Selector;
    strategy?: { type: string };
    ttlSecondsAfterFinished?: number;
    template: { metadata: { labels: Labels }; spec: PodSpec };
  };
}

export interface PodSpec {
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  terminationGracePeriodSeconds?: number;
  securityContext?: Record<string, unknown>;
  containers: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  env?: EnvVariable[];
  envFrom?: { configMapRef?: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  volumeMounts?: { name: string; mountPath: string; subPath?: string }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
}

export interface EnvVariable {
  name: string;
  value?: string;
  valueFrom?: { configMapKeyRef?: { name: string; key: string } };
}

export interface Probe {
  httpGet?: { path: string; port: string | number };
  tcpSocket?: { port: string | number };
  exec?: { command: string[] };
  periodSeconds?: number;
  failureThreshold?: number;
}

export interface Volume {
  name: string;
  secret?: { secretName: string };
  configMap?: { name: string };
  emptyDir?: { sizeLimit?: string };
  persistentVolumeClaim?: { claimName: string };
}

export interface Service extends Manifest {
  spec: { selector: Labels; ports: { name: string; port: number; targetPort: string | number }[] };
}

export const ofKind = <T extends Manifest>(manifests: readonly Manifest[], ...kinds: string[]): T[] =>
  manifests.filter(({ kind }) => kinds.includes(kind)) as T[];

export const named = (manifests: readonly Manifest[], kind: string, name: string): Manifest | undefined =>
  ofKind(manifests, kind).find(({ metadata }) => metadata.name === name);

/** The name of the Deployment that an autoscaler, Kubernetes' or KEDA's, is for. */
export const scaledBy = (scaler: Manifest): string =>
  (scaler.spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name;

export const workloadsOf = (manifests: readonly Manifest[]): Workload[] =>
  ofKind<Workload>(manifests, 'Deployment', 'StatefulSet', 'Job');

export const labelsOf = (workload: Workload): Labels => workload.spec.template.metadata.labels;

export const podOf = (workload: Workload): PodSpec => workload.spec.template.spec;

/** Our pods have one container each. */
export function containerOf(workload: Workload): Container {
  const [container, ...others] = podOf(workload).containers;
  if (!container || others.length > 0) throw new Error(`${workload.metadata.name} has not one container`);
  return container;
}

/** Whose pods these are, without the version in a Job's name. */
export const componentOf = (workload: Workload): string =>
  labelsOf(workload)['app.kubernetes.io/component'] ?? workload.metadata.name;

/** The Secret that is mounted at /secrets. */
export const secretNameOf = (workload: Workload): string =>
  podOf(workload).volumes?.find(({ name }) => name === 'secrets')?.secret?.secretName ?? '';

export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  const isMet = ({ key, operator, values = [] }: { key: string; operator: string; values?: string[] }) => {
    const value = labels[key];
    if (operator === 'In') return value !== undefined && values.includes(value);
    throw new Error(`the tests do not know the operator ${operator}`);
  };
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(isMet)
  );
}

/** A container's plain variables, those of its ConfigMaps included. */
export function environmentOf(
  container: Container,
  configMaps: ReadonlyMap<string, Record<string, string>>,
): Record<string, string> {
  const dataOf = (name: string) => {
    const data = configMaps.get(name);
    if (!data) throw new Error(`there is no ConfigMap ${name}`);
    return data;
  };
  const env: Record<string, string> = {};
  for (const { configMapRef } of container.envFrom ?? []) {
    Object.assign(env, configMapRef && dataOf(configMapRef.name));
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const key = valueFrom?.configMapKeyRef;
    env[name] = (key ? dataOf(key.name)[key.key] : value) ?? '';
  }
  return env;
}

const UNITS: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** Bytes of a quantity such as `96Mi`. */
export function bytes(quantity: string | undefined): number {
  const [, number, unit = ''] = /^(\d+)([KMG]i)$/.exec(quantity ?? '') ?? [];
  const factor = UNITS[unit];
  if (factor === undefined) throw new Error(`${quantity} is not an amount of memory`);
  return Number(number) * factor;
}
