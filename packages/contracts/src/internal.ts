import { z } from 'zod';
import { type EventPayload, eventSchemas } from './events/events.js';
import { defineEndpoint } from './http/endpoint.js';
import { id, MAX_LIMIT } from './http/primitives.js';
import type { ProblemCode } from './http/problems.js';
import { type ShareContent, type ShareUnlock, shareContent, shareToken, shareUnlock } from './http/shares.js';
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

/** What the auth service does for the catalog. */
export interface AccountsApi {
  /** Resolves to undefined when the account has no display name, or when there is no such account. */
  displayName(userId: string): Promise<string | undefined>;
}

const shareView = z.object({
  token: shareToken,
  /** From an unlock, if the visitor has one. */
  unlockToken: z.string().optional(),
  cursor: z.string().optional(),
  limit: z.number().int().min(1).max(MAX_LIMIT),
  /** Whether this view of a first page is counted. */
  counted: z.boolean(),
});
export type ShareView = z.output<typeof shareView>;

const refusal = <const C extends ProblemCode>(...codes: [C, ...C[]]) =>
  z.object({ outcome: z.literal('refused'), code: z.enum(codes) });
const shown = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('shown'), content: shareContent }),
  refusal('not_found', 'share_password_required', 'invalid_cursor'),
]);
const unlocked = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('unlocked'), unlock: shareUnlock }),
  refusal('not_found', 'wrong_share_password'),
]);

/** What the catalog does for the gateway, which serves the pages, pictures and archives of share links. */
export interface SharesApi {
  /** One page of what a link shows. @throws ProblemError `not_found`, `share_password_required`, `invalid_cursor` */
  view(view: ShareView): Promise<ShareContent>;
  /** @throws ProblemError `not_found`, `wrong_share_password` */
  unlock(token: string, password: string): Promise<ShareUnlock>;
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
  displayName: defineEndpoint({
    id: 'displayName',
    service: 'auth',
    method: 'get',
    path: '/internal/users/{userId}/display-name',
    summary: 'The name under which an account is shown to others',
    auth: 'service',
    callers: ['catalog'],
    params: z.object({ userId: id }),
    success: {
      status: 200,
      body: z.object({ displayName: z.string().optional() }),
      description: 'The name, if the account has one',
    },
  }),
  viewShare: defineEndpoint({
    id: 'viewShare',
    service: 'catalog',
    method: 'post',
    path: '/internal/shares/view',
    summary: 'A page of what a share link shows; the token is in the body, so that no URL holds it',
    auth: 'service',
    callers: ['gateway'],
    body: shareView,
    success: { status: 200, body: shown, description: 'The page, or why it is not shown' },
  }),
  unlockShareLink: defineEndpoint({
    id: 'unlockShareLink',
    service: 'catalog',
    method: 'post',
    path: '/internal/shares/unlock',
    summary: 'Exchange the password of a share link for an unlock token',
    auth: 'service',
    callers: ['gateway'],
    body: z.object({ token: shareToken, password: z.string() }),
    success: { status: 200, body: unlocked, description: 'The unlock token, or why there is none' },
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
