import { z } from 'zod';
import { type EventPayload, eventSchemas } from './events/events.js';
import { defineEndpoint } from './http/endpoint.js';
import { id } from './http/primitives.js';
import { photoStates } from './http/uploads.js';

/** `unknown`: the catalog has not heard of the photo (yet). */
export type KnownPhotoState = (typeof photoStates)[number] | 'unknown';

/** What the catalog does for the upload service. */
export interface CatalogApi {
  /** Makes an upload visible at once; the event of the same upload finds it there and does nothing. */
  recordUpload(upload: EventPayload<'upload.completed'>): Promise<void>;
  photoState(userId: string, photoId: string): Promise<KnownPhotoState>;
  /** Restores a photo from the trash. Resolves to its state afterwards. */
  restorePhoto(userId: string, photoId: string): Promise<KnownPhotoState>;
}

/** What the feed does for the catalog. */
export interface FeedApi {
  /** The cursor after the newest entry of this user's log. */
  headCursor(userId: string): Promise<string>;
}

/** What the auth service does for the gateway. */
export interface NodeApi {
  isClaimed(): Promise<boolean>;
}

const userPhoto = z.object({ userId: id, photoId: id });
const stateAnswer = z.object({ state: z.enum([...photoStates, 'unknown']) });

/** The same calls over HTTP, between containers, for the services that they name. The gateway routes none of them. */
export const internalEndpoints = {
  recordUpload: defineEndpoint({
    id: 'recordUpload',
    service: 'catalog',
    method: 'post',
    path: '/internal/uploads',
    summary: 'Make an upload visible',
    auth: 'service',
    callers: ['upload'],
    body: eventSchemas['upload.completed'],
    success: { status: 204, description: 'Recorded' },
  }),
  photoState: defineEndpoint({
    id: 'photoState',
    service: 'catalog',
    method: 'get',
    path: '/internal/users/{userId}/photos/{photoId}/state',
    summary: 'Where a photo stands in its life',
    auth: 'service',
    callers: ['upload'],
    params: userPhoto,
    success: { status: 200, body: stateAnswer, description: 'The state' },
  }),
  restoreFromTrash: defineEndpoint({
    id: 'restoreFromTrash',
    service: 'catalog',
    method: 'post',
    path: '/internal/users/{userId}/photos/{photoId}/restore',
    summary: 'Bring a photo back from the trash',
    auth: 'service',
    callers: ['upload'],
    params: userPhoto,
    success: { status: 200, body: stateAnswer, description: 'The state afterwards' },
  }),
  headCursor: defineEndpoint({
    id: 'headCursor',
    service: 'feed',
    method: 'get',
    path: '/internal/users/{userId}/head',
    summary: "The end of a user's log",
    auth: 'service',
    callers: ['catalog'],
    params: z.object({ userId: id }),
    success: { status: 200, body: z.object({ cursor: z.string() }), description: 'The cursor' },
  }),
} as const;
