import { ACCEPTED_TYPES } from '@lazyphotos/contracts';
import { isMediaName } from './photo-type.js';

/**
 * Names that other programs give to files while they receive or write them. A file with such a name is not backed up, so a pattern must
 * not fit a name that ends like a photo and that a person may have chosen.
 */
interface TransferName {
  pattern: RegExp;
  program: string;
}

const PHOTO_EXTENSIONS = ACCEPTED_TYPES.flatMap(({ extensions }) => extensions).join('|');
const MEDIA = `(?:${PHOTO_EXTENSIONS}|bmp|jxl|jp2|psd|mov|mp4|m4v|3gp|avi|mts|mkv)`;

const FILE_NAMES: readonly TransferName[] = [
  // Synchronisation
  { pattern: /^(?:~|\.)syncthing[~.]/i, program: 'Syncthing: ~syncthing~<name>.tmp, .syncthing.<name>.tmp' },
  { pattern: /\.(?:!sync|bts|syncpart|synctemp)$/i, program: 'Resilio Sync, BitTorrent Sync' },
  { pattern: /^\..+\.~[0-9a-f]+$/i, program: 'Nextcloud and ownCloud desktop: .<name>.~<hex>' },
  { pattern: /\.octransferid\d+(?:\.part)?$/i, program: 'Nextcloud and ownCloud server' },
  { pattern: /\.ffs_tmp$/i, program: 'FreeFileSync' },
  { pattern: /^\.unison\..+\.unison\.tmp$/i, program: 'Unison' },
  { pattern: /^\.getxfer\..+\.mega$/i, program: 'MEGA' },
  {
    pattern: new RegExp(`^\\..+\\.${MEDIA}\\.[a-z0-9]{6}$`, 'i'),
    program: 'rsync: .<name>.<6 random letters or digits>',
  },
  { pattern: /\.dropbox-tmp$/i, program: 'Dropbox' },
  { pattern: /\.partial$/i, program: 'rclone, Internet Explorer and old Edge' },
  { pattern: /\.part\.minio$/i, program: 'MinIO clients' },
  { pattern: /_\.gstmp$/i, program: 'gsutil and gcloud storage' },
  { pattern: /^\.azdownload-/i, program: 'AzCopy' },
  // It needs a letter: eight digits may be a date that a person wrote.
  {
    pattern: new RegExp(`\\.${MEDIA}\\.(?=[0-9]*[a-f])[0-9a-f]{8}$`, 'i'),
    program: 'AWS command line: <name>.<8 hex digits>',
  },
  // Browsers and download managers
  {
    pattern: /\.part(?:-frag\d+)?$/i,
    program: 'Firefox, curl, wget2, yt-dlp, KDE, Transmission, this command',
  },
  { pattern: /\.crdownload$/i, program: 'Chrome, Edge, Brave, Vivaldi' },
  { pattern: /\.crswap$/i, program: 'Chrome: file that a web page is writing' },
  { pattern: /\.opdownload$/i, program: 'Opera' },
  { pattern: /^CFNetworkDownload_\w+\.tmp$/, program: 'macOS and iOS: CFNetworkDownload_<6 letters>.tmp' },
  { pattern: /^BIT[0-9a-f]{1,8}\.tmp$/i, program: 'Windows background transfers: BIT<hex>.tmp' },
  { pattern: /\.download(?:ing)?$/i, program: 'Safari, Firefox for iOS, Baidu' },
  { pattern: /\.fdmdownload$/i, program: 'Free Download Manager' },
  {
    pattern: /\.(?:dtapart|jc!|fb!|ob!|xltd|td|getright|ppdownload|kgt|kgtemp)$/i,
    program: 'DownThemAll, FlashGet, Orbit, Xunlei, GetRight, PPTV, KuGou',
  },
  {
    pattern: /\.(?:incomplete|unfinished|uploading)$/i,
    program: 'several download managers and cloud drives',
  },
  {
    pattern: /\.(?:!ut|ut!|!bt|bt!|bc!|!qb|az!|parts|dctmp)$/i,
    program: 'µTorrent, BitTorrent, BitSpirit, BitComet, qBittorrent, Vuze, DC++',
  },
  { pattern: /\.aria2(?:__temp)?$/i, program: 'aria2: control file' },
  { pattern: /\.lftp-pget-status$/i, program: 'lftp: control file' },
  { pattern: /^\.pending-\d+-/i, program: 'Android: .pending-<time>-<name>' },
  // File servers and copies over the network
  { pattern: /\.filepart$/i, program: 'WinSCP' },
  { pattern: /\.cyberducksegment$/i, program: 'Cyberduck: part of a file' },
  { pattern: /^\.in\..+/i, program: 'ProFTPD, lftp: .in.<name>' },
  { pattern: /^\.pureftpd-upload\./i, program: 'Pure-FTPd' },
  { pattern: /^\.sftpgo-upload\./i, program: 'SFTPGo' },
  { pattern: /^\.goutputstream-/i, program: 'GNOME: file being saved' },
  // Many programs write <name>.tmp and rename it. The content decides for other *.tmp files, see below.
  {
    pattern: new RegExp(`\\.${MEDIA}(?:[._-][^.]*)?\\.te?mp$`, 'i'),
    program: 'file being written: <name>.tmp',
  },
  { pattern: /^~.*\.te?mp$/i, program: 'file being written: ~<name>.tmp' },
];

