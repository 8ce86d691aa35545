import type { FolderRole, FolderToClassify } from '../types.js';

export function classifyFolders(folders: readonly FolderToClassify[]): Map<string, FolderRole> {
  return new Map(
    folders.map(({ path, albums }): [string, FolderRole] => {
      const year = /^Photos from (\d{4})$/.exec(path.slice(path.lastIndexOf('/') + 1))?.[1];
      if (year) return [path, { kind: 'year', year: Number(year) }];
      const album = albums[0];
      return [path, album ? { kind: 'album', name: album.title } : { kind: 'plain' }];
    }),
  );
}
