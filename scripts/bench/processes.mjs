// Processor time and memory of the processes that a benchmark has started (Linux).
import { readdir, readFile } from 'node:fs/promises';

/** The names of what runs, by the command line of a process. */
const NAMES = [
  [/services\/([a-z-]+)\/dist\/main\.js/, undefined],
  [/standalone\/dist\/main\.js/, 'node'],
  [/exiftool/, 'exiftool'],
  [/decode-child/, 'decoder'],
  [/beam\.smp|epmd|rabbitmq/, 'rabbitmq'],
  [/minio/, 'minio'],
  [/postgres/, 'postgres'],
];
const TICKS_PER_SECOND = 100;

function nameOf(commandLine) {
  for (const [pattern, name] of NAMES) {
    const match = pattern.exec(commandLine);
    if (match) return name ?? match[1];
  }
  return undefined;
}

const readProc = (pid, file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');

/** The processes with a name that this one has started, or that have their data in `folder` (PostgreSQL detaches itself), and theirs. */
async function startedProcesses(folder) {
  const all = new Map();
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(await readProc(pid, 'status'))?.[1] ?? 0);
    all.set(pid, { parent, commandLine: (await readProc(pid, 'cmdline')).replaceAll('\0', ' ') });
  }
  const isStarted = (pid) => {
    const known = all.get(pid);
    if (!known) return false;
    return pid === process.pid || known.commandLine.includes(folder) || isStarted(known.parent);
  };
  return [...all].flatMap(([pid, { commandLine }]) => {
    const name = pid !== process.pid && isStarted(pid) ? nameOf(commandLine) : undefined;
    return name ? [{ pid, name }] : [];
  });
}

/** Shared pages count by their share, or PostgreSQL's buffers would count once for each of its processes. */
async function proportionalBytes(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(await readProc(pid, 'smaps_rollup'))?.[1] ?? 0) * 1024;
}

/** Whose children that have ended are exiftool and decoders; those of others go by the parent's name. */
const STARTS_TOOLS = ['node', 'media-worker'];

async function processorSeconds(pid, name) {
  const stat = await readProc(pid, 'stat');
  // After the name, which may have blanks: fields 14 and 15 are the times of the process, 16 and 17 those of its ended children.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [own, ended] = [11, 13].map(
    (at) => (Number(fields[at] ?? 0) + Number(fields[at + 1] ?? 0)) / TICKS_PER_SECOND,
  );
  return STARTS_TOOLS.includes(name) ? { [name]: own, 'ended tools': ended } : { [name]: own + ended };
}

export function measuresOf(folder) {
  const sumByName = async (measure) => {
    const sums = {};
    for (const { pid, name } of await startedProcesses(folder))
      for (const [part, value] of Object.entries(await measure(pid, name)))
        sums[part] = (sums[part] ?? 0) + value;
    return sums;
  };
  return {
    /** The processor time so far in seconds, of each process with its ended children. */
    processorTimes: () => sumByName(processorSeconds),
    /** The memory in bytes of each process. */
    memory: () => sumByName(async (pid, name) => ({ [name]: await proportionalBytes(pid) })),
  };
}

/** Milliseconds of each process for one of `count` items, from its processor times before and after. */
export const perItem = (before, after, count) =>
  Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [name, ((seconds - (before[name] ?? 0)) * 1000) / count]),
  );
