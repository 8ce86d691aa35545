import { mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { openPrograms, type Programs } from './programs.js';

export const HOST = '127.0.0.1';
export const SUPERUSER = 'lazyphotos';

/** One data folder, the files beside it, and the programs that work on it. */
export interface Cluster {
  /** Its real path, without symbolic links. */
  dataDir: string;
  passwordFile: string;
  logFile: string;
  settings: Record<string, string>;
  programs: Programs;
  log: (line: string) => void;
}

export interface StartOptions {
  /** The folder of the database. `<dataDir>.password`, `<dataDir>.log` and the folder `<dataDir>.lock` are beside it. */
  dataDir: string;
  /** Called with a line for each step of a start that takes time. */
  log?: (line: string) => void;
  /** postgresql.conf settings that replace the defaults of settings.ts. */
  settings?: Record<string, string>;
  /** The port to listen on if it is free; otherwise, and if absent, any free port. */
  port?: number;
}

/** Returns the real path of the data folder. Creates its parent folder. */
export async function resolveDataDir(path: string): Promise<string> {
  const absolute = resolve(path);
  await mkdir(dirname(absolute), { recursive: true, mode: 0o700 });
  // The folder itself may be a link to another disk.
  const linked = await realpath(absolute).catch(() => undefined);
  return linked ?? join(await realpath(dirname(absolute)), basename(absolute));
}

export async function openCluster(dataDir: string, options: StartOptions): Promise<Cluster> {
  return {
    dataDir,
    passwordFile: `${dataDir}.password`,
    logFile: `${dataDir}.log`,
    settings: options.settings ?? {},
    programs: await openPrograms(dataDir),
    log: options.log ?? (() => {}),
  };
}
