import type {
  CatalogApi,
  DescribeImportedRequest,
  EventPayload,
  KnownPhotoState,
} from '@lazyphotos/contracts';

/** Stands in for the catalog: records its calls and returns what a test has set. `purged`: the ids of photos that it has purged. */
export function createRecordingCatalog(overrides: Partial<CatalogApi> = {}, purged = new Set<string>()) {
  const recorded: EventPayload<'upload.completed'>[] = [];
  const described: DescribeImportedRequest[] = [];
  const states = new Map<string, KnownPhotoState>();
  const stateOf = (photoId: string): KnownPhotoState =>
    purged.has(photoId) ? 'deleted' : (states.get(photoId) ?? 'unknown');
  const api: CatalogApi = {
    recordUpload: async (upload) => {
      recorded.push(upload);
      if (!states.has(upload.photoId)) states.set(upload.photoId, 'active');
    },
    photoState: async (_userId, photoId) => stateOf(photoId),
    restorePhoto: async (_userId, photoId) => {
      if (stateOf(photoId) === 'trashed') states.set(photoId, 'active');
      return stateOf(photoId);
    },
    describeImported: async (request) => {
      described.push(request);
      return { unknown: request.photos.map(({ photoId }) => photoId).filter((id) => !states.has(id)) };
    },
    photoDates: async () => [],
    ...overrides,
  };
  return { api, recorded, described, states };
}
