import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import { partOf, renameInto } from '../import/new-file.js';
import type { AccountEntry } from './account.js';

const columns = [
  'path',
  'outcome',
  'code',
  'message',
  'photoId',
  'sidecar',
  'sidecarRule',
  'partOf',
  'album',
  'announcedDate',
  'announcedDateSource',
] as const satisfies readonly (keyof AccountEntry)[];

/** Writes one line for each file (RFC 4180). The file is whole or not there. */
export async function writeReport(
  target: string,
  entries: Iterable<AccountEntry>,
  force: boolean,
): Promise<void> {
  const part = partOf(target);
  const lines = stringify({
    header: true,
    bom: true,
    columns: [...columns],
    record_delimiter: 'windows',
    // A file name must not become a formula of a spreadsheet.
    escape_formulas: true,
  });
  try {
    await pipeline(Readable.from(entries), lines, createWriteStream(part, { mode: 0o600, flags: 'wx' }));
    await renameInto(part, target, force);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
