import { pagesOf } from '@lazyphotos/client';
import { type ImportJob, MAX_LIMIT } from '@lazyphotos/contracts';
import { type Context, nextCommand } from '../context.js';
import { CliError } from '../errors.js';
import { formatLocalTime } from '../format.js';
import { isBeginningOf, isId, MAX_CANDIDATES, theOnly, unlessNotFound } from '../library/references.js';

/** The import with this id, or with an id that begins so. @throws CliError `not_found`, `ambiguous` */
export async function importOrThrow(context: Context, reference: string): Promise<ImportJob> {
  const { client, signal } = context;
  const found = isId(reference)
    ? await unlessNotFound(client.getImport({ params: { id: reference } }, { signal }))
    : await findByBeginning(context, reference);
  if (found !== undefined) return found;
  throw new CliError(
    'not_found',
    `there is no import "${reference}"; to see yours, run: ${nextCommand(context, 'import list')}`,
  );
}

async function findByBeginning(
  { client, signal }: Context,
  beginning: string,
): Promise<ImportJob | undefined> {
  const found: ImportJob[] = [];
  const ask = (cursor: string | undefined) =>
    client.listImports({ query: { cursor, limit: MAX_LIMIT } }, { signal });
  for await (const { imports } of pagesOf(ask)) {
    found.push(...imports.filter(({ id }) => isBeginningOf(beginning, id)));
    if (found.length > MAX_CANDIDATES) break;
  }
  return theOnly(beginning, found, ({ id, status, createdAt }) => ({
    id,
    label: `${status}, of ${formatLocalTime(createdAt)}`,
  }));
}
