import { foldTitle } from '../matching/titles.js';
import { cleanLine, firstCharacters, MAX_ALBUM_NAME } from '../texts.js';
import type { AlbumFacts, FolderRole, FolderToClassify } from '../types.js';
import {
  fold,
  hasPhotoWord,
  isBareRootName,
  isRootName,
  isUntitledName,
  plausibleYear,
  specialKindOf,
  yearOfName,
} from './names.js';

const PLAIN: FolderRole = { kind: 'plain' };

/**
 * Returns what each folder of a Google Takeout stands for: all folders of all its parts must be given, since some are recognised only by their siblings.
 * Folders directly below Google Photos' own are years, albums, or one of Google's special ones. Folders of other products, and folders
 * in other archives, are plain.
 */
export function classifyFolders(folders: readonly FolderToClassify[]): Map<string, FolderRole> {
  const roots = rootsOf(folders);
  const years = unknownYearFolders(folders.filter(({ path }) => roots.has(parentOf(path))));
  return new Map(
    folders.map((folder): [string, FolderRole] => {
      if (roots.has(folder.path)) return [folder.path, PLAIN];
      const isInRoot = roots.has(parentOf(folder.path));
      return [folder.path, isInRoot ? roleInRoot(folder, years) : roleElsewhere(folder, roots)];
    }),
  );
}

function roleInRoot(folder: FolderToClassify, years: ReadonlyMap<string, number>): FolderRole {
  const name = nameOf(folder.path);
  const year = yearOfName(name) ?? years.get(folder.path) ?? yearOfDay(name);
  if (year !== undefined && isTitledLikeItsName(folder)) return { kind: 'year', year };
  const album = albumOf(folder);
  const isUntitled = isUntitledName(name);
  // A person can call an album like one of Google's own folders; only albums have a title.
  if (album && album.title !== '' && !(isUntitled && isUntitledName(album.title)))
    return albumRole(album, name);
  const special = specialKindOf(name);
  if (special) return { kind: special };
  return isUntitled ? { kind: 'untitled' } : albumRole(album, name);
}

/** Folders of Google Photos that were packed again, without their parents: only they themselves show what they are for. */
function roleElsewhere(folder: FolderToClassify, roots: ReadonlySet<string>): FolderRole {
  if (folder.path === '' || isOfOtherProduct(folder.path, roots)) return PLAIN;
  const name = nameOf(folder.path);
  const year = yearOfName(name);
  if (year !== undefined && isTitledLikeItsName(folder)) return { kind: 'year', year };
  const album = albumOf(folder);
  return album ? albumRole(album, name) : PLAIN;
}

/** Exports before 2020 have an album JSON in each folder, titled like it; of a year folder maybe in another language. */
function isTitledLikeItsName({ path, albums }: FolderToClassify): boolean {
  const name = nameOf(path);
  const year = yearOfName(name);
  return albums.every(
    ({ title }) => isNamedLike(title, name) || (year !== undefined && yearOfName(title) === year),
  );
}

/** Beside Google Photos, a Takeout has the files of Drive, YouTube, Keep and others, some with titles in JSON files as well. */
function isOfOtherProduct(path: string, roots: ReadonlySet<string>): boolean {
  const inTakeout = ancestorsOf(path).some((folder) => isTakeout(parentOf(folder)));
  return inTakeout && !ancestorsOf(path).some((folder) => roots.has(folder));
}

function albumRole(album: AlbumFacts | undefined, folderName: string): FolderRole {
  const name = firstCharacters(cleanLine(album?.title || folderName), MAX_ALBUM_NAME).trim();
  if (name === '') return { kind: 'untitled' };
  return {
    kind: 'album',
    name,
    ...(album?.description !== undefined && { description: album.description }),
  };
}

/** Parts repeat the album's JSON. Where several differ, the one that the folder is named after, or else the first by title. */
function albumOf({ path, albums }: FolderToClassify): AlbumFacts | undefined {
  const sorted = [...albums].sort(
    (a, b) => compare(a.title, b.title) || compare(a.description, b.description),
  );
  return (
    sorted.find(({ title }) => title !== '' && isNamedLike(title, nameOf(path))) ??
    sorted.find(({ title }) => title !== '') ??
    sorted[0]
  );
}

const compare = (a = '', b = ''): number => (a === b ? 0 : a < b ? -1 : 1);

/** Whether a folder got its name from a title; Google replaces some characters, and cuts long names. */
function isNamedLike(title: string, folderName: string): boolean {
  if (title === '') return true;
  const [folded, name] = [foldTitle(title), foldTitle(folderName.replace(/\(\d+\)$/, ''))];
  return (
    folded === name || folded === foldTitle(folderName) || (name.length >= 40 && folded.startsWith(name))
  );
}

