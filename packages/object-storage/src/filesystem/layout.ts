import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { checkKey } from '../rules.js';
import { errnoOf } from './files.js';

/** The processes of another host cannot be looked up; no process writes one file for a whole day. */
const FOREIGN_LEFTOVER_MS = 86_400_000;

/** Where each file is; the README describes the folders. Only checked keys become paths. */
export class Layout {
  readonly root: string;
  readonly objects: string;
  readonly meta: string;
  readonly staging: string;
  readonly temporary: string;
  /** The host names a process beside its pid, since in containers that share a volume every process is pid 1. */
  private readonly host = createHash('sha256').update(hostname()).digest('hex').slice(0, 12);
  private readonly started = Math.round(performance.timeOrigin);
  /** Names this process in files that other processes may find. */
  readonly owner = `${this.host}-${process.pid}-${this.started}`;

  constructor(root: string) {
    this.root = path.resolve(root);
    this.objects = path.join(this.root, 'objects');
    this.meta = path.join(this.root, 'meta');
    this.staging = path.join(this.root, 'staging');
    this.temporary = path.join(this.root, 'tmp');
  }

  /** @throws InvalidKeyError */
  object(key: string): string {
    checkKey(key);
    // A checked key needs no normalising.
    return `${this.objects}${path.sep}${key}`;
  }

  /** '+' cannot be in a key: the sidecar of `a` is never the folder of `a.json/b`. @throws InvalidKeyError */
  sidecar(key: string): string {
    checkKey(key);
    return path.join(this.meta, `${key}+.json`);
  }

  /** Returns undefined for what cannot be the id of an upload. */
  upload(uploadId: string): string | undefined {
    return /^[0-9a-f]{32}$/.test(uploadId) ? path.join(this.staging, uploadId) : undefined;
  }

  /** Returns a new path; nothing is created. */
  temporaryFile(): string {
    return path.join(this.temporary, `${this.owner}-${randomBytes(12).toString('hex')}`);
  }

  /** Removes the temporary files of processes that have ended. */
  async removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.temporary)) {
      const file = path.join(this.temporary, name);
      // If it has disappeared meanwhile, it was in use.
      const isInUse = await this.isInUse(name, file).catch(() => true);
      if (!isInUse) await rm(file, { recursive: true, force: true });
    }
  }

  /** Resolves to whether the process that `owner` begins with may still use this file. Rejects when the file is gone. */
  async isInUse(owner: string, file: string): Promise<boolean> {
    const [host, pid, started] = owner.split('-');
    if (host !== this.host) return Date.now() - (await stat(file)).mtimeMs < FOREIGN_LEFTOVER_MS;
    // The same pid with another start time is an earlier process: in a container all of them are pid 1.
    if (Number(pid) === process.pid) return Number(started) === this.started;
    return isAlive(Number(pid));
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
