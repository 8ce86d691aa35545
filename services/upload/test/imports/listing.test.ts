import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Database, openDatabase } from '@lazyphotos/database';
import { describeWithPostgres } from '@lazyphotos/testkit';
import type { UploadContext } from '../../src/context.js';
import { PartArchives } from '../../src/imports/part-archives.js';
import { listPart } from '../../src/imports/stages/list-part.js';
import { ImportStates } from '../../src/imports/states.js';
import { createPrisma, type UploadDb } from '../../src/prisma.js';
import { createGround, type Ground, startUpload, type UploadNode } from '../harness.js';
import { photo, sendArchive, startImport, zipOf } from './archives.js';

const FILES = 30;
const ROUNDS = 15;

/** A process that has lost its lock on an import, and the one that took it over, list the same part for a moment. */
describeWithPostgres('a part that several processes list at once', () => {
  let ground: Ground;
  let node: UploadNode;
  let database: Database;
  let db: UploadDb;
  beforeAll(async () => {
    ground = await createGround();
    node = await startUpload({ ground });
    database = openDatabase({ url: ground.databaseUrl, poolSize: 10, applicationName: 'listing-test' });
    db = createPrisma(database);
  });
  afterAll(async () => {
    await db.$disconnect();
    await database.close();
    await node.stop();
    await ground.remove();
  });

  async function newPart(name: string) {
    const user = node.user();
    const files = Array.from({ length: FILES }, (_, at) => [
      `Takeout/Google Photos/A/${at}.jpg`,
      photo(`${name} ${at}`),
    ]);
    const hash = await sendArchive(user, await zipOf(Object.fromEntries(files)));
    const id = await startImport(user, { source: 'takeout', hash, paused: true });
    const job = await db.import.findUniqueOrThrow({ where: { id }, include: { parts: true } });
    const [part] = job.parts;
    if (!part) throw new Error('no part');
    return { job, part };
  }

  const list = async ({ job, part }: Awaited<ReturnType<typeof newPart>>) => {
    const archives = new PartArchives({ db, store: node.store } as UploadContext);
    // The import is paused, so that only this test works on it.
    const states = Object.assign(new ImportStates(db, () => new Date()), { findRunnable: async () => job });
    try {
      await listPart({ db, states, archives, job, part, signal: new AbortController().signal });
    } finally {
      await archives.close();
    }
  };

  it('has each file once, and counters that match', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const given = await newPart(`round ${round}`);
      await Promise.allSettled([list(given), list(given), list(given)]);
      // What failed is listed again by the process that has the lock then.
      await list(given);
      const { id } = given.job;
      const entries = await db.importEntry.findMany({ where: { importId: id } });
      const { waiting, bytesTotal, bytesProcessed } = await db.import.findUniqueOrThrow({ where: { id } });
      expect(await db.importPart.findMany({ where: { importId: id } })).toMatchObject([{ state: 'listed' }]);
      expect(new Set(entries.map(({ path }) => path)).size).toBe(FILES);
      expect(entries).toHaveLength(FILES);
      expect({ waiting, bytesTotal, bytesProcessed }).toEqual({
        waiting: FILES,
        bytesTotal: entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n),
        bytesProcessed: 0n,
      });
    }
  });
});
