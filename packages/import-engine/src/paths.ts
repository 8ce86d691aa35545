import type { FileRole } from './types.js';

/** Returns the folder (with `/`, empty for the top) and the name of a path, both in Unicode form NFC: macOS writes NFD. */
export function splitPath(path: string): { folder: string; name: string } {
  const segments = path
    .normalize('NFC')
    .split(/[/\\]/)
    .filter((segment) => segment !== '' && segment !== '.');
  const name = segments.pop() ?? '';
  return { folder: segments.join('/'), name };
}

/** Neither photos, videos nor sidecars, with any content. The content of all other files is read. */
const OTHER_EXTENSIONS = new Set(
  'html htm xhtml mht mhtml css js txt csv tsv md rtf log pdf doc docx xls xlsx ppt pptx odt ods ini db lnk url webloc plist yaml yml'.split(
    ' ',
  ),
);
const OTHER_NAMES = new Set(['.ds_store', 'thumbs.db', 'desktop.ini', '.picasa.ini', '.nomedia', 'icon\r']);
/** `__MACOSX` and `._name` are what macOS adds to ZIPs: resource forks, named like the files that they belong to. */
const OTHER_FOLDERS = new Set(['__macosx', '@eadir', '$recycle.bin', '.spotlight-v100', '.fseventsd']);

/** Returns what a file is by its name. One without a known extension counts as media until its content shows otherwise. */
export function roleOf(path: string): FileRole {
  const { folder, name } = splitPath(path);
  const lower = name.toLowerCase();
  if (folder.split('/').some((segment) => OTHER_FOLDERS.has(segment.toLowerCase()))) return 'other';
  if (lower === '' || OTHER_NAMES.has(lower) || lower.startsWith('._')) return 'other';
  const extension = /\.([^.]*)$/.exec(lower)?.[1] ?? '';
  if (extension === 'json' || extension === 'xmp') return extension;
  return OTHER_EXTENSIONS.has(extension) ? 'other' : 'media';
}
