import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, describeWithPostgres, run, type TestDatabase } from '@lazyphotos/testkit';

const PROGRAM = `
  import { openDatabase } from '@lazyphotos/database';
  const database = openDatabase({ url: process.env.URL, poolSize: 1, applicationName: 'time-zones-test' });
  const times = process.env.TIMES.split(' ');
  const { rows } = await database.pool.query(
    "SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD\\"T\\"HH24:MI:SS.MS\\"Z\\"') AS stored, time FROM unnest($1::timestamptz[]) AS time",
    [times.map((time) => new Date(time))],
  );
  console.log(JSON.stringify(rows));
  await database.close();`;

/** Dublin was 25 minutes and 21 seconds behind Greenwich until 1916, Berlin 53 minutes and 28 seconds ahead until 1893. */
const TIMES = [
  '1880-06-01T12:00:00.000Z',
  '1905-06-01T12:00:00.123Z',
  '1960-06-01T12:00:00.000Z',
  '2026-03-29T01:30:00.000Z',
];

describeWithPostgres('a time of the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase('time_zones');
  });
  afterAll(() => database.drop());

  it.each(['UTC', 'Europe/Dublin', 'Europe/Berlin', 'Africa/Monrovia', 'America/Mexico_City'])(
    'is the same on a machine in %s',
    async (zone) => {
      const env = { TZ: zone, URL: database.url, TIMES: TIMES.join(' ') };
      const { stdout, stderr } = await run(
        process.execPath,
        ['--input-type=module', '-e', PROGRAM],
        env,
        import.meta.dirname,
      );
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual(TIMES.map((time) => ({ stored: time, time })));
    },
  );
});
