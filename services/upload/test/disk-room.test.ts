import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { describeWithPostgres, eventually, http, recordingLogger } from '@lazyphotos/testkit';
import { CHUNK, HOUR_MS, startUpload, type UploadNode } from './harness.js';
import { ended, photo, sendArchive, startImport, zipOf } from './imports/archives.js';
import { newFile, originalKey } from './user.js';

const RESERVE = 1_000_000;
const TOTAL = 10_000_000;
const FULL = { status: 507, body: { code: 'storage_full' } };

describeWithPostgres('a disk of which a reserve stays free', () => {
  let free = TOTAL;
  /** The disk of the test has no other end than `free`. */
  const decorate = (store: ObjectStore) => ({ ...store, diskSpace: async () => ({ free, total: TOTAL }) });
  const { logger, lines } = recordingLogger();
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload({ decorate, logger, settings: { diskReserveBytes: RESERVE } });
  });
  beforeEach(async () => {
    free = TOTAL;
    await node.pool.query('DELETE FROM upload_sessions WHERE status = $1', ['open']);
  });
  afterAll(() => node.stop());

  it('refuses a session that does not fit beside what open ones have still to send', async () => {
    const [user, other] = [node.user(), node.user()];
    free = RESERVE + 10_000;
    const first = newFile(6000);
    const session = await user.open(first);
    const second = newFile(4001);
    expect(await other.announce(second)).toMatchObject(FULL);
    // What has arrived is on the disk, and no longer to come. A session that is open already keeps its room.
    await user.put(session.id, 0, first.bytes.subarray(0, CHUNK));
    expect((await user.announce(first)).body).toMatchObject({ uploadSessionId: session.id });
    const { id } = await other.open(second);
    expect(await user.announce(newFile(1000))).toMatchObject(FULL);
    expect((await other.abort(id)).status).toBe(204);
    await user.open(newFile(1000));
  });

  it('does not keep room for a session that has sent nothing for a day', async () => {
    const [user, other] = [node.user(), node.user()];
    free = RESERVE + 10_000;
    await user.open(newFile(9000));
    const file = newFile(9000);
    expect(await other.announce(file)).toMatchObject(FULL);
    await node.pool.query(`UPDATE upload_sessions SET expires_at = expires_at - interval '25 hours'`);
    expect((await other.announce(file)).status).toBe(200);
  });

  it('refuses chunks and imports when it is used; what is stored is completed, read and deleted', async () => {
    const user = node.user();
    const [stored, half] = [newFile(1500), newFile(2500)];
    const archive = await sendArchive(user, await zipOf({ 'Takeout/a.jpg': photo('room') }));
    const before = await user.upload(newFile(1500));
    const full = await user.send(stored);
    const session = await user.open(half);
    await user.put(session.id, 0, half.bytes.subarray(0, CHUNK));
    free = RESERVE - 1;
    const refused = await user.put(session.id, CHUNK, half.bytes.subarray(CHUNK, 2 * CHUNK));
    expect(refused).toMatchObject(FULL);
    expect(refused.body.detail).toMatch(/disk of the node is full/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await user.announce(half)).toMatchObject(FULL);
    expect(await user.call('/imports', { json: { source: 'takeout', hash: archive } })).toMatchObject(FULL);
    expect((await user.complete(full.id)).status).toBe(200);
    expect((await user.announce(stored)).body).toMatchObject({ alreadyExists: true });
    expect((await user.status(session.id)).body.received).toEqual([{ offset: 0, length: CHUNK }]);
    await node.purge(before);
    expect(await node.keysOf(user.id)).not.toContain(originalKey(before));

    free = TOTAL;
    await user.sendAll(session, half);
    expect((await user.complete(session.id)).status).toBe(200);
    const id = await startImport(user, { source: 'takeout', hash: archive });
    expect(await ended(user, id)).toMatchObject({ status: 'completed', imported: 1 });
  });

  it('pauses an import that has begun, which goes on by itself', async () => {
    const user = node.user();
    const hash = await sendArchive(user, await zipOf({ 'Takeout/a.jpg': photo('later') }));
    free = RESERVE + 100;
    const id = await startImport(user, { source: 'takeout', hash });
    await eventually(async () => {
      const { body } = await user.call(`/imports/${id}`);
      expect(body).toMatchObject({ status: 'running', waiting: 1, paused: { reason: 'storage_full' } });
    });
    free = TOTAL;
    node.advance(HOUR_MS / 60);
    expect(await ended(user, id)).toMatchObject({ status: 'completed', imported: 1, failed: 0 });
  });

  it('is ready and says that it is full; refusals are counted, and logged once', async () => {
    const user = node.user();
    const checks = async () => (await http(`${node.url}/health/ready`)).body;
    expect(await checks()).toMatchObject({ status: 'ready', checks: { store: 'ok' } });
    free = 0;
    lines.length = 0;
    const refusals = async () => {
      const text = await node.metric('lazyphotos_uploads_refused_total');
      return Number(/step="session"\} (\d+)/.exec(text)?.[1]);
    };
    const before = await refusals();
    for (let count = 0; count < 3; count += 1) expect(await user.announce(newFile())).toMatchObject(FULL);
    expect(await checks()).toMatchObject({ status: 'ready', checks: { store: 'full', database: 'ok' } });
    expect((await refusals()) - before).toBe(3);
    const said = (message: RegExp) => lines.filter((line) => message.test(line.message));
    expect(said(/uploads are refused/)).toMatchObject([
      { level: 'error', fields: { freeBytes: 0, reserveBytes: RESERVE } },
    ]);
    free = TOTAL;
    await user.open(newFile());
    expect(said(/accepted again/)).toHaveLength(1);
  });
});
