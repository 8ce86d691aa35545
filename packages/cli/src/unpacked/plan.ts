import { basename } from 'node:path';
import {
  type AlbumFacts,
  classifyFolders,
  type FolderRole,
  type MatchRule,
  matchSidecars,
  matchXmp,
  pairVideos,
  roleOf,
} from '@lazyphotos/import-engine';
import { type ErrorReport, reportOf } from '../errors.js';
import { type LocalPath, readablePath } from '../local-path.js';
import type { HashCache } from '../upload/hash-cache.js';
import type { LeftOut, LeftOutReason, SkippedFolder } from '../upload/left-out.js';
import { isMediaName } from '../upload/photo-type.js';
import { type PlannedPhoto, planUpload } from '../upload/plan.js';
import { groupBy, matchByFolder, type Place, type Placed, type PlacedSidecar, placesBelow } from './match.js';
import { readJsonSidecar, readXmpSidecar, type Sidecar, type SidecarPaths } from './sidecars.js';

/** A photo of an export that will be uploaded. */
export interface ExportedPhoto extends PlannedPhoto {
  /** The name in the export. */
  name: string;
  folder: FolderRole;
  sidecars: SidecarPaths;
  rule: MatchRule | undefined;
  isTrashed: boolean;
}

export interface UnpackedPlan {
  photos: ExportedPhoto[];
  bytes: number;
  /** Every other file. */
  others: OtherEntry[];
  skippedFolders: SkippedFolder[];
  /** The number of sidecars without a photo or video here. */
  unmatchedSidecars: number;
  /** Whether there is anything that occurs only in exports of Google Photos. */
  isExport: boolean;
}

export interface UnpackedPlanOptions {
  cache: HashCache;
  signal: AbortSignal;
  onFound(photos: number): void;
}

type Medium = Placed & { photo?: PlannedPhoto; leftOut?: LeftOut };
type ReadSidecar = PlacedSidecar & { path: LocalPath; isTrashed: boolean };

interface Reading {
  media: Medium[];
  json: ReadSidecar[];
  xmp: ReadSidecar[];
  albums: { exportFolder: string; facts: AlbumFacts }[];
  others: OtherEntry[];
  skippedFolders: SkippedFolder[];
}

/** Plans the upload of folders with an unpacked export. Of a sidecar, only the path and title are in memory. */
export async function planUnpacked(
  roots: readonly LocalPath[],
  options: UnpackedPlanOptions,
): Promise<UnpackedPlan> {
  const reading: Reading = { media: [], json: [], xmp: [], albums: [], others: [], skippedFolders: [] };
  for (const root of roots) await readRoot(root, reading, options);
  return planOf(reading);
}

async function readRoot(root: LocalPath, reading: Reading, options: UnpackedPlanOptions): Promise<void> {
  const found = reading.media.length;
  const plan = await planUpload(root, {
    ...options,
    onFound: (photos) => options.onFound(found + photos),
  });
  const placeOf = placesBelow(root);
  const nextId = () => reading.media.length + reading.json.length + reading.xmp.length;
  for (const photo of plan.photos) reading.media.push({ id: nextId(), place: placeOf(photo.path), photo });
  for (const { path, error } of plan.problems) reading.others.push(failedEntry(path, reportOf(error)));
  reading.skippedFolders.push(...plan.skippedFolders);
  for (const leftOut of plan.leftOut) {
    options.signal.throwIfAborted();
    const place = placeOf(leftOut.path);
    const role = leftOut.reason === 'not_a_photo' ? roleOf(place.name) : 'other';
    if (role === 'json' || role === 'xmp') await readFacts(leftOut.path, place, role, reading, nextId());
    else if (isMedium(leftOut.reason, place.name)) reading.media.push({ id: nextId(), place, leftOut });
    else reading.others.push(leftOutEntry(leftOut));
  }
}

/** Returns whether a file that is not uploaded may have a sidecar. */
const isMedium = (reason: LeftOutReason, name: string): boolean =>
  reason === 'unsupported_type' || reason === 'misnamed' || (reason === 'empty' && roleOf(name) === 'media');

const failedEntry = (path: LocalPath, { code, message }: ErrorReport): OtherEntry => ({
  path,
  outcome: 'failed',
  code,
  message,
});

async function readFacts(
  path: LocalPath,
  place: Place,
  role: 'json' | 'xmp',
  reading: Reading,
  id: number,
): Promise<void> {
  let sidecar: Sidecar;
  try {
    sidecar = await (role === 'json' ? readJsonSidecar(path) : readXmpSidecar(path));
  } catch (error) {
    reading.others.push(failedEntry(path, reportOf(error)));
    return;
  }
  if (sidecar.kind === 'useless') {
    reading.others.push({ path, outcome: 'ignored', code: sidecar.code });
    return;
  }
  const { facts } = sidecar;
  if (facts.kind === 'album') {
    reading.albums.push({ exportFolder: place.exportFolder, facts });
    reading.others.push({ path, outcome: 'sidecar', code: 'album' });
    return;
  }
  const { title, trashed = false } = facts;
  reading[role].push({ id, place, path, title, isTrashed: trashed });
}

