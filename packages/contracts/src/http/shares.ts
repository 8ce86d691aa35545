import { z } from 'zod';
import { defineEndpoints } from './endpoint.js';
import { altitude, photoKind, place, thumbnails, zoneOffset } from './photos.js';
import {
  byteCount,
  id,
  latitude,
  line,
  longitude,
  page,
  pageQuery,
  pixels,
  storedTimestamp,
  timestamp,
} from './primitives.js';

/** 256 random bits in base64url. */
export const shareToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be the token of a share link');

const title = line(200);
const sharePassword = z.string().min(1).max(256);
const EXPIRY = { description: 'null: the link does not expire' };
const expiresAt = timestamp.nullable().meta(EXPIRY);
const newExpiry = storedTimestamp.nullable().meta(EXPIRY);

/** A share link as its owner sees it. The token is shown once, when the link is created. */
const shareLink = z
  .object({
    id,
    photoId: id.optional().meta({ description: 'either this or albumId' }),
    albumId: id.optional().meta({ description: 'either this or photoId' }),
    title: z.string().optional(),
    expiresAt,
    hasPassword: z.boolean(),
    allowDownload: z.boolean().meta({ description: 'whether visitors may download originals and the ZIP' }),
    showLocation: z
      .boolean()
      .meta({ description: 'false: neither the JSON nor the pictures that the link serves hold a location' }),
    viewCount: z
      .number()
      .int()
      .nonnegative()
      .meta({ description: 'the number of times that its first page was shown' }),
    lastViewedAt: timestamp.optional(),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'ShareLink' });
export type ShareLink = z.output<typeof shareLink>;

const createdShareLink = shareLink
  .and(
    z.object({
      token: z.string().meta({ description: 'shown once; only its hash is stored' }),
      url: z.url().meta({ description: 'the page to send to others' }),
    }),
  )
  .meta({ id: 'CreatedShareLink' });
export type CreatedShareLink = z.output<typeof createdShareLink>;

const options = {
  title: title.optional(),
  allowDownload: z.boolean().default(true),
  showLocation: z.boolean().default(false),
};

const shareLinkId = z.object({ id });

/** A photo as visitors of a share link see it: nothing in it identifies its owner. */
export const sharedPhoto = z
  .object({
    id,
    fileName: z.string(),
    mimeType: z.string(),
    sizeBytes: byteCount.meta({
      description: 'of the original; a copy without its location has another size',
    }),
    width: pixels.nullable(),
    height: pixels.nullable(),
    capturedAt: timestamp.optional(),
    capturedAtOffset: zoneOffset.optional().meta({ description: 'minutes east of UTC, if known' }),
    description: z.string().optional(),
    kind: photoKind,
    durationMs: z.number().int().positive().optional(),
    placeholder: z.string().optional().meta({ description: 'thumbhash, base64' }),
    thumbnails,
    originalUrl: z.url().optional().meta({ description: 'if the link allows downloads' }),
    locationLat: latitude.optional().meta({ description: 'if the link shows locations' }),
    locationLon: longitude.optional().meta({ description: 'if the link shows locations' }),
    altitude: altitude.optional(),
    place: place.optional(),
  })
  .meta({ id: 'SharedPhoto' });
export type SharedPhoto = z.output<typeof sharedPhoto>;

export const SHARE_KINDS = ['photo', 'album'] as const;
const shareKind = z
  .enum(SHARE_KINDS)
  .meta({ id: 'ShareKind', description: 'the kind of content of the link' });

const shareCover = z.object({ photoId: id, thumbnails }).meta({ id: 'ShareCover' });

/** What visitors see of the link itself. */
export const sharedLink = z
  .object({
    kind: shareKind,
    title: z.string().optional(),
    albumName: z.string().optional(),
    albumDescription: z.string().optional(),
    ownerName: z.string().optional().meta({ description: "the owner's display name" }),
    hasPassword: z.boolean(),
    allowDownload: z.boolean(),
    showLocation: z.boolean(),
    expiresAt,
    photoCount: z.number().int().nonnegative().meta({ description: 'on all pages together' }),
    cover: shareCover.optional().meta({
      description: "the album's cover if the link shows it, else the first photo; on the first page only",
    }),
  })
  .meta({ id: 'SharedLink' });
