import { expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { createPeriodic, silentLogger } from '../src/index.js';

const AN_HOUR = 3_600_000;

/** Work whose runs the test ends one by one. */
function gatedWork() {
  const runs: { end: (error?: Error) => void; signal: AbortSignal }[] = [];
  const work = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      runs.push({ end: (error) => (error ? reject(error) : resolve()), signal });
    });
  return { runs, work };
}
const count = (runs: unknown[], expected: number) =>
  eventually(async () => expect(runs).toHaveLength(expected));

test('a nudge during a run starts one more run after it, and a failure does not stop later runs', async () => {
  const { runs, work } = gatedWork();
  const periodic = createPeriodic('work', AN_HOUR, work, silentLogger);
  periodic.nudge();
  expect(runs).toHaveLength(0);
  periodic.start();
  await count(runs, 1);
  periodic.nudge();
  periodic.nudge();
  expect(runs).toHaveLength(1);
  runs[0]?.end(new Error('broken'));
  await count(runs, 2);
  runs[1]?.end();
  periodic.nudge();
  await count(runs, 3);
  runs[2]?.end();
  await periodic.stop();
  periodic.nudge();
  expect(runs).toHaveLength(3);
});

test('a stop aborts the run in progress, waits for its end, and starts no other', async () => {
  const { runs, work } = gatedWork();
  const periodic = createPeriodic('work', AN_HOUR, work, silentLogger);
  periodic.start();
  await count(runs, 1);
  periodic.nudge();
  let isStopped = false;
  const stopped = periodic.stop().then(() => {
    isStopped = true;
  });
  expect(runs[0]?.signal.aborted).toBe(true);
  expect(isStopped).toBe(false);
  runs[0]?.end();
  await stopped;
  expect(runs).toHaveLength(1);
});
