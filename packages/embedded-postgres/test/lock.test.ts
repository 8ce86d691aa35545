import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { DataFolderInUseError } from '../src/index.js';
import { newDataDir, otherNode, postmasterPid, start } from './helpers.js';

describe('lock', () => {
  it('refuses a second node on the same folder, and names the first', async () => {
    const dataDir = await newDataDir();
    const node = await otherNode(dataDir, 'node');
    const server = await start(dataDir);

    const refused = await server.lock('node', { waitMs: 300 }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DataFolderInUseError);
    expect(refused).toMatchObject({
      code: 'data_folder_in_use',
      message: `Another LazyPhotos is using this data folder (process ${node.process.pid})`,
    });
    await (await server.lock('something else', { waitMs: 300 })).release();
    await node.stop();
  });

  it('is free at once when its holder is killed', async () => {
    const dataDir = await newDataDir();
    const node = await otherNode(dataDir, 'node');
    const server = await start(dataDir);
    const waiting = server.lock('node', { waitMs: 600_000 });
    await node.kill();
    const lock = await waiting;
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
    await server.stop();
  });

  it('starts the server again when its holder stops it meanwhile', async () => {
    const dataDir = await newDataDir();
    const node = await otherNode(dataDir, 'node');
    const server = await start(dataDir);
    expect(server.adopted).toBe(true);
    const waiting = server.lock('node', { waitMs: 600_000 });
    await node.stop();
    const lock = await waiting;
    expect(await server.isAlive()).toBe(true);
    expect(server.adopted).toBe(false);
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
    await server.stop();
  });

  it('can be taken again after its release', async () => {
    const server = await start(await newDataDir());
    const first = await server.lock('node', { waitMs: 0 });
    await expect(server.lock('node', { waitMs: 0 })).rejects.toBeInstanceOf(DataFolderInUseError);
    await first.release();
    expect(first.lost.aborted).toBe(false);
    await (await server.lock('node', { waitMs: 1_000 })).release();
    await server.stop();
  });

  it('signals its holder when the server dies', async () => {
    const dataDir = await newDataDir();
    const server = await start(dataDir);
    const { lost } = await server.lock('node', { waitMs: 0 });
    process.kill(await postmasterPid(dataDir), 'SIGKILL');
    if (!lost.aborted) await once(lost, 'abort');
    expect(lost.aborted).toBe(true);
  });
});
