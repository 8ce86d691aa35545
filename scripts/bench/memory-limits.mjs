// The memory limits of docker-compose.arm64.yml, in force for processes outside of containers: a memory cgroup for each service.
import { access, constants, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MEMORY_DEFAULTS } from '../lib/memory-defaults.mjs';

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

/** Reads the number that `pattern` finds in a file of a group; NaN where there is none. */
const numberIn = async (folder, file, pattern = /^(\d+)/) =>
  Number(pattern.exec(await readFile(join(folder, file), 'utf8').catch(() => ''))?.[1] ?? Number.NaN);

/** @throws Error when this user cannot put processes into a group, or there is none */
const requireWritable = (folder) => access(join(folder, 'cgroup.procs'), constants.W_OK);

/** What a version of memory cgroups calls its files (cgroup-v1/memory.rst and cgroup-v2.rst of Linux's admin-guide). */
const VERSIONS = [
  {
    version: 1,
    mount: 'memory',
    ownLine: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m,
    findParent: async (own) => {
      await requireWritable(own);
      return own;
    },
    limit: (folder, bytes) => writeFile(join(folder, 'memory.limit_in_bytes'), String(bytes)),
    own: (folder) => numberIn(folder, 'memory.stat', /^total_rss (\d+)$/m),
    peak: (folder) => numberIn(folder, 'memory.max_usage_in_bytes'),
    timesAtLimit: (folder) => numberIn(folder, 'memory.failcnt'),
    killed: (folder) => numberIn(folder, 'memory.oom_control', /^oom_kill (\d+)$/m),
  },
  {
    version: 2,
    mount: '',
    ownLine: /^0::(.*)$/m,
    findParent: findDelegating,
    limit: async (folder, bytes) => {
      await writeFile(join(folder, 'memory.max'), String(bytes));
      // So that what does not fit is killed rather than slow. A kernel without swap accounting has no such file.
      await writeFile(join(folder, 'memory.swap.max'), '0').catch(() => {});
    },
    own: (folder) => numberIn(folder, 'memory.stat', /^anon (\d+)$/m),
    // Since Linux 5.19.
    peak: (folder) => numberIn(folder, 'memory.peak'),
    timesAtLimit: (folder) => numberIn(folder, 'memory.events', /^max (\d+)$/m),
    killed: (folder) => numberIn(folder, 'memory.events', /^oom_kill (\d+)$/m),
  },
];

/**
 * Finds the nearest group that hands the memory controller on to those below it: a group of version 2 cannot while it has processes itself,
 * as that of this process has, unless it is the root.
 */
async function findDelegating(own, root) {
  for (let folder = own; ; folder = dirname(folder)) {
    try {
      const control = join(folder, 'cgroup.subtree_control');
      if (!/\bmemory\b/.test(await readFile(control, 'utf8'))) await writeFile(control, '+memory');
      await requireWritable(folder);
      return folder;
    } catch (error) {
      if (!folder.startsWith(`${root}/`)) throw error;
    }
  }
}

/**
 * Finds the version that this machine has the memory controller in, and the group to make others in: that of this process, so that its own
 * limits hold for them, or with version 2 the nearest one above it that can.
 * @throws Error that says of each version what is missing
 */
export async function findMemoryGroups({ root = '/sys/fs/cgroup', self = '/proc/self/cgroup' } = {}) {
  const lines = await readFile(self, 'utf8');
  const reasons = [];
  for (const files of VERSIONS) {
    const group = files.ownLine.exec(lines)?.[1];
    try {
      if (group === undefined) throw new Error('this process is in no group of it');
      const mount = join(root, files.mount);
      return {
        files,
        parent: await files.findParent(join(mount, group).replace(/\/$/, ''), mount.replace(/\/$/, '')),
      };
    } catch (error) {
      reasons.push(`version ${files.version}: ${error.message}`);
    }
  }
  throw new Error(`--limits needs memory cgroups that this user may write to. ${reasons.join('; ')}`);
}

const LOOK_MS = 100;
const mib = (bytes) => (Number.isNaN(bytes) ? 'not told' : `${Math.round(bytes / 2 ** 20)} MiB`);

/**
 * Makes a group for each limit.
 * @param found by `findMemoryGroups`
 * @returns how to start a process in it, what it has held, and how to remove the empty groups
 */
export async function createMemoryGroups(limits, { files, parent }) {
  const folderOf = (name) => join(parent, `lazyphotos-bench-${process.pid}-${name}`);
  const names = Object.keys(limits);
  for (const name of names) {
    await mkdir(folderOf(name));
    await files.limit(folderOf(name), limits[name].bytes);
  }
  const most = Object.fromEntries(names.map((name) => [name, 0]));
  const look = async () => {
    for (const name of names) {
      const own = await files.own(folderOf(name));
      if (own > most[name]) most[name] = own;
    }
  };
  const looking = setInterval(look, LOOK_MS);
  const row = async (name) => {
    const folder = folderOf(name);
    const peak = mib(await files.peak(folder));
    return [
      name,
      mib(limits[name].bytes),
      mib(most[name]),
      peak,
      await files.timesAtLimit(folder),
      await files.killed(folder),
    ];
  };
  return {
    /** The shell joins the group, then becomes the command: all of the memory and all children belong to it. */
    prefix: (name) => ['/bin/sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', folderOf(name)],
    /** Columns and rows of a table; pages of files are those that the kernel keeps while there is room, and drops at the limit. */
    report: async () => {
      await look();
      return {
        columns: [
          'service, with its children',
          'limit',
          'most of its own',
          'with pages of files',
          'times at the limit',
          'killed',
        ],
        rows: await Promise.all(names.map(row)),
      };
    },
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