/** Folders in which a program stores one file until it is complete. */
const FOLDER_NAMES: readonly TransferName[] = [
  { pattern: new RegExp(`\\.${MEDIA}\\.download$`, 'i'), program: 'Safari: folder <name>.download' },
  { pattern: /\.cyberducksegment$/i, program: 'Cyberduck: folder <name>.cyberducksegment' },
  { pattern: /\.sb-[0-9a-f]{8}-[a-z0-9]{6}$/i, program: 'macOS: folder of a file being saved' },
];

/** The name of a control file beside the unfinished file, which already has its final name. */
const CONTROL_FILE = /\.(?:aria2|lftp-pget-status|st)$/i;

export const isUnfinishedFile = (name: string): boolean =>
  FILE_NAMES.some(({ pattern }) => pattern.test(name));

export const isUnfinishedFolder = (name: string): boolean =>
  FOLDER_NAMES.some(({ pattern }) => pattern.test(name));

/** `.tmp`, `.temp` and `.part` with anything but a letter after it: `.tmp123`, `.tmp~`, `.part01`. */
const TEMPORARY_NAME = /\.(?:te?mp|part)(?![a-z])/i;
/** The extension of a picture or video with more after it: `.jpg.aBcDeF`, `.heic_x7`. */
const INNER_EXTENSION = new RegExp(`\\.${MEDIA}[^a-z0-9]`, 'i');
/** People and editors add this to the name of a copy: `.bak`, `~`, `.1`, `.~1~`, `_original`, ` (2)`. */
const COPY_NAME =
  /(?:~|[._ -](?:bak|backup|old|orig|original|sav|save|saved|copy|[1-9]\d{0,2})|[ _-]?\(\d+\))$/i;

/**
 * Returns whether a name without a pattern above can be that of an unfinished file. The content of the file then decides. Never for names
 * that end like pictures, videos or copies of them: even a damaged file may be the last copy of a photo.
 */
export function mayBeUnfinished(name: string): boolean {
  if (isMediaName(name)) return false;
  return TEMPORARY_NAME.test(name) || (INNER_EXTENSION.test(name) && !COPY_NAME.test(name));
}

/** Returns the names of files in a folder with a control file (aria2, lftp, Axel: `<name>.st`) beside them. */
export function namesWithControlFile(names: readonly string[]): Set<string> {
  return new Set(
    names.filter((name) => CONTROL_FILE.test(name)).map((name) => name.replace(CONTROL_FILE, '')),
  );
}
