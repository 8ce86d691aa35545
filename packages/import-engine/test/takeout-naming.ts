import fc from 'fast-check';

/** How Google Takeout names the files of a folder, as far as it is known from exports. */
export interface Exported {
  media: string;
  sidecar: string;
  title: string;
}

const MEDIA_LENGTH = 51;
const SIDECAR_LENGTH = 46;

/**
 * Returns the names of photos and of their sidecars in the order of the titles. `suffix` is what the generation of the export appends
 * before `.json`.
 */
export function exportFolder(titles: readonly string[], suffix: '' | '.supplemental-metadata'): Exported[] {
  const mediaNames = new Map<string, number>();
  const sidecarNames = new Map<string, number>();
  return titles.map((title) => {
    const safe = title.replace(/[\\/:*?"<>|&'%]/g, '_');
    const dot = safe.lastIndexOf('.');
    const [stem, extension] = dot > 0 ? [safe.slice(0, dot), safe.slice(dot)] : [safe, ''];
    const media = cut(stem, MEDIA_LENGTH - extension.length);
    const sidecar = cut(safe + suffix, SIDECAR_LENGTH);
    return {
      media: media + numberOf(mediaNames, media + extension) + extension,
      sidecar: `${sidecar}${numberOf(sidecarNames, sidecar)}.json`,
      title,
    };
  });
}

/** A surrogate pair that is cut apart cannot be written in UTF-8. */
const cut = (text: string, length: number): string => text.slice(0, length).toWellFormed();

function numberOf(used: Map<string, number>, name: string): string {
  const count = used.get(name) ?? 0;
  used.set(name, count + 1);
  return count === 0 ? '' : `(${count})`;
}

const characters = fc.constantFrom(...('abcdeXYZ0123456789_- é日本😀'.match(/./gsu) ?? []));
const extension = fc.constantFrom('.jpg', '.JPG', '.jpeg', '.png', '.HEIC', '.mp4', '.dng', '.gif');

/** Titles as cameras, messengers and people give them. */
export const titles: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', 'IMG_', 'PXL_20220405_090123740', 'original_1d4caa6f-16c6-4c3d-901b-9387de10e528_'),
    fc.array(characters, { minLength: 1, maxLength: 60 }).map((parts) => parts.join('').trim() || 'x'),
    extension,
  )
  .map((parts) => parts.join(''));
