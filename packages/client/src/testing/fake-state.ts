import { randomUUID } from 'node:crypto';
import type {
  Album,
  AnnouncedDateSource,
  Archive,
  FeedItem,
  ImportJob,
  MetadataPatch,
  Photo,
  ReportEntry,
  ShareLink,
  User,
} from '@lazyphotos/contracts';

export interface FakeUpload {
  id: string;
  userId: string;
  hash: string;
  sizeBytes: number;
  mimeType: string;
  fileName: string;
  capturedAt?: string | undefined;
  capturedAtSource?: AnnouncedDateSource | undefined;
  locationLat?: number | undefined;
  locationLon?: number | undefined;
  status: 'open' | 'completed' | 'failed' | 'aborted' | 'expired';
  chunks: Map<number, Buffer>;
  photoId?: string;
}

export interface FakePhoto {
  photo: Photo;
  bytes: Buffer;
  state: 'active' | 'trashed' | 'deleted';
}

export interface FakeImport {
  job: ImportJob;
  /** Of its archives. */
  hashes: Set<string>;
  restore: boolean;
  entries: ReportEntry[];
  /** What each question for the import brings; with the last one it stays as it is. */
  steps: Partial<ImportJob>[];
}

interface FakeAccount {
  user: User;
  password: string;
}

/** Everything that a fake node knows; tests look at it and change it. */
export interface FakeState {
  claimed: boolean;
  claimCode: string;
  accounts: Map<string, FakeAccount>;
  /** Access tokens that are still good, with their account. */
  accessTokens: Map<string, string>;
  refreshTokens: Map<string, { email: string; family: string; used: boolean }>;
  endedFamilies: Set<string>;
  devices: Map<string, { platform: string }>;
  uploads: Map<string, FakeUpload>;
  photos: Map<string, FakePhoto>;
  /** Edits of photos, in the order of arrival. */
  edits: (MetadataPatch & { id: string })[];
  albums: Map<string, { album: Album; photoIds: string[] }>;
  shareLinks: Map<string, { link: ShareLink; password: string | undefined }>;
  archives: Map<string, Archive>;
  imports: Map<string, FakeImport>;
  /** Paths below IMPORT_DIR at which there is an archive. */
  importPaths: Set<string>;
  /** The steps of imports that are made from now on. */
  importSteps: Partial<ImportJob>[];
  feed: FeedItem[];
  /** Cursors below this number are too old. */
  feedStart: number;
  ready: boolean;
  chunkSize: number;
  /** Seconds. */
  accessTokenLifetime: number;
  /** `POST /auth/login`, in the order of arrival. */
  requests: string[];
  /** Bytes of chunks that were kept. */
  chunkBytes: number;
}

export function createFakeState(): FakeState {
  return {
    claimed: true,
    claimCode: 'CLAIM-1234',
    accounts: new Map(),
    accessTokens: new Map(),
    refreshTokens: new Map(),
    endedFamilies: new Set(),
    devices: new Map(),
    uploads: new Map(),
    photos: new Map(),
    edits: [],
    albums: new Map(),
    shareLinks: new Map(),
    archives: new Map(),
    imports: new Map(),
    importPaths: new Set(),
    importSteps: [{ status: 'completed', finishedAt: new Date().toISOString() }],
    feed: [],
    feedStart: 0,
    ready: true,
    chunkSize: 64 * 1024,
    accessTokenLifetime: 900,
    requests: [],
    chunkBytes: 0,
  };
}

export const uuid = (): string => randomUUID();

export function addAccount(state: FakeState, email: string, password: string, displayName?: string): User {
  const user: User = {
    id: uuid(),
    email,
    createdAt: new Date().toISOString(),
    role: 'owner',
    ...(displayName === undefined ? {} : { displayName }),
  };
  state.accounts.set(email, { user, password });
  return user;
}

export interface NewPhoto {
  userId: string;
  hash: string;
  fileName: string;
  mimeType: string;
  bytes: Buffer;
  capturedAt?: string | undefined;
  capturedAtSource?: AnnouncedDateSource | undefined;
  locationLat?: number | undefined;
  locationLon?: number | undefined;
}

export function addPhoto(state: FakeState, added: NewPhoto): Photo {
  const { userId, hash, fileName, mimeType, bytes, capturedAt, capturedAtSource } = added;
  const { locationLat, locationLon } = added;
  const now = new Date().toISOString();
  const id = uuid();
  const photo: Photo = {
    id,
    userId,
    storageKey: `originals/${userId}/${id}`,
    hash,
    fileName,
    sizeBytes: bytes.length,
    mimeType,
    capturedAt,
    capturedAtSource,
    locationLat,
    locationLon,
    uploadedAt: now,
    updatedAt: now,
    width: null,
    height: null,
    tags: [],
    favorite: false,
    archived: false,
    kind: 'photo',
    isDeleted: false,
    processing: 'ready',
    version: 1,
    thumbnails: {},
  };
  state.photos.set(id, { photo, bytes, state: 'active' });
  state.feed.push({ type: 'photo', data: photo, updatedAt: now });
  return photo;
}

export function addArchive(
  state: FakeState,
  { hash, fileName, sizeBytes }: Pick<Archive, 'hash' | 'fileName' | 'sizeBytes'>,
): Archive {
  const uploadedAt = new Date().toISOString();
  const archive: Archive = { id: uuid(), hash, fileName, sizeBytes, uploadedAt, importIds: [] };
  state.archives.set(archive.id, archive);
  return archive;
}
