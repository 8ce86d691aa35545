import { hasCode, hasEnded, pagesOf } from '@lazyphotos/client';
import { type ImportJob, type ImportSource, MAX_LIMIT } from '@lazyphotos/contracts';
import type { Context } from '../context.js';
import { count } from '../format.js';
import { unlessNotFound } from '../library/references.js';

export interface StartedImport {
  id: string;
  /** False when an import of these archives had not ended. */
  isNew: boolean;
}

interface NewImport {
  source: ImportSource;
  hashes: readonly string[];
  restore: boolean;
}

/** The hashes of archives, by the import that reads them. */
async function readersOf(
  { client, signal }: Context,
  hashes: ReadonlySet<string>,
): Promise<Map<string, Set<string>>> {
  const readers = new Map<string, Set<string>>();
  const ask = (cursor: string | undefined) =>
    client.listArchives({ query: { cursor, limit: MAX_LIMIT } }, { signal });
  for await (const { archives } of pagesOf(ask)) {
    for (const { hash, importIds } of archives) {
      if (!hashes.has(hash)) continue;
      for (const id of importIds) readers.set(id, (readers.get(id) ?? new Set()).add(hash));
    }
  }
  return readers;
}

/** The import that has not ended and reads most of these archives. */
async function runningImport(context: Context, { source, hashes }: NewImport) {
  const { client, signal } = context;
  let best: { job: ImportJob; has: Set<string> } | undefined;
  for (const [id, has] of await readersOf(context, new Set(hashes))) {
    if (best !== undefined && best.has.size >= has.size) continue;
    const job = await unlessNotFound(client.getImport({ params: { id } }, { signal }));
    if (job !== undefined && !hasEnded(job) && job.source === source) best = { job, has };
  }
  return best;
}

/**
 * Starts an import of archives that are on the node. One that reads some of them and has not ended gets the others as further parts:
 * a photo and its sidecar may be in different archives of an export.
 */
export async function startImport(context: Context, wanted: NewImport): Promise<StartedImport> {
  const { client, output, signal } = context;
  const running = await runningImport(context, wanted);
  if (running !== undefined) {
    const { id } = running.job;
    const further = wanted.hashes.filter((hash) => !running.has.has(hash));
    if (further.length === 0) {
      output.note(`Import ${id} of these archives has not ended.`);
      return { id, isNew: false };
    }
    try {
      await client.addImportParts({ params: { id }, body: { hashes: further } }, { signal });
      output.note(`Import ${id} has not ended; added ${count(further.length, 'archive')} to it.`);
      return { id, isNew: false };
    } catch (error) {
      // It has ended meanwhile, or is full.
      if (!hasCode(error, 'import_ended', 'too_many_parts')) throw error;
    }
  }
  const { source, hashes, restore } = wanted;
  const body = { source, hashes: [...hashes], ...(restore && { restore }) };
  const { importJobId } = await client.createImport({ body }, { signal });
  output.note(`Import ${importJobId} has started.`);
  return { id: importJobId, isNew: true };
}
