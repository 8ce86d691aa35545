import { EventEmitter, once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { type Context, signedInAccount } from '../context.js';
import { UsageError, exitCodes } from '../errors.js';
import { formatBytes } from '../format.js';
import { partOf, renameInto, vacantOrThrow } from '../import/new-file.js';
import { importOrThrow } from '../library/find.js';
import { type Sink, escapedJson, printableLines } from '../output.js';

type Format = 'json' | 'csv';

export interface ReportOptions {
  format?: Format;
  output?: string;
  force?: boolean;
}

/** Writes the report of an import, which may be long, piece by piece as it arrives. */
export async function importReport(
  context: Context,
  reference: string,
  options: ReportOptions,
): Promise<number> {
  const { client, output, io, signal } = context;
  const { force = false } = options;
  const format = formatOf(options);
  if (output.mode === 'json' && format === 'csv' && options.output === undefined)
    throw new UsageError('--json prints JSON only; give --output <file> for --format csv');
  await signedInAccount(context);
  const target = options.output === undefined ? undefined : resolve(options.output);
  if (target !== undefined) await vacantOrThrow(target, force);
  const { id } = await importOrThrow(context, reference);
  const pieces = await client.openImportReport({ params: { id }, query: { format } }, { signal });
  if (target === undefined) {
    await print(io.stdout, pieces, format);
    return exitCodes.ok;
  }
  const bytes = await save(target, pieces, force);
  output.line(`${target}: ${formatBytes(bytes)}`);
  output.document({ import: id, file: target, format, bytes });
  return exitCodes.ok;
}

function formatOf({ format, output = '' }: ReportOptions): Format {
  return format ?? (extname(output).toLowerCase() === '.csv' ? 'csv' : 'json');
}

/** File names come from strangers: control characters reach a file or a program, never a terminal. */
async function print(stdout: Sink, pieces: AsyncIterable<Uint8Array>, format: Format): Promise<void> {
  const decoder = new TextDecoder();
  const write = async (text: string): Promise<void> => {
    const safe = format === 'json' ? escapedJson(text) : stdout.isTTY === true ? printableLines(text) : text;
    if (stdout.write(safe) === false) await drained(stdout);
  };
  for await (const piece of pieces) {
    if (stdout.destroyed === true) return;
    await write(decoder.decode(piece, { stream: true }));
  }
  await write(decoder.decode());
}

/** Resolves when there is room again, or when the reader has gone. */
async function drained(stdout: Sink): Promise<void> {
  if (!(stdout instanceof EventEmitter)) return;
  const stop = new AbortController();
  const { signal } = stop;
  try {
    await Promise.race([once(stdout, 'drain', { signal }), once(stdout, 'close', { signal })]);
  } catch {
    // A broken pipe. There is nobody to tell.
  } finally {
    stop.abort();
  }
}

/** Writes a file that is whole or not there. Resolves to its size. */
async function save(target: string, pieces: AsyncIterable<Uint8Array>, force: boolean): Promise<number> {
  const part = partOf(target);
  const file = await open(part, 'wx', 0o600);
  let bytes = 0;
  try {
    try {
      for await (const piece of pieces) {
        await file.writeFile(piece);
        bytes += piece.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await renameInto(part, target, force);
    return bytes;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
