import { acceptedTypes } from '@lazyphotos/contracts';
import { isMediaName } from './photo-type.js';

/**
 * Names that other programs give to files while they receive or write them. Each row says who does. A row must not fit a name
 * that ends as photos do and that a person may have given: what fits is not backed up.
 */
interface TransferName {
  pattern: RegExp;
  program: string;
}

const photoExtensions = acceptedTypes.flatMap(({ extensions }) => extensions).join('|');
const media = `(?:${photoExtensions}|bmp|jxl|jp2|psd|mov|mp4|m4v|3gp|avi|mts|mkv)`;

const fileNames: readonly TransferName[] = [
  // Synchronisation
  { pattern: /^(?:~|\.)syncthing[~.]/i, program: 'Syncthing: ~syncthing~<name>.tmp, .syncthing.<name>.tmp' },
  { pattern: /\.(?:!sync|bts|syncpart|synctemp)$/i, program: 'Resilio Sync, BitTorrent Sync' },
  { pattern: /^\..+\.~[0-9a-f]+$/i, program: 'Nextcloud and ownCloud desktop: .<name>.~<hex>' },
  { pattern: /\.octransferid\d+(?:\.part)?$/i, program: 'Nextcloud and ownCloud server' },
  { pattern: /\.ffs_tmp$/i, program: 'FreeFileSync' },
  { pattern: /^\.unison\..+\.unison\.tmp$/i, program: 'Unison' },
  { pattern: /^\.getxfer\..+\.mega$/i, program: 'MEGA' },
  {
    pattern: new RegExp(`^\\..+\\.${media}\\.[a-z0-9]{6}$`, 'i'),
    program: 'rsync: .<name>.<6 random letters or digits>',
  },
  { pattern: /\.dropbox-tmp$/i, program: 'Dropbox' },
  { pattern: /\.partial$/i, program: 'rclone, Internet Explorer and old Edge' },
  { pattern: /\.part\.minio$/i, program: 'MinIO clients' },
  { pattern: /_\.gstmp$/i, program: 'gsutil and gcloud storage' },
  { pattern: /^\.azdownload-/i, program: 'AzCopy' },
  // A letter among the digits: eight of them alone may be a day that a person wrote.
  {
    pattern: new RegExp(`\\.${media}\\.(?=[0-9]*[a-f])[0-9a-f]{8}$`, 'i'),
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
  // Many programs write <name>.tmp and rename it. Other *.tmp are judged by their content, see below.
  {
    pattern: new RegExp(`\\.${media}(?:[._-][^.]*)?\\.te?mp$`, 'i'),
    program: 'file being written: <name>.tmp',
  },
  { pattern: /^~.*\.te?mp$/i, program: 'file being written: ~<name>.tmp' },
];

/** Folders in which a program keeps one file until it is whole. */
const folderNames: readonly TransferName[] = [
  { pattern: new RegExp(`\\.${media}\\.download$`, 'i'), program: 'Safari: folder <name>.download' },
  { pattern: /\.cyberducksegment$/i, program: 'Cyberduck: folder <name>.cyberducksegment' },
  { pattern: /\.sb-[0-9a-f]{8}-[a-z0-9]{6}$/i, program: 'macOS: folder of a file being saved' },
];

/** What a control file is called beside the unfinished file, which has its final name already. */
const controlFile = /\.(?:aria2|lftp-pget-status|st)$/i;

export const isUnfinishedFile = (name: string): boolean =>
  fileNames.some(({ pattern }) => pattern.test(name));

export const isUnfinishedFolder = (name: string): boolean =>
  folderNames.some(({ pattern }) => pattern.test(name));

/** `.tmp`, `.temp` and `.part` with anything but a letter after it: `.tmp123`, `.tmp~`, `.part01`. */
const temporaryName = /\.(?:te?mp|part)(?![a-z])/i;
/** The extension of a picture or video with more after it: `.jpg.aBcDeF`, `.heic_x7`. */
const extensionWithin = new RegExp(`\\.${media}[^a-z0-9]`, 'i');
/** What people and editors add to the name of a copy: `.bak`, `~`, `.1`, `.~1~`, `_original`, ` (2)`. */
const copyName =
  /(?:~|[._ -](?:bak|backup|old|orig|original|sav|save|saved|copy|[1-9]\d{0,2})|[ _-]?\(\d+\))$/i;

/**
 * Whether a name that fits no row above can be that of an unfinished file. Its content then decides. Never a name that ends as
 * pictures and videos do, or as copies of them: however damaged such a file is, it may be all that is left of a photo.
 */
export function mayBeUnfinished(name: string): boolean {
  if (isMediaName(name)) return false;
  return temporaryName.test(name) || (extensionWithin.test(name) && !copyName.test(name));
}

/** Names in a folder whose control file (aria2, lftp, Axel: `<name>.st`) lies beside them. */
export function namesWithControlFile(names: readonly string[]): Set<string> {
  return new Set(names.filter((name) => controlFile.test(name)).map((name) => name.replace(controlFile, '')));
}
