import { acceptedTypes } from '@lazyphotos/contracts';

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
  { pattern: /\.opdownload$/i, program: 'Opera' },
  { pattern: /\.download(?:ing)?$/i, program: 'Safari, Firefox for iOS, Baidu' },
  { pattern: /\.fdmdownload$/i, program: 'Free Download Manager' },
  { pattern: /\.(?:dtapart|jc!|xltd|td)$/i, program: 'DownThemAll, FlashGet, Xunlei' },
  {
    pattern: /\.(?:!ut|ut!|!bt|bt!|bc!|!qb|parts)$/i,
    program: 'µTorrent, BitTorrent, BitSpirit, BitComet, qBittorrent',
  },
  { pattern: /\.aria2(?:__temp)?$/i, program: 'aria2: control file' },
  { pattern: /\.lftp-pget-status$/i, program: 'lftp: control file' },
  { pattern: /^\.pending-\d+-/i, program: 'Android: .pending-<time>-<name>' },
  // File servers and copies over the network
  { pattern: /\.filepart$/i, program: 'WinSCP' },
  { pattern: /^\.in\..+/i, program: 'ProFTPD, lftp: .in.<name>' },
  { pattern: /^\.pureftpd-upload\./i, program: 'Pure-FTPd' },
  { pattern: /^\.sftpgo-upload\./i, program: 'SFTPGo' },
  { pattern: /^\.goutputstream-/i, program: 'GNOME: file being saved' },
  // Many programs write <name>.tmp and rename it. Other *.tmp are judged by their content.
  {
    pattern: new RegExp(`\\.${media}(?:[._-][^.]*)?\\.te?mp$`, 'i'),
    program: 'file being written: <name>.tmp',
  },
  { pattern: /^~.*\.te?mp$/i, program: 'file being written: ~<name>.tmp' },
];

/** Folders in which a program keeps one file until it is whole. */
const folderNames: readonly TransferName[] = [
  { pattern: new RegExp(`\\.${media}\\.download$`, 'i'), program: 'Safari: folder <name>.download' },
  { pattern: /\.sb-[0-9a-f]{8}-[a-z0-9]{6}$/i, program: 'macOS: folder of a file being saved' },
];

/** What a control file is called beside the unfinished file, which has its final name already. */
const controlFile = /\.(?:aria2|lftp-pget-status|st)$/i;

export const isUnfinishedFile = (name: string): boolean =>
  fileNames.some(({ pattern }) => pattern.test(name));

export const isUnfinishedFolder = (name: string): boolean =>
  folderNames.some(({ pattern }) => pattern.test(name));

/** Names in a folder whose control file (aria2, lftp, Axel: `<name>.st`) lies beside them. */
export function namesWithControlFile(names: readonly string[]): Set<string> {
  return new Set(names.filter((name) => controlFile.test(name)).map((name) => name.replace(controlFile, '')));
}