export type SharedLink = z.output<typeof sharedLink>;

export const shareContent = page('photos', sharedPhoto)
  .extend({ link: sharedLink })
  .meta({ id: 'ShareContent' });
export type ShareContent = z.output<typeof shareContent>;

export const shareUnlock = z
  .object({
    token: z.string().meta({ description: 'to be sent as X-Share-Token' }),
    expiresAt: timestamp,
  })
  .meta({ id: 'ShareUnlock' });
export type ShareUnlock = z.output<typeof shareUnlock>;

const shareTokenParams = z.object({ token: shareToken });

export const shareEndpoints = defineEndpoints('catalog', {
  createShareLink: {
    method: 'post',
    path: '/share-links',
    summary:
      'Share a photo or an album by a link; a repeated request with the same Idempotency-Key gives the same link and token',
    idempotencyKey: true,
    body: z
      .object({
        photoId: id.optional().meta({ description: 'either this or albumId' }),
        albumId: id.optional().meta({ description: 'either this or photoId' }),
        expiresAt: newExpiry.optional(),
        password: sharePassword.nullable().optional(),
        ...options,
      })
      .refine((body) => (body.photoId === undefined) !== (body.albumId === undefined), {
        message: 'give either photoId or albumId',
        path: ['photoId'],
      })
      .meta({ id: 'CreateShareLinkRequest' }),
    success: { status: 201, body: createdShareLink, description: 'The link with its token' },
    problems: ['not_found', 'share_link_limit', 'idempotency_key_reused'],
  },
  listShareLinks: {
    method: 'get',
    path: '/share-links',
    summary: 'Your share links, newest first, expired ones included',
    query: pageQuery,
    success: {
      status: 200,
      body: page('shareLinks', shareLink, 'ShareLinkPage'),
      description: 'A page of share links',
    },
    problems: ['invalid_cursor'],
  },
  getShareLink: {
    method: 'get',
    path: '/share-links/{id}',
    summary: 'One of your share links',
    params: shareLinkId,
    success: { status: 200, body: shareLink, description: 'The share link' },
    problems: ['not_found'],
  },
  updateShareLink: {
    method: 'patch',
    path: '/share-links/{id}',
    summary: 'Change the options that are given; null removes an expiry, a password or a title',
    params: shareLinkId,
    body: z
      .object({
        title: title.nullable().optional(),
        expiresAt: newExpiry.optional(),
        password: sharePassword
          .nullable()
          .optional()
          .meta({ description: 'a new password ends every unlock of the old one' }),
        allowDownload: z.boolean().optional(),
        showLocation: z.boolean().optional(),
      })
      .meta({ id: 'UpdateShareLinkRequest' }),
    success: { status: 200, body: shareLink, description: 'The share link' },
    problems: ['not_found'],
  },
  deleteShareLink: {
    method: 'delete',
    path: '/share-links/{id}',
    summary:
      'Revoke a share link; its pictures are no longer served after LAZYPHOTOS_SHARE_MEDIA_SECONDS at most',
    params: shareLinkId,
    success: { status: 204, description: 'Revoked' },
    problems: ['not_found'],
  },
  getShareContent: {
    method: 'get',
    path: '/share-links/{token}/content',
    summary: 'The content of a share link: a page of photos, with signed URLs that need no account',
    auth: 'none',
    shareToken: true,
    params: shareTokenParams,
    query: pageQuery,
    success: { status: 200, body: shareContent, description: 'A page of the content' },
    problems: ['not_found', 'invalid_cursor', 'share_password_required'],
  },
  unlockShare: {
    method: 'post',
    path: '/share-links/{token}/unlock',
    summary: 'Exchange the password of a share link for a token that opens only this link',
    auth: 'none',
    params: shareTokenParams,
    body: z.object({ password: sharePassword }).meta({ id: 'UnlockShareRequest' }),
    success: { status: 200, body: shareUnlock, description: 'The token' },
    problems: ['not_found', 'wrong_share_password'],
  },
});
