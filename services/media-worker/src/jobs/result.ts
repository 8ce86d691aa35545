import type { EventPayload } from '@lazyphotos/contracts';
import type { PhotoMetadata, ProcessedPhoto } from '../pipeline/index.js';

type Result = EventPayload<'media.processed'>;

export interface JobIdentity {
  photoId: string;
  userId: string;
  run: number;
}

const described = ({ capturedAt, ...rest }: PhotoMetadata) => ({ ...rest, capturedAt: capturedAt?.toISOString() });

export const readyResult = (identity: JobIdentity, photo: ProcessedPhoto): Result => ({
  ...described(photo.metadata),
  ...identity,
  outcome: 'ready',
  width: photo.width,
  height: photo.height,
  placeholder: photo.placeholder,
  previews: photo.previews.map(({ variant, width, height, data }) => ({ variant, width, height, sizeBytes: data.length })),
});

export const failedResult = (
  identity: JobIdentity,
  failure: { code: string; reason: string },
  metadata: PhotoMetadata = {},
): Result => ({ ...described(metadata), ...identity, outcome: 'failed', failure, previews: [] });
