import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES, topology } from '@lazyphotos/contracts';
import { chassisSettings } from '@lazyphotos/service-kit';
import { debianTool, describeWithTools, run } from '@lazyphotos/testkit';
import { parse } from 'yaml';
import {
  alerts,
  configFile,
  dashboards,
  dataSources,
  expressions,
  knownSeries,
  rulesFile,
  scraped,
  seriesIn,
} from './metrics.js';
import { alertsIn, isInSources, listOfAlerts, messagesIn, metricsIn, seen } from './operations.js';

const casesFile = fileURLToPath(new URL('alerts.cases.yml', import.meta.url));
const namesOfAlerts = alerts.map(({ alert }) => alert);

interface Case {
  promql_expr_test: { exp_samples: { labels: string }[] }[];
}

describe('monitoring', () => {
  test('asks only for metrics that there are', async () => {
    const known = await knownSeries();
    expect(expressions.length).toBeGreaterThan(30);
    for (const { place, expr } of expressions) {
      const series = seriesIn(expr);
      expect([place, series.length > 0]).toEqual([place, true]);
      expect([place, series.filter((name) => !known.has(name))]).toEqual([place, []]);
    }
  });

  test('scrapes every replica of the six services', () => {
    const [services] = scraped.flatMap(({ dns_sd_configs = [] }) => dns_sd_configs);
    expect(services?.names.toSorted()).toEqual([...SERVICE_NAMES].sort());
    expect(services?.port).toBe(chassisSettings.metricsPort.schema.parse(undefined));
  });

  test('distinguishes queues of events from dead letters and retries by their names', () => {
    const matcher = /queue!~"(.*?)"/.exec(expressions.map(({ expr }) => expr).join())?.[1] ?? '';
    const others = new RegExp(`^(${matcher.replaceAll('\\\\', '\\')})$`);
    const queues = Object.keys(topology);
    expect(queues.filter((queue) => others.test(queue))).toEqual([]);
    expect(others.test(`${queues[0]}.dead`)).toBe(true);
    expect(others.test('lazyphotos.retry.after-8s')).toBe(true);
  });

  test('every alert says what is wrong and how bad it is', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(warning|critical)$/)]);
      expect(annotations.summary).toMatch(/\S/);
    }
    expect(new Set(namesOfAlerts).size).toBe(alerts.length);
  });

  test('every alert has a case in which it fires', async () => {
    const { tests }: { tests: Case[] } = parse(await readFile(casesFile, 'utf8'));
    const labels = tests.flatMap(({ promql_expr_test }) =>
      promql_expr_test.flatMap(({ exp_samples }) => exp_samples.map((sample) => sample.labels)),
    );
    const firing = new Set(labels.map((text) => /alertname="(\w+)"/.exec(text)?.[1]));
    expect(namesOfAlerts.filter((name) => !firing.has(name))).toEqual([]);
  });

  test('docs/operations.md lists every alert', () => {
    expect(alertsIn(listOfAlerts).toSorted()).toEqual(namesOfAlerts.toSorted());
  });

  test('the alerts, metrics and log messages that docs/operations.md lets an operator see are there', async () => {
    const known = await knownSeries();
    const unknown = seen.flatMap(({ heading, text, all }) => [
      ...alertsIn(all)
        .filter((name) => !namesOfAlerts.includes(name))
        .map((name) => `${heading}: no alert ${name}`),
      ...metricsIn(all)
        .filter((name) => !known.has(name))
        .map((name) => `${heading}: no metric ${name}`),
      ...messagesIn(text)
        .filter((message) => !isInSources(message))
        .map((message) => `${heading}: no source has the text "${message}"`),
    ]);
    expect(unknown).toEqual([]);
    // Each section says something of the kind.
    expect(seen.filter(({ all }) => all === '').map(({ heading }) => heading)).toEqual([]);
    expect(seen.length).toBeGreaterThan(15);
  });

  test('the dashboards use the data source that is provisioned', () => {
    for (const { title, panels } of dashboards) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const used = panels.filter(({ type }) => type !== 'row').map(({ datasource }) => datasource?.uid);
      expect([title, [...new Set(used)]]).toEqual([title, dataSources.map(({ uid }) => uid)]);
    }
  });
});

describeWithTools(['promtool'], 'Prometheus', () => {
  let program: string;
  beforeAll(async () => {
    program = await debianTool('promtool');
  });
  const promtool = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(program, args, {});
    return code === 0 ? 'ok' : `${stdout}${stderr}`;
  };

  test('takes its configuration and the alerts', async () => {
    expect(await promtool('check', 'config', configFile)).toBe('ok');
    expect(await promtool('check', 'rules', rulesFile)).toBe('ok');
  });

  test('understands every expression of the dashboards', async () => {
    const rules = expressions.map(({ expr }, index) => ({ record: `expression_${index}`, expr }));
    const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-promql-'));
    try {
      const file = join(folder, 'rules.yml');
      await writeFile(file, JSON.stringify({ groups: [{ name: 'all', rules }] }));
      expect(await promtool('check', 'rules', file)).toBe('ok');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('fires each alert when it should, and not otherwise', async () => {
    expect(await promtool('test', 'rules', casesFile)).toBe('ok');
  });
});
