import { endpoints, type Trash } from '@lazyphotos/contracts';
import type { ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogDb } from '../prisma.js';
import type { Emptying } from './emptying.js';
import type { Retention } from './retention.js';
import type { Transitions } from './transitions.js';

export interface TrashRoutesDeps {
  db: CatalogDb;
  transitions: Transitions;
  retention: Retention;
  emptying: Emptying;
  defaultDays: number;
  /** Told that emptying was requested. */
  onEmptying: () => void;
}

interface TrashRow {
  count: bigint;
  bytes: bigint;
  days: number | null;
  emptying: boolean;
}

/** What is in the trash of a user and what holds for it, in one statement. */
async function readTrash(db: CatalogDb, userId: string, defaultDays: number): Promise<Trash> {
  const [row] = await db.$queryRaw<TrashRow[]>`
    SELECT count(*) AS count, coalesce(sum(size_bytes), 0)::bigint AS bytes,
      (SELECT days FROM trash_retention WHERE user_id = ${userId}::uuid) AS days,
      EXISTS (SELECT FROM trash_purges WHERE user_id = ${userId}::uuid) AS emptying
    FROM photos WHERE user_id = ${userId}::uuid AND is_deleted`;
  return {
    count: Number(row?.count ?? 0),
    bytes: Number(row?.bytes ?? 0),
    retentionDays: row?.days ?? defaultDays,
    defaultDays,
    emptying: row?.emptying ?? false,
  };
}

/** A result for each id, in their order. */
const resultsOf = (ids: readonly string[], known: ReadonlySet<string>) => ({
  results: ids.map((id) => ({ id, status: known.has(id) ? ('ok' as const) : ('not_found' as const) })),
});

export function mountTrashRoutes({ mount }: ServiceApp, deps: TrashRoutesDeps): void {
  const { db, transitions, retention, emptying, defaultDays, onEmptying } = deps;

  mount(endpoints.deletePhotos, async ({ principal, body: { ids, permanent } }) => {
    const known = permanent
      ? await transitions.purge(principal.userId, ids, 'deleted')
      : await transitions.trash(principal.userId, ids);
    return resultsOf(ids, known);
  });

  mount(endpoints.restorePhotos, async ({ principal, body: { ids } }) =>
    resultsOf(ids, await transitions.restore(principal.userId, ids)),
  );

  mount(endpoints.getTrash, ({ principal }) => readTrash(db, principal.userId, defaultDays));

  mount(endpoints.emptyTrash, async ({ principal }) => {
    await emptying.request(principal.userId);
    const trash = await readTrash(db, principal.userId, defaultDays);
    onEmptying();
    return trash;
  });

  mount(endpoints.setTrashRetention, async ({ principal, body }) => {
    await retention.setDays(principal.userId, body.days);
    return readTrash(db, principal.userId, defaultDays);
  });
}
