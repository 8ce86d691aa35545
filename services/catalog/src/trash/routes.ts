import { endpoints, type Trash } from '@lazyphotos/contracts';
import type { ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { requestEmptying, setTrashDays } from './retention.js';
import { purgePhotos, restorePhotos, trashPhotos } from './transitions.js';

interface TrashRow {
  count: bigint;
  bytes: bigint;
  days: number | null;
  emptying: boolean;
}

/** Reads the content and the settings of a user's trash in one statement. */
async function readTrash(
  { db, defaultTrashDays: defaultDays }: CatalogContext,
  userId: string,
): Promise<Trash> {
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

/** `onEmptying` is called when emptying was requested. */
export function mountTrashRoutes(
  { mount }: ServiceApp,
  context: CatalogContext,
  onEmptying: () => void,
): void {
  mount(endpoints.deletePhotos, async ({ principal: { userId }, body: { ids, permanent } }) =>
    resultsOf(
      ids,
      permanent
        ? await purgePhotos(context, userId, ids, 'deleted')
        : await trashPhotos(context, userId, ids),
    ),
  );
  mount(endpoints.restorePhotos, async ({ principal, body: { ids } }) =>
    resultsOf(ids, await restorePhotos(context, principal.userId, ids)),
  );
  mount(endpoints.getTrash, ({ principal }) => readTrash(context, principal.userId));
  mount(endpoints.emptyTrash, async ({ principal }) => {
    await requestEmptying(context, principal.userId);
    const trash = await readTrash(context, principal.userId);
    onEmptying();
    return trash;
  });
  mount(endpoints.setTrashRetention, async ({ principal, body }) => {
    await setTrashDays(context, principal.userId, body.days);
    return readTrash(context, principal.userId);
  });
}
