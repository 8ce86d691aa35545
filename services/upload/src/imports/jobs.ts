import { type BodyOf, type endpoints, type ImportJob, MAX_PARTS } from '@lazyphotos/contracts';
import { once } from '@lazyphotos/database';
import { type KeyedRequest, newId, notFound, ProblemError } from '@lazyphotos/service-kit';
import type { Import } from '../generated/prisma/client.js';
import { newestFirst, type PageQuery, toPage } from '../pages.js';
import type { UploadDb, UploadTx } from '../prisma.js';
import {
  type FindParts,
  holdArchives,
  type ImportUser,
  type NewPart,
  resetFailedParts,
  tooManyParts,
} from './parts.js';
import { viewImports } from './view.js';

type NewImport = BodyOf<typeof endpoints.createImport>;
type MoreParts = BodyOf<typeof endpoints.addImportParts>;

export interface ImportJobsDeps {
  db: UploadDb;
  findParts: FindParts;
  now: () => Date;
  /** Told when there may be something to do. */
  onWork: () => void;
}

const ended = (row: Import): ProblemError =>
  new ProblemError('import_ended', `The import is ${row.status}; make a new one for the same archives.`);

/** How a row says that its user has paused it. */
const pausedByUser = {
  pauseReason: 'user',
  pauseMessage: 'Paused until it is resumed.',
  retryAt: null,
} satisfies Partial<Import>;

const isUnfinished = (status: string): boolean => status === 'pending' || status === 'running';

/** Makes imports, and changes them as their users ask. */
export function createImportJobs({ db, findParts, now, onWork }: ImportJobsDeps) {
  const find = async (userId: string, id: string): Promise<Import> => {
    const row = await db.import.findFirst({ where: { id, userId } });
    if (!row) throw notFound('import');
    return row;
  };

  const view = async (row: Import): Promise<ImportJob> => {
    const [job] = await viewImports(db, [row]);
    if (!job) throw notFound('import');
    return job;
  };

  /** Locks the row, so that the driver and requests change it one after the other. */
  const findLocked = async (tx: UploadTx, userId: string, id: string): Promise<Import> => {
    await tx.$queryRaw`SELECT 1 FROM imports WHERE id = ${id}::uuid AND user_id = ${userId}::uuid FOR UPDATE`;
    const row = await tx.import.findFirst({ where: { id, userId } });
    if (!row) throw notFound('import');
    return row;
  };

  /** Changes an import that has not ended. Resolves to what it is then. */
  const change = async (
    userId: string,
    id: string,
    dataOf: (row: Import) => Partial<Import> | undefined,
  ): Promise<ImportJob> => {
    const changed = await db.$transaction(async (tx) => {
      const row = await findLocked(tx, userId, id);
      if (!isUnfinished(row.status)) throw ended(row);
      const data = dataOf(row);
      return data ? tx.import.update({ where: { id }, data }) : row;
    });
    onWork();
    return view(changed);
  };

  return {
    find,
    view: async (userId: string, id: string) => view(await find(userId, id)),

    create: async (user: ImportUser, body: NewImport, request: KeyedRequest | undefined) => {
      const parts = await findParts(user, body);
      if (parts.length > MAX_PARTS) throw tooManyParts();
      const importJobId = await db.$transaction(async (tx) => {
        const insert = async (): Promise<string> => {
          await holdArchives(tx, parts);
          const id = newId();
          const at = now();
          await tx.import.create({
            data: {
              id,
              userId: user.userId,
              source: body.source,
              status: 'pending',
              restore: body.restore === true,
              ...(body.paused ? pausedByUser : {}),
              createdAt: at,
              workedAt: at,
              parts: {
                create: parts.map((part, position) => ({ id: newId(), position, state: 'waiting', ...part })),
              },
            },
          });
          return id;
        };
        return request ? once(tx, request, insert) : insert();
      });
      onWork();
      return { importJobId };
    },

    list: async (userId: string, query: PageQuery) => {
      const { items, ...page } = toPage(await db.import.findMany(newestFirst(userId, query)), query.limit);
      return { imports: await viewImports(db, items), ...page };
    },

    pause: (userId: string, id: string) => change(userId, id, () => pausedByUser),

    /** An import that waits for room goes on as long as there is any. */
    resume: (userId: string, id: string) =>
      change(userId, id, (row) =>
        row.pauseReason === null
          ? undefined
          : {
              pauseReason: null,
              pauseMessage: null,
              retryAt: null,
              ignoresEstimate: row.ignoresEstimate || row.pauseReason === 'storage_full',
            },
      ),

    cancel: async (userId: string, id: string): Promise<void> => {
      await find(userId, id);
      await db.import.updateMany({
        where: { id, userId, status: { in: ['pending', 'running'] } },
        data: {
          status: 'cancelled',
          finishedAt: now(),
          pauseReason: null,
          pauseMessage: null,
          retryAt: null,
        },
      });
    },

    /** Adds archives; a completed import runs again for them. */
    addParts: async (user: ImportUser, id: string, body: MoreParts): Promise<ImportJob> => {
      await find(user.userId, id);
      const parts = await findParts(user, body);
      const changed = await db.$transaction(async (tx) => {
        const row = await findLocked(tx, user.userId, id);
        if (!isUnfinished(row.status) && row.status !== 'completed') throw ended(row);
        const known = await tx.importPart.findMany({ where: { importId: id } });
        const isKnown = (part: NewPart) =>
          known.some(({ archiveId, path }) => archiveId === part.archiveId && path === part.path);
        const fresh = parts.filter((part) => !isKnown(part));
        const repaired = await resetFailedParts(tx, known, parts);
        if (known.length + fresh.length > MAX_PARTS) throw tooManyParts();
        if (fresh.length === 0 && repaired === 0) return row;
        await holdArchives(tx, fresh);
        await tx.importPart.createMany({
          data: fresh.map((part, index) => ({
            id: newId(),
            importId: id,
            position: known.length + index,
            state: 'waiting',
            ...part,
          })),
        });
        if (row.status !== 'completed') return row;
        return tx.import.update({ where: { id }, data: { status: 'pending', finishedAt: null } });
      });
      onWork();
      return view(changed);
    },
  };
}
export type ImportJobs = ReturnType<typeof createImportJobs>;