/**
 * Google Photos' folder, wherever it is: by its name, or by the year folders in it. Where none has such a name, the folder around year folders,
 * as exports are also packed again without it.
 */
function rootsOf(folders: readonly FolderToClassify[]): Set<string> {
  const named = new Set<string>();
  for (const { path } of folders) {
    // An album in Google Photos is not a second root, even with such a name.
    const root = ancestorsOf(path).filter(isRootPath).at(-1);
    if (root !== undefined) named.add(root);
  }
  const unknown = folders.filter(({ path }) => fold(nameOf(parentOf(path))).includes('google'));
  for (const path of unknownYearFolders(unknown).keys()) named.add(parentOf(path));
  if (named.size > 0) return named;

  return new Set(
    folders
      .filter(({ path }) => yearOfName(nameOf(path)) !== undefined)
      .map(({ path }) => parentOf(path))
      .filter((parent) => !isTakeout(parentOf(parent)) || mayBePhotos(nameOf(parent))),
  );
}

/** A product of a Takeout, in a language in which its name is not known. */
const mayBePhotos = (name: string): boolean => hasPhotoWord(name) || fold(name).includes('google');

function isRootPath(path: string): boolean {
  const name = nameOf(path);
  return isRootName(name) || (isBareRootName(name) && isTakeout(parentOf(path)));
}

/** `Takeout`, or what several of them are called when they are unpacked side by side. */
const isTakeout = (path: string): boolean => /^takeout\b/.test(fold(nameOf(path)));

/** A folder and those around it, the innermost first, without the top. Deeper ones than any export has are left out. */
function ancestorsOf(path: string): string[] {
  const segments = path === '' ? [] : path.split('/', MAX_DEPTH);
  return segments.map((_, index) => segments.slice(0, index + 1).join('/')).reverse();
}
const MAX_DEPTH = 8;

/**
 * Year folders in a language that is not in the list: siblings with the same text around different years. One text is chosen for each folder
 * around them: one without album JSONs, or with JSONs that are titled like their folders, as in exports before 2020; then the text has to
 * have a word for photos in it, as albums such as `Christmas 2018` and `Christmas 2019` look the same. Then the one with the most years.
 * Where any year folder has a known name, there are no others.
 */
function unknownYearFolders(siblings: readonly FolderToClassify[]): Map<string, number> {
  const families = new Map<string, YearFamily>();
  const parentsWithYears = new Set<string>();
  for (const folder of siblings) {
    const name = nameOf(folder.path);
    if (yearOfName(name) !== undefined) parentsWithYears.add(parentOf(folder.path));
    const parts = /^(\D*)(\d{4})(\D*)$/u.exec(name);
    const year = plausibleYear(parts?.[2] ?? '');
    const text = fold(`${parts?.[1]}#${parts?.[3]}`);
    if (year === undefined || !/\p{L}/u.test(text)) continue;
    if (!isTitledLikeItsName(folder) || folder.albums.some(({ description }) => description !== undefined))
      continue;
    if (folder.albums.length > 0 && !hasPhotoWord(name)) continue;
    const key = `${parentOf(folder.path)}\0${text}`;
    const family = families.get(key) ?? { key, years: new Map(), isTitled: false };
    families.set(key, family);
    family.years.set(folder.path, year);
    family.isTitled ||= folder.albums.length > 0;
  }

  const chosen = new Map<string, YearFamily>();
  for (const family of families.values()) {
    const parent = family.key.slice(0, family.key.indexOf('\0'));
    const best = chosen.get(parent);
    if (new Set(family.years.values()).size < 2 || parentsWithYears.has(parent)) continue;
    if (!best || isLikelier(family, best)) chosen.set(parent, family);
  }
  return new Map([...chosen.values()].flatMap(({ years }) => [...years]));
}

interface YearFamily {
  key: string;
  /** By path. */
  years: Map<string, number>;
  isTitled: boolean;
}

function isLikelier(a: YearFamily, b: YearFamily): boolean {
  if (a.isTitled !== b.isTitled) return b.isTitled;
  return a.years.size === b.years.size ? a.key < b.key : a.years.size > b.years.size;
}

/** Exports before 2020 have a folder for each day: `2016-06-16`, `2016-06-16 #2`. */
function yearOfDay(name: string): number | undefined {
  const year = /^(\d{4})-(?:0\d|1[0-2])-[0-3]\d(?: #\d+)?$/.exec(name)?.[1];
  return year === undefined ? undefined : plausibleYear(year);
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