function rolesOf({ media, json, xmp, albums }: Reading): Map<string, FolderRole> {
  const folders = new Map<string, AlbumFacts[]>();
  for (const { place } of [...media, ...json, ...xmp]) folders.set(place.exportFolder, []);
  for (const { exportFolder, facts } of albums)
    folders.set(exportFolder, [...(folders.get(exportFolder) ?? []), facts]);
  return classifyFolders([...folders].map(([path, found]) => ({ path, albums: found })));
}

function planOf(reading: Reading): UnpackedPlan {
  const { media, json, xmp, others, skippedFolders } = reading;
  const roles = rolesOf(reading);
  const jsonOf = matchByFolder(media, json, matchSidecars);
  const xmpOf = matchByFolder(media, xmp, matchXmp);
  const sidecarById = new Map([...json, ...xmp].map((sidecar) => [sidecar.id, sidecar]));
  const pictureOf = videoPairs(media);
  const photos: ExportedPhoto[] = [];
  for (const medium of media) {
    const { id, place, photo, leftOut } = medium;
    const folder = roles.get(place.exportFolder) ?? { kind: 'plain' };
    if (folder.kind === 'failed-videos') {
      others.push({ path: fileOf(medium), outcome: 'ignored', code: 'failed_videos' });
      continue;
    }
    if (leftOut !== undefined) others.push({ ...leftOutEntry(leftOut), partOf: pictureOf.get(id) });
    if (photo === undefined) continue;
    const own = jsonOf.get(id);
    const ownJson = own && sidecarById.get(own.sidecarId);
    const ownXmp = sidecarById.get(xmpOf.get(id)?.sidecarId ?? -1);
    photos.push({
      ...photo,
      name: place.name,
      folder,
      sidecars: { json: ownJson?.path, xmp: ownXmp?.path },
      rule: (own ?? xmpOf.get(id))?.rule,
      isTrashed: folder.kind === 'trash' || ownJson?.isTrashed === true,
    });
  }
  const matched = new Set([...jsonOf.values(), ...xmpOf.values()].map(({ sidecarId }) => sidecarId));
  for (const { id, path } of sidecarById.values())
    others.push({
      path,
      outcome: 'sidecar',
      code: matched.has(id) ? undefined : 'unmatched',
    });
  return {
    photos,
    bytes: photos.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    others,
    skippedFolders,
    unmatchedSidecars: sidecarById.size - matched.size,
    isExport: json.length > 0 || reading.albums.length > 0 || hasYear(roles),
  };
}

const hasYear = (roles: ReadonlyMap<string, FolderRole>): boolean =>
  [...roles.values()].some(({ kind }) => kind === 'year');

const fileOf = ({ photo, leftOut }: Medium): LocalPath => (photo ?? leftOut)?.path ?? '';

/** Returns the paths of pictures, by the ids of their videos. */
function videoPairs(media: readonly Medium[]): Map<number, string> {
  const pairs = new Map<number, string>();
  for (const files of groupBy(media, 'folder').values()) {
    const byId = new Map(files.map((file) => [file.id, file]));
    for (const { videoId, pictureId } of pairVideos(
      files.map(({ id, place }) => ({ id, name: place.name })),
    )) {
      const picture = byId.get(pictureId);
      if (picture !== undefined) pairs.set(videoId, readablePath(fileOf(picture)));
    }
  }
  return pairs;
}

/** A file that is not uploaded, with its outcome. */
export interface OtherEntry {
  path: LocalPath;
  outcome: 'failed' | 'unsupported' | 'sidecar' | 'ignored';
  code?: string | undefined;
  message?: string | undefined;
  /** The path of the picture, for the video of a live or motion photo. */
  partOf?: string | undefined;
}

const REASON_MESSAGES: Partial<Record<LeftOutReason, string>> = {
  misnamed: 'it is named like a photo, but its content is not one',
  empty: 'it is empty',
  unfinished_transfer: 'another program has not finished it',
  online_only: 'it is not on this computer',
  broken_link: 'the link leads nowhere',
};

/** Returns whether a photo may be lost: such a file is a failure, not an ignored file. */
const isLoss = (reason: LeftOutReason, path: string): boolean =>
  reason === 'misnamed' || (reason === 'empty' && isMediaName(basename(path)));

export function leftOutEntry({ path, reason, mimeType }: LeftOut): OtherEntry {
  if (reason === 'unsupported_type') return { path, outcome: 'unsupported', code: reason, message: mimeType };
  const outcome = isLoss(reason, readablePath(path)) ? 'failed' : 'ignored';
  return { path, outcome, code: reason, message: REASON_MESSAGES[reason] };
}
