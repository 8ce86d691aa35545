import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { type CatalogNode, startCatalog } from './harness.js';

/** The month of an instant in a zone, by the runtime's own database of zones. */
const monthOf = (iso: string, zone: string): string => {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    calendar: 'iso8601',
    year: 'numeric',
    month: '2-digit',
  }).formatToParts(new Date(iso));
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? '';
  return `${part('year').padStart(4, '0')}-${part('month')}`;
};

const counted = (times: string[], zone: string) =>
  [...Map.groupBy(times, (time) => monthOf(time, zone))]
    .map(([month, inMonth]) => ({ month, count: inMonth.length }))
    .sort((a, b) => b.month.localeCompare(a.month));

describeWithPostgres('the timeline', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(() => node.stop());

  const libraryOf = async (times: string[]) => {
    const user = node.user();
    await user.addPhotos(times.length, (index) => ({ capturedAt: times[index] ?? '' }));
    return user;
  };
  const monthsOf = async (user: ReturnType<CatalogNode['user']>, query = '') => {
    const { status, body, text } = await user.call(`/photos/timeline${query}`);
    if (status !== 200) throw new Error(text);
    return body.months;
  };

  it('of a user without photos is empty', async () => {
    expect(await monthsOf(node.user())).toEqual([]);
  });

  it.each([
    // Clocks are set back from 01:00 to 00:00 on the first of the month: its first hour comes twice.
    [
      'America/Havana',
      ['2020-11-01T03:59:59Z', '2020-11-01T04:00:00Z', '2020-11-01T04:30:00Z', '2020-11-01T05:30:00Z'],
    ],
    // Midnight of the first is left out.
    ['America/Asuncion', ['2017-10-01T03:59:59Z', '2017-10-01T04:00:00Z', '2017-09-30T23:00:00Z']],
    [
      'Europe/Berlin',
      ['2024-03-31T21:59:59Z', '2024-03-31T22:00:00Z', '2024-10-31T22:59:59Z', '2024-10-31T23:00:00Z'],
    ],
    // Names without a region, with summer time.
    ['CET', ['2024-06-30T21:59:59Z', '2024-06-30T22:00:00Z', '2024-01-31T22:59:59Z', '2024-01-31T23:00:00Z']],
    ['EST5EDT', ['2024-06-01T03:59:59Z', '2024-06-01T04:00:00Z']],
    ['Pacific/Kiritimati', ['2023-12-31T10:00:00Z', '2023-12-31T09:59:59Z']],
    ['America/Los_Angeles', ['2024-01-01T07:59:59Z', '2024-01-01T08:00:00Z']],
    ['Asia/Kathmandu', ['2024-04-30T18:14:59Z', '2024-04-30T18:15:00Z']],
    ['Europe/Amsterdam', ['1930-04-30T23:40:00Z', '1930-04-30T23:40:28Z', '1930-05-01T00:00:00Z']],
    ['UTC', ['1969-12-31T23:59:59Z', '1970-01-01T00:00:00Z', '1899-05-01T00:00:00Z', '1852-02-29T12:00:00Z']],
  ])('has the months of %s', async (zone, times) => {
    const user = await libraryOf(times);
    expect(await monthsOf(user, `?zone=${zone}`)).toEqual(counted(times, zone));
  });

  it('counts every photo once, in any zone', async () => {
    const zones = [
      'UTC',
      'America/Havana',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Asia/Tehran',
      'Africa/Monrovia',
    ];
    const time = fc
      .date({
        min: new Date('1975-01-01T00:00:00Z'),
        max: new Date('2037-01-01T00:00:00Z'),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString());
    const nearTheFirst = fc
      .tuple(fc.integer({ min: 0, max: 700 }), fc.integer({ min: -60, max: 60 }))
      .map(([month, quarters]) => new Date(Date.UTC(1975, month, 1) + quarters * 900_000).toISOString());
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(time, nearTheFirst), { minLength: 1, maxLength: 30 }),
        fc.constantFrom(...zones),
        async (times, zone) => {
          const user = await libraryOf(times);
          expect(await monthsOf(user, `?zone=${zone}`)).toEqual(counted(times, zone));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('is in UTC if no zone is given, and counts a photo without a capture time with its upload', async () => {
    const user = node.user();
    await user.addPhoto({ uploadedAt: '2024-05-31T23:30:00.000Z' });
    await user.addPhoto({ capturedAt: '2024-06-01T00:30:00Z', uploadedAt: '2025-01-01T00:00:00.000Z' });
    expect(await monthsOf(user)).toEqual([
      { month: '2024-06', count: 1 },
      { month: '2024-05', count: 1 },
    ]);
    expect(await monthsOf(user, '?sort=uploadedAt')).toEqual([
      { month: '2025-01', count: 1 },
      { month: '2024-05', count: 1 },
    ]);
  });

  it('keeps the first and the last instant that there are in the years with four digits', async () => {
    const user = await libraryOf(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z']);
    for (const zone of ['UTC', 'America/Los_Angeles', 'Pacific/Kiritimati'])
      expect(await monthsOf(user, `?zone=${zone}`)).toEqual([
        { month: '9999-12', count: 1 },
        { month: '0001-01', count: 1 },
      ]);
  });

  it.each(['Mars/Olympus', '+01:00', 'CET;', '', 'GMT+1', '../UTC', 'x'.repeat(65)])(
    'refuses the zone %j',
    async (zone) => {
      const reply = await node.user().call(`/photos/timeline?zone=${encodeURIComponent(zone)}`);
      expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
      expect(reply.body.errors[0].path).toBe('query.zone');
    },
  );

  it('refuses a zone that only the runtime knows', async () => {
    const user = await libraryOf(['2024-05-01T12:00:00Z']);
    const reply = await user.call('/photos/timeline?zone=US/Pacific-New');
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(reply.body.errors[0].path).toBe('query.zone');
  });

  describe('holds what the list holds', () => {
    it.each([
      '',
      'favorite=true',
      'archived=false',
      'trashed=true',
      'tag=SEA',
      'albumId=',
      'from=2024-02-01T00:00:00Z',
      'tag=sea&favorite=false&albumId=',
    ])('with %j', async (filter) => {
      const user = node.user();
      const ids = await user.addPhotos(24, (index) => ({
        capturedAt: new Date(Date.UTC(2024, index % 5, 1 + index)).toISOString(),
      }));
      const albumId = await user.addAlbum();
      await user.addItems(
        albumId,
        ids.filter((_, index) => index % 2 === 0),
      );
      await node.pool.query(`UPDATE photos SET tags = '{Sea}', tag_keys = '{sea}' WHERE id = ANY($1)`, [
        ids.filter((_, index) => index % 3 === 0),
      ]);
      await node.pool.query('UPDATE photos SET favorite = true WHERE id = ANY($1)', [ids.slice(0, 9)]);
      await node.pool.query('UPDATE photos SET archived = true WHERE id = ANY($1)', [ids.slice(6, 14)]);
      for (const id of ids.slice(20)) await user.trash(id);
      const query = filter.replace('albumId=', `albumId=${albumId}`);
      const photos = (await user.list(`?${query}`)).body.photos;
      expect(photos.length).toBeGreaterThan(0);
      const times = photos.map((photo: { capturedAt: string }) => photo.capturedAt);
      expect(await monthsOf(user, `?${query}`)).toEqual(counted(times, 'UTC'));
    });
  });
});
