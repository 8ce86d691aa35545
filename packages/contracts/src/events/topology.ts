import type { EventType } from './events.js';

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

export type Topology = Readonly<Record<string, readonly EventType[]>>;
export type QueueName = keyof typeof topology;
