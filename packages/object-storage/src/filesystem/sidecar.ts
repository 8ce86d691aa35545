import type { BigIntStats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ObjectInfo } from '../port.js';
import { ifPresent } from './files.js';

/** Identifies one version of a data file. Numbers are text, since JSON has no 64-bit integers. */
export interface Stamp {
  inode: string;
  modified: string;
  size: string;
}

export interface ObjectRecord {
  contentType: string;
  metadata: Record<string, string>;
  etag: string;
  /** ISO 8601 */
  lastModified: string;
  /** The staged upload that the object was made of, so that a repeated completion finds it. */
  uploadId?: string;
  stamp: Stamp;
}

/**
 * The content of `meta/<key>+.json`. It is in place before its data file is, so while an object is replaced (and permanently, after a
 * power cut at that moment) the data may still be the previous version: `previous` describes it, and the stamps show to which of the two
 * the bytes belong.
 */
export interface Sidecar {
  current: ObjectRecord;
  previous?: ObjectRecord;
}

export function stampOf(stats: BigIntStats): Stamp {
  return { inode: `${stats.ino}`, modified: `${stats.mtimeNs}`, size: `${stats.size}` };
}

/** Resolves to undefined when there is none, or when it is damaged: the bytes are still readable, and worth more than their metadata. */
export async function readSidecar(file: string): Promise<Sidecar | undefined> {
  const text = await ifPresent(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isSidecar(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isSidecar(value: unknown): value is Sidecar {
  if (typeof value !== 'object' || value === null || !('current' in value)) return false;
  return isRecord(value.current) && (!('previous' in value) || isRecord(value.previous));
}

function isRecord(value: unknown): value is ObjectRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { contentType, etag, lastModified, metadata, stamp } = value as Partial<ObjectRecord>;
  const texts = [contentType, etag, lastModified, stamp?.inode, stamp?.modified, stamp?.size];
  return texts.every((text) => typeof text === 'string') && typeof metadata === 'object' && metadata !== null;
}

/** Returns the record that was written for exactly this file. */
export function recordOf(sidecar: Sidecar | undefined, stamp: Stamp): ObjectRecord | undefined {
  return pick(sidecar, (known) => {
    return known.inode === stamp.inode && known.modified === stamp.modified && known.size === stamp.size;
  });
}

/**
 * Returns the record that fits best when none fits exactly: a restored backup has other inodes, perhaps other times, and some file
 * systems give inodes new numbers at each mount.
 */
export function likeliestRecordOf(sidecar: Sidecar | undefined, stamp: Stamp): ObjectRecord | undefined {
  return (
    pick(sidecar, (known) => known.modified === stamp.modified && known.size === stamp.size) ??
    pick(sidecar, (known) => known.inode === stamp.inode && known.size === stamp.size) ??
    pick(sidecar, (known) => known.size === stamp.size)
  );
}

function pick(sidecar: Sidecar | undefined, fits: (stamp: Stamp) => boolean): ObjectRecord | undefined {
  return [sidecar?.current, sidecar?.previous].find((record) => record !== undefined && fits(record.stamp));
}

/** Names one version of a data file, as its stamp does. */
export const versionOf = ({ ino, mtimeNs, size }: BigIntStats): string => `${ino}-${mtimeNs}-${size}`;

export function toInfo(key: string, stats: BigIntStats, record: ObjectRecord | undefined): ObjectInfo {
  const size = Number(stats.size);
  const version = versionOf(stats);
  if (record === undefined) {
    // The sidecar was damaged or removed by something else, or the bytes are not whole. What is there is still readable.
    const etag = `unknown-${stats.mtimeNs}-${stats.size}`;
    const contentType = 'application/octet-stream';
    const lastModified = stats.mtime;
    return { key, size, contentType, etag, lastModified, version, metadata: {}, isDamaged: true };
  }
  const { contentType, etag, metadata } = record;
  const lastModified = new Date(record.lastModified);
  return { key, size, contentType, etag, lastModified, version, metadata };
}
