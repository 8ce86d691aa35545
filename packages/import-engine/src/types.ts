import type { AnnouncedDateSource } from '@lazyphotos/contracts';

/**
 * What a file is by its name. `media`: its content shows whether it is a photo. `other`: neither a photo nor facts about one, such as a
 * web page, or what an operating system adds to archives.
 */
export type FileRole = 'media' | 'json' | 'xmp' | 'other';

export interface Location {
  lat: number;
  lon: number;
}

/** What a sidecar says about a photo. Missing: nothing, or nothing plausible. Times are RFC 3339 in UTC. */
export interface PhotoFacts {
  kind: 'photo';
  /** The name that the file had where it was uploaded first. */
  title?: string;
  takenAt?: string;
  location?: Location;
  /** Whether a person has set `location`; then it is preferred to the one in the file. */
  isLocationEdited?: boolean;
  description?: string;
  favorite?: boolean;
  archived?: boolean;
  trashed?: boolean;
  /** 1 to 5. */
  rating?: number;
  tags?: string[];
  people?: string[];
  /** Whether it came from the library of a partner. */
  isFromPartner?: boolean;
  /** When these facts were changed last. */
  editedAt?: string;
}

export interface AlbumFacts {
  kind: 'album';
  /** May be empty. */
  title: string;
  description?: string;
}

/** What a folder of an export stands for. */
export type FolderRole =
  | { kind: 'year'; year: number }
  | { kind: 'album'; name: string; description?: string }
  /** Albums without a name, which the export has put into one folder: which photo was in which is lost. */
  | { kind: 'untitled' }
  | { kind: 'archive' }
  | { kind: 'trash' }
  | { kind: 'locked' }
  | { kind: 'failed-videos' }
  | { kind: 'plain' };

/** A folder and what its JSON files say about albums. */
export interface FolderToClassify {
  /** In Unicode form NFC, with `/` between folders; empty for the top. */
  path: string;
  albums: readonly AlbumFacts[];
}

export type FileId = string | number | bigint;

/** A file of a folder; its name is in Unicode form NFC. */
export interface NamedFile<Id> {
  id: Id;
  name: string;
}

export interface NamedSidecar<Id> extends NamedFile<Id> {
  title?: string | undefined;
}

/** How a sidecar was found; `docs/decisions/0028-imports.md` explains each. */
export type MatchRule =
  | 'exact'
  | 'number'
  | 'cut'
  | 'extension'
  | 'forgotten-duplicate'
  | 'edited'
  | 'motion'
  | 'title';

export interface Match<Id> {
  mediaId: Id;
  sidecarId: Id;
  rule: MatchRule;
}

/** The video of a live photo (its own file beside the picture) or of a motion photo. */
export interface VideoPair<Id> {
  videoId: Id;
  pictureId: Id;
}

export interface AnnouncedDate {
  capturedAt: string;
  source: AnnouncedDateSource;
}

export interface DateClues {
  facts?: PhotoFacts | undefined;
  fileName: string;
  folder: FolderRole;
  /** Given if it is the modification time of the photo and not of the export. */
  modifiedAt?: Date | undefined;
  now: Date;
}
