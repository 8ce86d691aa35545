import { createWriteStream } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { reportEntry } from '@lazyphotos/contracts';
import { stringify } from 'csv-stringify';
import { partOf, renameInto } from '../import/new-file.js';
import type { AccountEntry } from './account.js';

/** Gives each entry the columns that it lacks. No archive is involved, so that column is empty. */
async function* rowsOf(entries: Iterable<AccountEntry>) {
  for (const entry of entries) {
    const stats = await lstat(entry.file).catch(() => undefined);
    yield { ...entry, archive: '', sizeBytes: stats?.size, albums: entry.albums.join('; ') };
  }
}

/** Writes one line for each file (RFC 4180), with the columns of the node's report. The file is whole or not there. */
export async function writeReport(
  target: string,
  entries: Iterable<AccountEntry>,
  force: boolean,
): Promise<void> {
  const part = partOf(target);
  const lines = stringify({
    header: true,
    bom: true,
    columns: Object.keys(reportEntry.shape),
    record_delimiter: 'windows',
    // A file name must not become a formula of a spreadsheet.
    escape_formulas: true,
  });
  try {
    await pipeline(
      Readable.from(rowsOf(entries)),
      lines,
      createWriteStream(part, { mode: 0o600, flags: 'wx' }),
    );
    await renameInto(part, target, force);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
