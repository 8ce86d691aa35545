export * from './capture-dates.js';
export * from './events/events.js';
export * from './events/topology.js';
export * from './file-name-dates.js';
export { type Album, type AlbumOrder, album, albumOrders } from './http/albums.js';
export { type Invite, MIN_PASSWORD_LENGTH, platforms, type Role, roles, type User } from './http/auth.js';
export * from './http/endpoint.js';
export type { FeedItem } from './http/feed.js';
export {
  type Archive,
  type EntryOutcome,
  entryOutcomes,
  type ImportJob,
  type ImportSource,
  type ImportStatus,
  MAX_LISTED_ERRORS,
  MAX_PARTS,
  type PauseReason,
  type ReportEntry,
  reportEntry,
} from './http/imports.js';
export { endpoints } from './http/index.js';
export {
  MAX_TAG_LENGTH,
  MAX_TAGS,
  type MetadataPatch,
  type MetadataResult,
  metadataPatch,
  offsetOf,
} from './http/metadata.js';
export type { NodeDescription } from './http/node.js';
export * from './http/photos.js';
export { type Place, place } from './http/place.js';
export { DEFAULT_LIMIT, MAX_LIMIT } from './http/primitives.js';
export * from './http/problems.js';
export { DEFAULT_RADIUS_KM } from './http/search.js';
export {
  type CreatedShareLink,
  type ShareContent,
  type SharedLink,
  type SharedPhoto,
  type ShareLink,
  type ShareUnlock,
  shareToken,
} from './http/shares.js';
export type { Trash } from './http/trash.js';
export { type PhotoLifeState, photoStates, uploadStatuses } from './http/uploads.js';
export * from './internal.js';
export * from './media-types.js';
export * from './month-names.js';
export * from './photo-view.js';
export * from './place-in-language.js';
export * from './storable-date.js';
export * from './storage-keys.js';
export { tagKey } from './tag-key.js';
export { VERSION } from './version.js';
