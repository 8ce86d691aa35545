// What `npm run bench` and each of its scripts take from the command line.
import { parseArgs } from 'node:util';

/** The benchmarks that run without a name, in this order, and what each measures. */
export const BENCHMARKS = {
  upload: 'photos on their way in, beside @tus/server, a bare pipe, and hashing and copying with fsync',
  previews: 'photos of 12 megapixels and more until the last is ready, beside sharp alone',
  media: 'pictures by signed URL, beside nginx with the same files',
  reads: 'pages of 100 photos and a feed that a device catches up with, beside the same SQL by pg alone',
  memory: 'the memory of all processes while they take in 160 files of every format',
  start: 'the time until a node is ready, and its memory when it has nothing to do',
};

/** These run by name only. */
export const MORE_BENCHMARKS = {
  import: 'an archive of 5 GB, beside reading and hashing it',
  search: 'searches among 200,000 photos',
};

const SYSTEMS = ['node', 'services'];
const OPTIONS = {
  system: { type: 'string', default: 'node' },
  rounds: { type: 'string' },
  limits: { type: 'boolean', default: false },
  heap: { type: 'boolean', default: false },
  bombs: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const lines = (benchmarks) => Object.entries(benchmarks).map(([name, text]) => `  ${name.padEnd(9)} ${text}`);

export const USAGE = [
  'npm run bench [-- <name>…] [-- <option>…]',
  '',
  'Without a name, all of these, one after the other:',
  ...lines(BENCHMARKS),
  'By name only:',
  ...lines(MORE_BENCHMARKS),
  '',
  '  --system services  six processes with RabbitMQ, MinIO and PostgreSQL instead of a node in one process:',
  '                     upload, previews, media, reads, memory',
  '  --rounds <number>  measured rounds: memory, upload, previews, media',
  '  --limits           the same, each service inside the memory limit of docker-compose.arm64.yml',
  '  --heap             memory: the live heap of a node in one process after each round',
  '  --bombs            memory: small files that ask for gigabytes or minutes, all at once, instead of photos',
  '',
].join('\n');

/** What is wrong with the command line, in one line. */
export class UsageError extends Error {}

/** Returns the names and options that the arguments ask for. @throws UsageError */
export function readOptions(args) {
  const { positionals: names, values } = parse(args);
  const known = Object.keys({ ...BENCHMARKS, ...MORE_BENCHMARKS });
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`There is no benchmark called ${unknown}. There are: ${known.join(', ')}`);
  if (!SYSTEMS.includes(values.system))
    throw new UsageError(`There is no system called ${values.system}. There are: ${SYSTEMS.join(', ')}`);
  if (values.rounds !== undefined && !/^[1-9]\d*$/.test(values.rounds))
    throw new UsageError(`--rounds takes a number from 1 on, not ${values.rounds}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  return { ...values, names, rounds, system: values.limits ? 'services' : values.system };
}

function parse(args) {
  try {
    return parseArgs({ args, allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError(error.message.split('. ')[0]);
  }
}
