import type { EventPayload } from '@lazyphotos/contracts';
import type { PhotoMetadata, ProcessedPhoto } from '../pipeline/index.js';

type Result = EventPayload<'media.processed'>;

export interface JobIdentity {
  photoId: string;
  userId: string;
  run: number;
}

/** What the contract takes for the side of a picture. Files that claim more exist; their size is left out. */
const LONGEST_SIDE = 1_000_000;

interface Size {
  width?: number | undefined;
  height?: number | undefined;
}

const sizeOf = ({ width, height }: Size): Size => {
  const [shorter = 0, longer = 0] = [width ?? 0, height ?? 0].sort((a, b) => a - b);
  return shorter >= 1 && longer <= LONGEST_SIDE ? { width, height } : {};
};

/** The metadata holds the size of the pixels as they are stored; photos are told as they are displayed. */
const displayedSize = ({ width, height, orientation = 1 }: PhotoMetadata): Size =>
  orientation >= 5 ? { width: height, height: width } : { width, height };

const described = ({ capturedAt, width: _width, height: _height, ...rest }: PhotoMetadata) => ({
  ...rest,
  capturedAt: capturedAt?.toISOString(),
});

export const readyResult = (identity: JobIdentity, photo: ProcessedPhoto): Result => ({
  ...described(photo.metadata),
  ...sizeOf(photo),
  ...identity,
  outcome: 'ready',
  placeholder: photo.placeholder,
  previews: photo.previews.map(({ variant, width, height, data }) => ({
    variant,
    width,
    height,
    sizeBytes: data.length,
  })),
});

/** What could still be learnt of a photo that could not be shown. */
interface Salvage extends Size {
  metadata?: PhotoMetadata;
}

export const failedResult = (
  identity: JobIdentity,
  failure: { code: string; reason: string },
  { metadata = {}, width, height }: Salvage = {},
): Result => ({
  ...described(metadata),
  ...sizeOf(width && height ? { width, height } : displayedSize(metadata)),
  ...identity,
  outcome: 'failed',
  failure,
  previews: [],
});
