import { matchSidecars } from './matching/takeout.js';
import { pairVideos } from './matching/videos.js';
import { matchXmp } from './matching/xmp.js';
import type { Match, NamedFile, NamedSidecar, VideoPair } from './types.js';

/** The files of one folder, over all parts of the export. */
export interface FolderFiles {
  source: 'takeout' | 'folder';
  media: NamedFile<bigint>[];
  sidecars: NamedSidecar<bigint>[];
}

export interface FolderMatches {
  matches: Match<bigint>[];
  pairs: VideoPair<bigint>[];
}

/** Which files of a folder belong together. */
export function matchFolder({ source, media, sidecars }: FolderFiles): FolderMatches {
  const match = source === 'takeout' ? matchSidecars<bigint> : matchXmp<bigint>;
  return { matches: match(media, sidecars), pairs: pairVideos(media) };
}
