import { expect, test } from '@jest/globals';
import { createMetrics } from '@lazyphotos/service-kit';
import { recordingLogger } from '@lazyphotos/testkit';
import { busObserver } from '../src/needs.js';

test('an outage is counted for each event, and logged once for each queue in ten seconds', async () => {
  const metrics = createMetrics();
  const { logger, lines } = recordingLogger();
  let now = 0;
  const observer = busObserver(metrics, logger, () => now);
  const error = new Error('the store is away');
  for (const queue of ['catalog.media', 'catalog.media', 'feed.catalog', 'catalog.media']) {
    observer.settled?.(queue, 'media.processed', 'postponed', error);
    now += 2000;
  }
  now = 10_000;
  observer.settled?.('catalog.media', 'media.processed', 'postponed', error);
  observer.settled?.('catalog.media', 'media.processed', 'done');
  observer.settled?.('catalog.media', 'media.processed', 'retried', error);
  observer.settled?.('catalog.media', 'media.processed', 'dead_lettered', error);
  expect(lines.map(({ level, message, fields }) => [level, message, fields?.queue])).toEqual([
    ['warn', 'an event waits until what it needs is back', 'catalog.media'],
    ['warn', 'an event waits until what it needs is back', 'feed.catalog'],
    ['warn', 'an event waits until what it needs is back', 'catalog.media'],
    ['warn', 'an event will be delivered again', 'catalog.media'],
    ['error', 'an event is a dead letter', 'catalog.media'],
  ]);
  expect(await metrics.registry.metrics()).toMatch(
    /^lazyphotos_events_handled_total\{queue="catalog.media",type="media.processed",outcome="postponed"\} 4$/m,
  );
});
