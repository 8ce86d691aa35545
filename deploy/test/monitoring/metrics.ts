import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMetrics } from '@lazyphotos/service-kit';
import { repository } from '@lazyphotos/testkit';
import { parse } from 'yaml';

const folder = join(repository, 'deploy/monitoring');

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string };
}

interface Panel {
  id: number;
  title: string;
  type: string;
  datasource?: { uid: string };
  targets?: { expr: string }[];
}

export const rulesFile = join(folder, 'prometheus/alerts.yml');
export const configFile = join(folder, 'prometheus/prometheus.yml');
const read = (path: string) => readFileSync(join(folder, path), 'utf8');

export const alerts: Rule[] = parse(read('prometheus/alerts.yml')).groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules,
);
export const dashboards: { title: string; uid: string; panels: Panel[] }[] = globSync('*.json', {
  cwd: join(folder, 'grafana/dashboards'),
}).map((name) => JSON.parse(read(`grafana/dashboards/${name}`)));
export const dataSources: { uid: string; url: string }[] = parse(
  read('grafana/provisioning/datasources/prometheus.yml'),
).datasources;
export const scraped: { job_name: string; dns_sd_configs?: { names: string[]; port: number }[] }[] = parse(
  read('prometheus/prometheus.yml'),
).scrape_configs;
const forwarding = parse(read('grafana/provisioning/alerting/firing.yml')).groups[0].rules[0];

/** Every PromQL expression of alerts and dashboards, with the place where it stands. */
export const expressions: { place: string; expr: string }[] = [
  ...alerts.map(({ alert, expr }) => ({ place: `alert ${alert}`, expr })),
  ...dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr }) => ({
        place: `${title}: ${panel.title}`,
        // Grafana's own variable.
        expr: expr.replaceAll('$__rate_interval', '5m'),
      })),
    ),
  ),
  { place: 'the rule that hands alerts to Grafana', expr: forwarding.data[0].model.expr },
];

/** What the three servers and Prometheus itself have, of which we use a little; each was seen on the real server. */
const OF_OTHERS = [
  'up',
  'ALERTS',
  'rabbitmq_detailed_queue_messages',
  'rabbitmq_detailed_queue_messages_ready',
  'rabbitmq_detailed_queue_consumers',
  'rabbitmq_alarms_memory_used_watermark',
  'rabbitmq_alarms_free_disk_space_watermark',
  'rabbitmq_process_resident_memory_bytes',
  'minio_cluster_capacity_usable_free_bytes',
  'minio_cluster_capacity_usable_total_bytes',
  'minio_cluster_health_status',
  'minio_node_process_resident_memory_bytes',
  'minio_s3_traffic_received_bytes',
  'minio_s3_traffic_sent_bytes',
];

const METRIC_SOURCES = [
  'services/*/src/**/metrics.ts',
  'packages/service-kit/src/metrics.ts',
  'packages/standalone/src/disk-reserve.ts',
];

const seriesOf = (kind: string, name: string) =>
  kind === 'Histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];

/** The names of all series that there can be. */
export async function knownSeries(): Promise<Set<string>> {
  const common = await createMetrics().registry.getMetricsAsJSON();
  const sources = globSync(METRIC_SOURCES, { cwd: repository }).map((file) =>
    readFileSync(join(repository, file), 'utf8'),
  );
  const declared = sources
    .flatMap((source) => [...source.matchAll(/new (Counter|Gauge|Histogram)\(\{\s*name: '(\w+)'/g)])
    .flatMap(([, kind = '', name = '']) => seriesOf(kind, name));
  return new Set([...common.map(({ name }) => name), ...declared, ...OF_OTHERS]);
}

/** The series that an expression asks for: its names that are neither functions, labels, keywords nor texts. */
export function seriesIn(expr: string): string[] {
  const bare = expr
    .replace(/"(\\.|[^"\\])*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '')
    .replace(/\[[^\]]*\]/g, '');
  const names = [...bare.matchAll(/\b[a-zA-Z_]\w*\b(?!\s*\()/g)].map(([name]) => name);
  return names.filter((name) => !/^(and|or|unless|offset|bool|by|e\d+)$/.test(name));
}
