// The memory limits of docker-compose.arm64.yml, in force for processes outside of containers: a memory cgroup for each service (version 1).
import { access, constants, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MEMORY_DEFAULTS } from '../lib/memory-defaults.mjs';

const CONTROLLER = '/sys/fs/cgroup/memory';
const { parse } = createRequire(new URL('../../deploy/package.json', import.meta.url))('yaml');

/** Limit in bytes and memory settings of each service, as the compose file has them. */
export async function composeLimits(services) {
  const text = await readFile(new URL('../../docker-compose.arm64.yml', import.meta.url), 'utf8');
  const compose = parse(text, { merge: true, maxAliasCount: -1 });
  return Object.fromEntries(
    services.map((name) => {
      const { mem_limit: limit, environment } = compose.services[name];
      const given = ['NODE_OPTIONS', 'LAZYPHOTOS_MEDIA_CONCURRENCY'].filter(
        (variable) => environment[variable],
      );
      // `${NAME:-1}` is 1 where .env does not say otherwise.
      const settings = given.map((variable) => [
        variable,
        environment[variable].replace(/^\$\{.*:-(.*)\}$/, '$1'),
      ]);
      // The images have the rest of these.
      return [
        name,
        {
          bytes: Number.parseInt(limit, 10) * 2 ** 20,
          settings: { ...MEMORY_DEFAULTS, ...Object.fromEntries(settings) },
        },
      ];
    }),
  );
}

/** The folder of this process's own group: what is made below it stays within the limits that this process has itself. */
async function ownGroup() {
  const line = /^\d+:memory:(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'));
  const folder = join(CONTROLLER, line?.[1] ?? '');
  await access(join(folder, 'cgroup.procs'), constants.W_OK).catch(() => {
    throw new Error(
      `--limits needs memory cgroups of version 1 that this user may write to: ${folder} is none`,
    );
  });
  return folder;
}

const LOOK_MS = 100;
const mib = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;

/** Makes a group for each limit. @returns how to start a process in it, what it has held, and how to remove the empty groups */
export async function createMemoryGroups(limits) {
  const parent = await ownGroup();
  const folderOf = (name) => join(parent, `lazyphotos-bench-${process.pid}-${name}`);
  const names = Object.keys(limits);
  const number = async (name, file, pattern) =>
    Number(pattern.exec(await readFile(join(folderOf(name), `memory.${file}`), 'utf8'))?.[1] ?? Number.NaN);
  for (const name of names) {
    await mkdir(folderOf(name));
    await writeFile(join(folderOf(name), 'memory.limit_in_bytes'), String(limits[name].bytes));
  }
  const most = Object.fromEntries(names.map((name) => [name, 0]));
  const look = async () => {
    for (const name of names)
      most[name] = Math.max(most[name], await number(name, 'stat', /^total_rss (\d+)$/m));
  };
  // A look that fails was the last one: the groups are being removed.
  const looking = setInterval(() => look().catch(() => clearInterval(looking)), LOOK_MS);
  const row = async (name) => [
    name,
    mib(limits[name].bytes),
    mib(most[name]),
    mib(await number(name, 'max_usage_in_bytes', /(\d+)/)),
    await number(name, 'failcnt', /(\d+)/),
    await number(name, 'oom_control', /^oom_kill (\d+)$/m),
  ];
  return {
    /** The shell joins the group, then becomes the command: all of the memory and all children belong to it. */
    prefix: (name) => ['/bin/sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', folderOf(name)],
    /** Columns and rows of a table; pages of files are those that the kernel keeps while there is room, and drops at the limit. */
    report: async () => ({
      columns: [
        'service, with its children',
        'limit',
        'most of its own',
        'with pages of files',
        'times at the limit',
        'killed',
      ],
      rows: await Promise.all(names.map(row)),
    }),
    remove: async () => {
      clearInterval(looking);
      for (const name of names) await removeEmpty(folderOf(name));
    },
  };
}

/** The kernel takes a moment to forget processes that have ended. */
async function removeEmpty(folder) {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (isGone) return;
    await sleep(100);
  }
}
