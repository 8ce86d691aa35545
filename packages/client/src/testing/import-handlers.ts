import { once } from 'node:events';
import type { ImportJob, ImportSource } from '@lazyphotos/contracts';
import { type FakeBody, type FakeCall, type FakeHandler, FakeProblem, found, pageOf } from './answer.js';
import { type FakeImport, type FakeState, uuid } from './fake-state.js';

interface ImportBody {
  source: ImportSource;
  hash?: string;
  hashes?: string[];
  path?: string;
  restore?: boolean;
}

const bodyAs = (body: FakeBody): ImportBody => body as unknown as ImportBody;

const hasEnded = ({ status }: ImportJob): boolean => status !== 'pending' && status !== 'running';

/** An import as it is before it starts. */
export function addImport(state: FakeState, source: ImportSource = 'takeout'): FakeImport {
  const counts = { total: 0, processed: 0, waiting: 0, imported: 0, duplicates: 0, failed: 0 };
  const job: ImportJob = {
    id: uuid(),
    source,
    status: 'pending',
    ...counts,
    unsupported: 0,
    sidecars: 0,
    ignored: 0,
    bytesTotal: 0,
    bytesProcessed: 0,
    bytesPerSecond: null,
    secondsLeft: null,
    errors: [],
    parts: [],
    createdAt: new Date().toISOString(),
    startedAt: null,
    finishedAt: null,
  };
  const added = {
    job,
    hashes: new Set<string>(),
    restore: false,
    entries: [],
    steps: [...state.importSteps],
  };
  state.imports.set(job.id, added);
  return added;
}

/** Adds archives that are not part of the import yet. */
function addParts(state: FakeState, { job, hashes }: FakeImport, body: ImportBody): void {
  if (body.path !== undefined) {
    if (!state.importPaths.has(body.path)) throw new FakeProblem('archive_not_found');
    job.parts.push({ name: body.path, sizeBytes: 1000, state: 'waiting' });
    return;
  }
  const archives = [...(body.hashes ?? []), ...(body.hash === undefined ? [] : [body.hash])].map((hash) => {
    const archive = [...state.archives.values()].find((kept) => kept.hash === hash);
    if (archive === undefined) throw new FakeProblem('archive_not_found');
    return archive;
  });
  for (const { hash, fileName, sizeBytes, importIds } of archives) {
    if (hashes.has(hash)) continue;
    hashes.add(hash);
    importIds.push(job.id);
    job.parts.push({ name: fileName, sizeBytes, state: 'waiting' });
  }
}

function createImport({ state, body }: FakeCall) {
  const given = bodyAs(body);
  const added = addImport(state, given.source);
  try {
    addParts(state, added, given);
  } catch (error) {
    state.imports.delete(added.job.id);
    throw error;
  }
  added.restore = given.restore === true;
  return { importJobId: added.job.id };
}

const importOf = ({ state, params }: FakeCall): FakeImport => found(state.imports.get(params.id ?? ''));

function changeRunning(call: FakeCall, change: Partial<ImportJob>): ImportJob {
  const { job } = importOf(call);
  if (hasEnded(job)) throw new FakeProblem('import_ended');
  return Object.assign(job, change);
}

function addImportParts(call: FakeCall) {
  const kept = importOf(call);
  if (kept.job.status === 'failed' || kept.job.status === 'cancelled') throw new FakeProblem('import_ended');
  addParts(call.state, kept, bodyAs(call.body));
  return Object.assign(kept.job, { status: 'running' });
}

/** The report, piece by piece; a fault breaks the connection after so many bytes. */
async function getImportReport(call: FakeCall): Promise<void> {
  const { res, query, fault } = call;
  const { job, entries } = importOf(call);
  const isCsv = query.get('format') === 'csv';
  const whole = isCsv
    ? ['path,outcome', ...entries.map(({ path, outcome }) => `${path},${outcome}`)].join('\r\n')
    : `${JSON.stringify({ import: job, entries })}\n`;
  const limit = fault !== undefined && 'cutAfterBytes' in fault ? fault.cutAfterBytes : undefined;
  const bytes = Buffer.from(whole).subarray(0, limit);
  res.writeHead(200, { 'content-type': isCsv ? 'text/csv; charset=utf-8' : 'application/json' });
  for (let start = 0; start < bytes.length; start += 10_000)
    if (!res.write(bytes.subarray(start, start + 10_000))) await once(res, 'drain');
  if (limit === undefined) res.end();
  else res.write('', () => res.socket?.destroy());
}

function deleteArchive({ state, params }: FakeCall): void {
  const { id, importIds } = found(state.archives.get(params.id ?? ''));
  const readers = importIds.map((importId) => state.imports.get(importId));
  if (readers.some((reader) => reader !== undefined && !hasEnded(reader.job)))
    throw new FakeProblem('archive_in_use');
  state.archives.delete(id);
}

export const importHandlers: Record<string, FakeHandler> = {
  createImport,
  addImportParts,
  getImportReport,
  listImports: ({ state, query }) => {
    const { items, ...rest } = pageOf([...state.imports.values()].reverse(), query);
    return { imports: items.map(({ job }) => job), ...rest };
  },
  getImport: (call) => {
    const { job, steps } = importOf(call);
    const [step, next] = steps;
    if (step !== undefined && !hasEnded(job)) Object.assign(job, step);
    if (next !== undefined) steps.shift();
    return job;
  },
  cancelImport: (call) => {
    const { job } = importOf(call);
    if (!hasEnded(job)) job.status = 'cancelled';
  },
  pauseImport: (call) =>
    changeRunning(call, { paused: { reason: 'user', message: 'It waits until resumed.' } }),
  resumeImport: (call) => changeRunning(call, { paused: undefined }),
  listArchives: ({ state, query }) => {
    const { items, ...rest } = pageOf([...state.archives.values()].reverse(), query);
    return { archives: items, ...rest };
  },
  deleteArchive,
};
