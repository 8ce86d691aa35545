import { mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { openPrograms, type Programs } from './programs.js';

export const HOST = '127.0.0.1';
export const SUPERUSER = 'lazyphotos';

/** One data folder, what lies beside it, and the means to work on it. */
export interface Cluster {
  /** Its real path: the same whichever way the caller came. */
  dataDir: string;
  passwordFile: string;
  logFile: string;
  settings: Record<string, string>;
  programs: Programs;
  log: (line: string) => void;
}

export interface StartOptions {
  /** Where the database lives. `<dataDir>.password` and `<dataDir>.log` are written beside it. */
  dataDir: string;
  /** Told in a line what a start takes time for. */
  log?: (line: string) => void;
  /** postgresql.conf settings that replace the defaults of settings.ts. */
  settings?: Record<string, string>;
  /** Where to listen if that port is free; otherwise, and when left out, on any free port. */
  port?: number;
}

/** The data folder's absolute path; makes the folder that it is to stand in. */
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
