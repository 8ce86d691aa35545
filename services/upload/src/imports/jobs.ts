import { type BodyOf, type endpoints, type ImportJob, MAX_PARTS } from '@lazyphotos/contracts';
import { once } from '@lazyphotos/database';
import {
  type KeyedRequest,
  newestFirst,
  newId,
  notFound,
  type PageQuery,
  ProblemError,
  toPage,
} from '@lazyphotos/service-kit';
import type { UploadContext } from '../context.js';
import type { Import } from '../generated/prisma/client.js';
import type { UploadTx } from '../prisma.js';
import {
  findParts,
  holdArchives,
  type ImportUser,
  type NewPart,
  resetFailedParts,
  tooManyParts,
} from './parts.js';
import { countFitting, viewImport, viewImports } from './view.js';

type NewImport = BodyOf<typeof endpoints.createImport>;
type MoreParts = BodyOf<typeof endpoints.addImportParts>;

const NOT_PAUSED = { pauseReason: null, pauseMessage: null, retryAt: null } satisfies Partial<Import>;
const PAUSED_BY_USER = {
  pauseReason: 'user',
  pauseMessage: 'Paused until it is resumed.',
  retryAt: null,
} satisfies Partial<Import>;
const UNFINISHED = ['pending', 'running'];

/** @throws ProblemError `not_found` */
export async function findImport({ db }: UploadContext, userId: string, id: string): Promise<Import> {
  const row = await db.import.findFirst({ where: { id, userId } });
  if (!row) throw notFound('import');
  return row;
}

export async function listImports({ db }: UploadContext, userId: string, query: PageQuery) {
  const { where, ...order } = newestFirst(query);
  const rows = await db.import.findMany({ ...order, where: { ...where, userId } });
  const { items, ...page } = toPage(rows, Math.min(query.limit, await countFitting(db, rows)));
  return { imports: await viewImports(db, items), ...page };
}

/**
 * A repetition of `request` returns the same import.
 * @throws ProblemError `archive_not_found`, `forbidden`, `too_many_parts`; StorageFullError when nothing but the reserve of the disk is free
 */
export async function createImport(
  context: UploadContext,
  user: ImportUser,
  body: NewImport,
  request: KeyedRequest | undefined,
): Promise<{ importJobId: string }> {
  const { db, room, now } = context;
  const parts = await findParts(context, user, body);
  if (parts.length > MAX_PARTS) throw tooManyParts();
  const insert = async (tx: UploadTx): Promise<string> => {
    await room.require(0, 'import');
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
        ...(body.paused ? PAUSED_BY_USER : {}),
        createdAt: at,
        workedAt: at,
        parts: {
          create: parts.map((part, position) => ({ id: newId(), position, state: 'waiting', ...part })),
        },
      },
    });
    return id;
  };
  const importJobId = await db.$transaction((tx) =>
    request ? once(tx, request, () => insert(tx)) : insert(tx),
  );
  return { importJobId };
}

export function pauseImport(context: UploadContext, userId: string, id: string): Promise<ImportJob> {
  return changeUnfinished(context, userId, id, () => PAUSED_BY_USER);
}

/** An import that waited for space continues as long as there is some. */
export function resumeImport(context: UploadContext, userId: string, id: string): Promise<ImportJob> {
  return changeUnfinished(context, userId, id, ({ pauseReason, ignoresEstimate }) =>
    pauseReason === null
      ? {}
      : { ...NOT_PAUSED, ignoresEstimate: ignoresEstimate || pauseReason === 'storage_full' },
  );
}

/** Changes an import that has not ended. Resolves to what it is then. @throws ProblemError `not_found`, `import_ended` */
async function changeUnfinished(
  { db }: UploadContext,
  userId: string,
  id: string,
  changeOf: (row: Import) => Partial<Import>,
): Promise<ImportJob> {
  const changed = await db.$transaction(async (tx) => {
    const row = await lockImport(tx, userId, id);
    if (!UNFINISHED.includes(row.status)) throw ended(row);
    return tx.import.update({ where: { id }, data: changeOf(row) });
  });
  return viewImport(db, changed);
}

export async function cancelImport(context: UploadContext, userId: string, id: string): Promise<void> {
  await findImport(context, userId, id);
  await context.db.import.updateMany({
    where: { id, userId, status: { in: UNFINISHED } },
    data: { status: 'cancelled', finishedAt: context.now(), ...NOT_PAUSED },
  });
}

/** Adds archives; a completed import runs again for them. @throws ProblemError as `createImport`, and `import_ended` */
export async function addParts(
  context: UploadContext,
  user: ImportUser,
  id: string,
  body: MoreParts,
): Promise<ImportJob> {
  await findImport(context, user.userId, id);
  const parts = await findParts(context, user, body);
  await context.room.require(0, 'import');
  const changed = await context.db.$transaction(async (tx) => {
    const row = await lockImport(tx, user.userId, id);
    if (!UNFINISHED.includes(row.status) && row.status !== 'completed') throw ended(row);
    if (!(await insertParts(tx, id, parts)) || row.status !== 'completed') return row;
    return tx.import.update({ where: { id }, data: { status: 'pending', finishedAt: null } });
  });
  return viewImport(context.db, changed);
}

/** Resolves to whether there is anything new to read. @throws ProblemError `too_many_parts`, `archive_not_found` */
async function insertParts(tx: UploadTx, importId: string, parts: readonly NewPart[]): Promise<boolean> {
  const known = await tx.importPart.findMany({ where: { importId } });
  const isKnown = (part: NewPart) =>
    known.some(({ archiveId, path }) => archiveId === part.archiveId && path === part.path);
  const fresh = parts.filter((part) => !isKnown(part));
  const repaired = await resetFailedParts(tx, known, parts);
  if (known.length + fresh.length > MAX_PARTS) throw tooManyParts();
  if (fresh.length === 0) return repaired > 0;
  await holdArchives(tx, fresh);
  await tx.importPart.createMany({
    data: fresh.map((part, index) => ({
      id: newId(),
      importId,
      position: known.length + index,
      state: 'waiting',
      ...part,
    })),
  });
  return true;
}

/** Locks the row, so that the runner and requests change it one after the other. @throws ProblemError `not_found` */
async function lockImport(tx: UploadTx, userId: string, id: string): Promise<Import> {
  await tx.$queryRaw`SELECT 1 FROM imports WHERE id = ${id}::uuid AND user_id = ${userId}::uuid FOR UPDATE`;
  const row = await tx.import.findFirst({ where: { id, userId } });
  if (!row) throw notFound('import');
  return row;
}

function ended(row: Import): ProblemError {
  return new ProblemError(
    'import_ended',
    `The import is ${row.status}; make a new one for the same archives.`,
  );
}
