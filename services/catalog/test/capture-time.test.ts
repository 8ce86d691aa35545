import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { EventPayload } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { eventOf, failedResult, newUpload, readyResult } from './facts.js';
import { type CatalogNode, startCatalog } from './harness.js';

type Upload = Partial<EventPayload<'upload.completed'>>;

const inName = '2019-07-14T10:11:12.000Z';
const announced = '2021-02-03T04:05:06.000Z';
const found = '2018-01-01T00:00:00.000Z';

describeWithPostgres('when a photo was taken', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  const upload = (more: Upload) => newUpload(newId(), { fileName: 'scan0001.jpg', ...more });
  const timeOf = async ({ userId, photoId }: EventPayload<'upload.completed'>) => {
    const { capturedAt, capturedAtSource } = (await node.user(userId).photo(photoId)).body;
    return [capturedAt, capturedAtSource];
  };

  it.each<[string, Upload, (string | undefined)[]]>([
    ['is what the client says', { capturedAt: announced }, [announced, 'client']],
    [
      'is what the client says before what the name says',
      { capturedAt: announced, fileName: 'IMG_20190714_101112.jpg' },
      [announced, 'client'],
    ],
    ['is in the name', { fileName: 'IMG_20190714_101112.jpg' }, [inName, 'fileName']],
    [
      'is in the name before it is the time of modification',
      { capturedAt: announced, capturedAtSource: 'fileModified', fileName: 'IMG_20190714_101112.jpg' },
      [inName, 'fileName'],
    ],
    [
      'is the time of modification within the day of the name',
      {
        capturedAt: '2019-07-14T18:30:05.000Z',
        capturedAtSource: 'fileModified',
        fileName: 'IMG-20190714-WA0007.jpg',
      },
      ['2019-07-14T18:30:05.000Z', 'fileName'],
    ],
    [
      'is the day of the name when the file was modified on another one',
      {
        capturedAt: '2019-07-15T02:00:00.000Z',
        capturedAtSource: 'fileModified',
        fileName: 'IMG-20190714-WA0007.jpg',
      },
      ['2019-07-14T00:00:00.000Z', 'fileName'],
    ],
    [
      'is the date that the client found in another name',
      { capturedAt: announced, capturedAtSource: 'fileName', fileName: 'IMG_20190714_101112.jpg' },
      [announced, 'fileName'],
    ],
    [
      'is the time of modification',
      { capturedAt: announced, capturedAtSource: 'fileModified' },
      [announced, 'fileModified'],
    ],
    [
      'is not the time of modification of a file that has none: 1970-01-01T00:00:01.000Z',
      { capturedAt: '1970-01-01T00:00:01.000Z', capturedAtSource: 'fileModified' },
      [undefined, undefined],
    ],
    [
      'is not the time of modification of a file that has none: 1969-12-31T12:00:00.000Z',
      { capturedAt: '1969-12-31T12:00:00.000Z', capturedAtSource: 'fileModified' },
      [undefined, undefined],
    ],
    [
      'is not the time of modification of a file that has none: 1980-01-01T08:00:00.000Z',
      { capturedAt: '1980-01-01T08:00:00.000Z', capturedAtSource: 'fileModified' },
      [undefined, undefined],
    ],
    [
      'is not the time of modification of a file that has none: 1904-01-01T00:00:00.000Z',
      { capturedAt: '1904-01-01T00:00:00.000Z', capturedAtSource: 'fileModified' },
      [undefined, undefined],
    ],
    [
      'is not a time of modification that is to come',
      { capturedAt: '2999-01-01T00:00:00.000Z', capturedAtSource: 'fileModified' },
      [undefined, undefined],
    ],
    ['is unknown', {}, [undefined, undefined]],
  ])('%s', async (_, fields, expected) => {
    const fact = upload(fields);
    await node.service.api.recordUpload(fact);
    expect(await timeOf(fact)).toEqual(expected);
  });

  it('is not read out of the hash that a file without a name is called by', async () => {
    const hash = `20190714${'0'.repeat(7)}a${'b'.repeat(48)}`;
    const fact = upload({ hash, fileName: hash.slice(0, 8) });
    await node.service.api.recordUpload(fact);
    expect(await timeOf(fact)).toEqual([undefined, undefined]);
  });

  it.each<[string, Upload]>([
    ['client', { capturedAt: announced }],
    ['name', { fileName: 'IMG_20190714_101112.jpg' }],
    ['time of modification', { capturedAt: announced, capturedAtSource: 'fileModified' }],
  ])('is that of the file, not that of the %s, in any order of arrival', async (_, fields) => {
    const result = { capturedAt: found, capturedAtSource: 'metadataModified' as const };
    const [first, second] = [upload(fields), upload(fields)];
    await node.deliver(eventOf('upload.completed', first));
    await node.deliver(eventOf('media.processed', readyResult(first, result)));
    await node.deliver(eventOf('media.processed', readyResult(second, result)));
    await node.deliver(eventOf('upload.completed', second));
    for (const fact of [first, second]) {
      expect(await timeOf(fact)).toEqual([found, 'metadataModified']);
    }
  });

  it('stays when a later run finds nothing, and is corrected when it finds another date', async () => {
    const fact = upload({ capturedAt: announced });
    await node.service.api.recordUpload(fact);
    const run = (run: number, more: object) =>
      node.deliver(eventOf('media.processed', readyResult(fact, { run, ...more })));
    await run(1, {});
    expect(await timeOf(fact)).toEqual([announced, 'client']);
    await run(2, { capturedAt: found, capturedAtSource: 'gps' });
    await run(3, {});
    await node.deliver(eventOf('media.processed', { ...failedResult(fact), run: 4 }));
    expect(await timeOf(fact)).toEqual([found, 'gps']);
    await run(5, { capturedAt: inName, capturedAtSource: 'xmpOriginal' });
    expect(await timeOf(fact)).toEqual([inName, 'xmpOriginal']);
  });

  it('orders the list, and its source is in the event', async () => {
    const user = newId();
    const older = newUpload(user, { fileName: '20190101.jpg' });
    const newer = newUpload(user, { fileName: '20200101.jpg' });
    for (const fact of [newer, older]) await node.service.api.recordUpload(fact);
    const { body } = await node.user(user).call('/photos');
    expect(body.photos.map(({ id }: { id: string }) => id)).toEqual([newer.photoId, older.photoId]);
    const [event] = await node.eventsOf(user);
    expect(event?.payload).toMatchObject({ photo: { capturedAtSource: 'fileName' } });
  });
});
