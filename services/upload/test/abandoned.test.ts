import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { StorageUnavailableError } from '@lazyphotos/object-storage';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { CHUNK, HOUR_MS, startUpload, type UploadNode } from './harness.js';
import { newFile, originalKey } from './user.js';

describeWithPostgres('uploads in the store that no session knows of', () => {
  let node: UploadNode;
  let unremovable: string | undefined;
  beforeAll(async () => {
    node = await startUpload({
      decorate: (store) => ({
        ...store,
        abortUpload: async (upload) => {
          if (upload.key === unremovable) throw new StorageUnavailableError('cannot be removed');
          await store.abortUpload(upload);
        },
      }),
    });
  });
  afterAll(() => node.stop());

  const begin = async (key: string): Promise<string> => {
    await node.store.beginUpload(key, 10, 10, { contentType: 'image/jpeg' });
    return key;
  };
  const underWay = async (): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of node.store.listUploads('')) keys.push(key);
    return keys.sort();
  };

  it('are aborted when they are a day old, and uploads that continue are not', async () => {
    const user = node.user();
    const file = newFile();
    const session = await user.open(file);
    const chunk = (index: number) => file.bytes.subarray(index * CHUNK, (index + 1) * CHUNK);
    await user.put(session.id, 0, chunk(0));
    const [live] = await underWay();
    const orphans = [1, 2].map(() => originalKey({ id: newId(), userId: user.id }));
    for (const key of orphans) await begin(key);
    const others = await begin('derived/somebody/elses');

    node.advance(20 * HOUR_MS);
    await user.put(session.id, CHUNK, chunk(1));
    await node.service.expire();
    expect(await underWay()).toEqual([live, others, ...orphans].sort());

    node.advance(5 * HOUR_MS);
    unremovable = orphans[0];
    await node.service.expire();
    expect(await underWay()).toEqual([live, others, orphans[0]].sort());
    unremovable = undefined;
    await node.service.expire();
    expect(await underWay()).toEqual([live, others].sort());

    await user.sendAll(session, file);
    const { body } = await user.complete(session.id);
    expect(await node.bytesOf({ id: body.photoId, userId: user.id })).toEqual(file.bytes);
    expect(await underWay()).toEqual([others]);
  });
});
