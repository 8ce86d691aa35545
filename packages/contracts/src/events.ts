import { z } from 'zod';
import { album } from './http/albums.js';
import {
  altitude,
  cameraMetadata,
  capturedAtSource,
  PREVIEW_VARIANTS,
  photoKind,
  photoRecord,
  place,
  rating,
  zoneOffset,
} from './http/photos.js';
import { byteCount, id, latitude, longitude, pixels, sha256, timestamp } from './http/primitives.js';

const deletedPhoto = z.object({
  photoId: id,
  userId: id,
  storageKey: z.string(),
  version: z.number().int().positive(),
  deletedAt: timestamp,
});

const uploadCompleted = z.object({
  photoId: id,
  userId: id,
  deviceId: id.optional(),
  storageKey: z.string(),
  hash: sha256,
  sizeBytes: byteCount,
  mimeType: z.string(),
  fileName: z.string(),
  capturedAt: timestamp.optional(),
  capturedAtSource: capturedAtSource.optional(),
  width: pixels.optional(),
  height: pixels.optional(),
  locationLat: latitude.optional(),
  locationLon: longitude.optional(),
  uploadedAt: timestamp,
  /** Of an import: its previews can wait. */
  background: z.boolean().optional(),
});

/** What the media worker needs to know of an upload. The rest is left out. */
const processedUpload = uploadCompleted.pick({
  photoId: true,
  userId: true,
  storageKey: true,
  mimeType: true,
  locationLat: true,
  locationLon: true,
});

/**
 * How many photos one `album.changed` adds, removes or moves at most, so that no event grows with its album: larger changes are several
 * events. An event is smaller than 300 KB then.
 */
export const MAX_ALBUM_CHANGES = 1000;

/**
 * Every event with the schema of its payload. Events are facts, named in the past tense by the service that owns the fact;
 * they carry the entity's version, so that a consumer can drop what it has overtaken.
 */
export const eventSchemas = {
  /** upload: an original is stored and verified. */
  'upload.completed': uploadCompleted,
  /** media-worker: an upload of an import, or a photo whose previews were lost, waits until no other upload does. */
  'media.deferred': z.object({ upload: processedUpload }),
  /** media-worker: an original was read and its previews made, or could not be. `run` counts the processings of a photo. */
  'media.processed': z.object({
    photoId: id,
    userId: id,
    run: z.number().int().positive(),
    outcome: z.enum(['ready', 'failed']),
    failure: z.object({ code: z.string(), reason: z.string() }).optional(),
    capturedAt: timestamp.optional(),
    capturedAtSource: capturedAtSource.optional(),
    /** Minutes east of UTC, where the file tells the zone. */
    capturedAtOffset: zoneOffset.optional(),
    width: pixels.optional(),
    height: pixels.optional(),
    locationLat: latitude.optional(),
    locationLon: longitude.optional(),
    altitude: altitude.optional(),
    /** Of the file's location; of the announced one if the file has none. */
    place: place.optional(),
    ...cameraMetadata,
    rating: rating.optional(),
    kind: photoKind.extract(['photo', 'motion']).optional(),
    previews: z.array(
      z.object({ variant: z.enum(PREVIEW_VARIANTS), width: pixels, height: pixels, sizeBytes: byteCount }),
    ),
    placeholder: z.string().optional(),
  }),
  /** media-worker: the place at the location that `photo.relocated` announced; absent on the open sea. */
  'place.found': z.object({
    photoId: id,
    userId: id,
    locationLat: latitude,
    locationLon: longitude,
    place: place.optional(),
  }),
  /** catalog: the owner has set another location. */
  'photo.relocated': z.object({
    photoId: id,
    userId: id,
    version: z.number().int().positive(),
    locationLat: latitude,
    locationLon: longitude,
  }),
  /** catalog: a photo's newest state, when it is not in the trash. */
  'photo.changed': z.object({ photo: photoRecord }),
  /** catalog: moved to the trash. */
  'photo.trashed': deletedPhoto,
  /** catalog: removed permanently; its objects are to be deleted. */
  'photo.purged': deletedPhoto,
  /**
   * catalog: an album's newest state and what came into it or left it with this version. `positions`: the places in the manual
   * order of what came or was moved, to be compared by bytes; absent where nothing is arranged by hand.
   */
  'album.changed': z.object({
    album,
    added: z.array(id).max(MAX_ALBUM_CHANGES),
    removed: z.array(id).max(MAX_ALBUM_CHANGES),
    positions: z
      .record(id, z.string())
      .refine((positions) => Object.keys(positions).length <= MAX_ALBUM_CHANGES)
      .optional(),
  }),
  'album.deleted': z.object({
    albumId: id,
    userId: id,
    version: z.number().int().positive(),
    deletedAt: timestamp,
  }),
} as const;

export type EventType = keyof typeof eventSchemas;
export type EventPayload<T extends EventType> = z.output<(typeof eventSchemas)[T]>;

export interface EventOf<T extends EventType> {
  /** UUID v7; the same on every delivery. */
  id: string;
  type: T;
  occurredAt: string;
  /** The request that caused it, for the logs. */
  requestId?: string | undefined;
  payload: EventPayload<T>;
}
/** Any event, told apart by `type`. */
export type AnyEvent = { [T in EventType]: EventOf<T> }[EventType];

const envelope = z.object({
  id: z.uuid(),
  type: z.enum(Object.keys(eventSchemas) as [EventType, ...EventType[]]),
  occurredAt: timestamp,
  requestId: z.string().optional(),
  payload: z.unknown(),
});

/** Checks an event that came over the wire. @throws ZodError */
export function parseEvent(value: unknown): AnyEvent {
  const event = envelope.parse(value);
  return { ...event, payload: eventSchemas[event.type].parse(event.payload) } as AnyEvent;
}

/**
 * Who consumes what: one durable queue per consuming service and event family. Every bus adapter declares all of it before
 * it publishes, so that no event is lost to a consumer that has not started yet.
 */
export const topology = {
  'catalog.upload': ['upload.completed'],
  'catalog.media': ['media.processed', 'place.found'],
  'media-worker.upload': ['upload.completed'],
  'media-worker.background': ['media.deferred'],
  'media-worker.photo': ['photo.purged'],
  'media-worker.location': ['photo.relocated'],
  'upload.photo': ['photo.purged'],
  'feed.photo': ['photo.changed', 'photo.trashed', 'photo.purged'],
  'feed.album': ['album.changed', 'album.deleted'],
} as const satisfies Record<string, readonly EventType[]>;

/** Who publishes what: the service that owns the fact. */
export const publishers = {
  'upload.completed': 'upload',
  'media.deferred': 'media-worker',
  'media.processed': 'media-worker',
  'place.found': 'media-worker',
  'photo.relocated': 'catalog',
  'photo.changed': 'catalog',
  'photo.trashed': 'catalog',
  'photo.purged': 'catalog',
  'album.changed': 'catalog',
  'album.deleted': 'catalog',
} as const satisfies Record<EventType, string>;

/** The services that have a queue or publish. A queue is named after the service that consumes it: `<service>.<family>`. */
export const BUS_USERS = ['upload', 'catalog', 'feed', 'media-worker'] as const;
export type BusUser = (typeof BUS_USERS)[number];

export type Topology = Readonly<Record<string, readonly EventType[]>>;
export type QueueName = keyof typeof topology;
