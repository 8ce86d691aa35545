import { EventEmitter, once } from 'node:events';
import { extname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { type Context, signedInAccount } from '../context.js';
import { exitCodes, UsageError } from '../errors.js';
import { formatBytes } from '../format.js';
import { saveNewFile, vacantOrThrow } from '../import/new-file.js';
import { importOrThrow } from '../library/find.js';
import { escapedJson, printableLines, type Sink } from '../output.js';

type Format = 'json' | 'csv';

interface ReportOptions {
  format?: Format;
  output?: string;
  force?: boolean;
}

/** Writes the report of an import in pieces, as they arrive: it may be long. */
export async function importReport(
  context: Context,
  reference: string,
  options: ReportOptions,
): Promise<number> {
  const { client, output, io, signal } = context;
  const { force = false } = options;
  const format = formatOf(options);
  if (output.mode === 'json' && format === 'csv' && options.output === undefined)
    throw new UsageError('--json prints only JSON; give --output <file> for --format csv');
  await signedInAccount(context);
  const target = options.output === undefined ? undefined : resolve(options.output);
  if (target !== undefined) await vacantOrThrow(target, force);
  const { id } = await importOrThrow(context, reference);
  const pieces = await client.openImportReport({ params: { id }, query: { format } }, { signal });
  if (target === undefined) {
    await print(io.stdout, pieces, format);
    return exitCodes.ok;
  }
  const bytes = await saveNewFile(target, force, Readable.from(pieces));
  output.line(`${target}: ${formatBytes(bytes)}`);
  output.document({ import: id, file: target, format, bytes });
  return exitCodes.ok;
}

function formatOf({ format, output = '' }: ReportOptions): Format {
  return format ?? (extname(output).toLowerCase() === '.csv' ? 'csv' : 'json');
}

/** File names may contain any character: control characters may go to a file or a program, but never to a terminal. */
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

/** Resolves when the stream accepts data again or is closed. */
async function drained(stdout: Sink): Promise<void> {
  if (!(stdout instanceof EventEmitter)) return;
  const stop = new AbortController();
  const { signal } = stop;
  try {
    await Promise.race([once(stdout, 'drain', { signal }), once(stdout, 'close', { signal })]);
  } catch {
    // The reader has closed the pipe.
  } finally {
    stop.abort();
  }
}
