import { type Command, Option } from 'commander';
import { listAlbums, showAlbum } from './commands/albums.js';
import { deleteArchives, listArchives } from './commands/archives.js';
import { download } from './commands/download.js';
import { addToImport, importTakeout, importZip } from './commands/import-archives.js';
import { changeImport, importPath, listImports, showImport } from './commands/import-jobs.js';
import { importReport } from './commands/import-report.js';
import { claim, login, logout } from './commands/login.js';
import { search } from './commands/search.js';
import { listShares, revokeShare, share } from './commands/share.js';
import { status } from './commands/status.js';
import { tag } from './commands/tag.js';
import { emptyTrash, listTrash, restoreFromTrash } from './commands/trash.js';
import { upload } from './commands/upload.js';
import { type Context, INTERACTIVE_RETRY, type Perform } from './context.js';
import { collect, concurrency, coordinates, expiry, from, kilometres, limit, to } from './option-values.js';

interface CommandSpec {
  /** The name, with the arguments. */
  usage: string;
  about: string;
  options?: readonly Option[];
  examples?: readonly string[];
  /** Gets the arguments and then the options. */
  run?: (context: Context, ...given: never[]) => Promise<number>;
  /** A transfer retries for minutes. Other commands fail soon: a person is waiting. */
  isTransfer?: boolean;
  /** Without an address it is the default one, not that of a node that the person is signed in to. */
  isForNewNode?: boolean;
  commands?: readonly CommandSpec[];
  /** The name may be left out. */
  isDefault?: boolean;
  /** The arguments of the default subcommand, for the help. */
  defaultArguments?: string;
}

/** Adds commands and their subcommands. */
export function addCommands(parent: Command, perform: Perform, specs = COMMANDS): void {
  for (const spec of specs) {
    const {
      run,
      isDefault = false,
      isTransfer = false,
      isForNewNode = false,
      options = [],
      examples = [],
    } = spec;
    const command = parent.command(spec.usage, { isDefault }).description(spec.about);
    if (spec.defaultArguments !== undefined) command.usage(`[options] ${spec.defaultArguments}`);
    for (const option of options) command.addOption(option);
    if (examples.length > 0)
      command.addHelpText('after', ['\nExamples:', ...examples].join('\n  lazyphotos '));
    if (run !== undefined)
      command.action((...given) =>
        perform((context) => run(context, ...(given.slice(0, -1) as never[])), {
          retry: isTransfer ? {} : INTERACTIVE_RETRY,
          isForNewNode,
        }),
      );
    addCommands(command, perform, spec.commands ?? []);
  }
}

const LIMIT = new Option('--limit <n>', 'list at most this many').argParser(limit).default(50);
const EMAIL = new Option('--email <address>', 'your e-mail address');
const CONCURRENCY = new Option('--concurrency <n>', 'files at a time').argParser(concurrency).default(4);
const RESTORE = new Option('--restore', 'restore photos that are in the trash or were deleted');
const NO_FOLLOW = new Option('--no-follow', 'start the import and do not wait for its end');
const YES = new Option('--yes', 'do not ask for confirmation');
const several = (flags: string, about: string): Option =>
  new Option(flags, `${about}; may be given several times`).argParser(collect);

const ACCOUNT_COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'claim',
    about: 'become the owner of a new node, with the claim code that it printed',
    options: [
      EMAIL,
      new Option('--name <name>', 'your name, as others see it'),
      new Option('--code <code>', 'the claim code'),
    ],
    isForNewNode: true,
    run: claim,
  },
  { usage: 'login', about: 'sign in on this computer', options: [EMAIL], run: login },
  { usage: 'logout', about: 'sign out on this computer', run: logout },
  { usage: 'status', about: 'show the node, your account and what is stored', run: status },
];

const TRANSFER_COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'upload <folder>',
    about: 'back up every photo in a folder and its subfolders',
    options: [CONCURRENCY, RESTORE, new Option('--no-cache', 'hash every file again')],
    isTransfer: true,
    run: upload,
  },
  {
    usage: 'download <folder>',
    about: 'copy all your photos into a folder',
    options: [
      new Option('--size <size>', 'size of the files')
        .choices(['original', 'medium', 'thumb'])
        .default('original'),
      new Option('--album <id>', 'only the photos of this album'),
      CONCURRENCY,
    ],
    isTransfer: true,
    run: download,
  },
];

const IMPORT_STARTS: readonly CommandSpec[] = [
  {
    usage: 'takeout <paths...>',
    about: 'import a Google Takeout: its ZIPs, a folder of them, or a folder with the unpacked export',
    options: [
      RESTORE,
      NO_FOLLOW,
      new Option('--concurrency <n>', 'photos at a time, from an unpacked folder')
        .argParser(concurrency)
        .default(4),
      new Option('--no-cache', 'hash every photo of an unpacked folder again'),
      new Option('--report <file>', 'write the outcome of each file of an unpacked folder, as CSV'),
      new Option('--force', 'replace an existing --report file'),
      new Option('--verbose', 'list the files of an unpacked folder that are not stored'),
    ],
    isTransfer: true,
    run: importTakeout,
  },
  {
    usage: 'zip <paths...>',
    about: 'import ZIPs of photos, which may have XMP sidecars',
    options: [RESTORE, NO_FOLLOW],
    isTransfer: true,
    run: importZip,
  },
  {
    usage: 'path <path>',
    about: 'import an archive, or a folder of archives, from IMPORT_DIR of the node',
    options: [
      new Option('--source <source>', 'kind of archive').choices(['takeout', 'folder']).default('takeout'),
      RESTORE,
      NO_FOLLOW,
    ],
    isTransfer: true,
    run: importPath,
  },
  {
    usage: 'add <id> <paths...>',
    about: 'upload more archives of the same export and add them to an import',
    options: [NO_FOLLOW],
    isTransfer: true,
    run: addToImport,
  },
];

const IMPORT_JOBS: readonly CommandSpec[] = [
  { usage: 'list', about: 'list your imports, newest first', options: [LIMIT], run: listImports },
  {
    usage: 'show <id>',
    about: 'show the progress of an import, by its id or the first digits of it',
    options: [new Option('--follow', 'wait for its end')],
    run: showImport,
  },
  {
    usage: 'report <id>',
    about: 'show the outcome of each file in the archives',
    options: [
      new Option('--format <format>', 'default: csv if --output ends in .csv, otherwise json').choices([
        'json',
        'csv',
      ]),
      new Option('--output <file>', 'write the report to this file'),
      new Option('--force', 'replace an existing --output file'),
    ],
    isTransfer: true,
    run: importReport,
  },
  {
    usage: 'pause <id>',
    about: 'pause an import until you resume it',
    run: (context, id: string) => changeImport(context, 'pause', id),
  },
  {
    usage: 'resume <id>',
    about: 'continue a paused import',
    run: (context, id: string) => changeImport(context, 'resume', id),
  },
  {
    usage: 'cancel <id>',
    about: 'end an import and keep what it has imported',
    run: (context, id: string) => changeImport(context, 'cancel', id),
  },
  {
    usage: 'archives',
    about: 'list the archives on the node, newest first',
    options: [LIMIT],
    run: listArchives,
  },
  {
    usage: 'delete-archives [import]',
    about: 'delete the archives of an import from the node and keep the photos',
    options: [several('--archive <id>', 'delete this archive instead, by its id or name'), YES],
    run: deleteArchives,
  },
];

const SHARE_COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'create <album|photo...>',
    about: 'create a link and print it; you may leave out "create"',
    isDefault: true,
    options: [
      new Option('--title <text>', 'title that visitors see'),
      new Option('--with-password', 'ask for a password that visitors need (or --password-stdin)'),
      new Option(
        '--expires <when>',
        'end of the link: a time from now (12h, 7d, 2w), a day or a time',
      ).argParser(expiry),
      new Option('--no-download', 'let visitors look at photos but not download them'),
      new Option('--show-location', 'show visitors where the photos were taken'),
    ],
    run: share,
  },
  { usage: 'list', about: 'list your links, newest first', options: [LIMIT], run: listShares },
  { usage: 'revoke <id>', about: 'end a link, by its id or the first digits of it', run: revokeShare },
];

const TRASH_COMMANDS: readonly CommandSpec[] = [
  { usage: 'list', about: 'list the photos in the trash', options: [LIMIT], run: listTrash },
  {
    usage: 'restore [photo...]',
    about: 'restore photos, by id or file name',
    options: [new Option('--all', 'restore everything in the trash')],
    run: restoreFromTrash,
  },
  { usage: 'empty', about: 'permanently remove everything in the trash', options: [YES], run: emptyTrash },
];

const LIBRARY_COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'search [words...]',
    about: 'find photos by words in their file name, tags, description, place and camera',
    options: [
      new Option(
        '--from <when>',
        'taken in or after this year, month or day, or at or after this time',
      ).argParser(from),
      new Option('--to <when>', 'taken in or before this year, month or day, or before this time').argParser(
        to,
      ),
      new Option('--tag <tag>', 'with this tag'),
      new Option('--camera <words>', 'words of the make and model'),
      new Option('--near <lat,lon>', 'taken near this point, in degrees').argParser(coordinates),
      new Option('--radius <km>', 'with --near: at most this far away (default: 10)').argParser(kilometres),
      LIMIT,
    ],
    examples: [
      'search prague castle',
      `search '"autumn leaves"'                  words next to each other`,
      'search --from 2024-05 --to 2024-08 --tag Holidays',
      'search --near 50.0875,14.4213 --radius 5 --camera "iphone 15"',
    ],
    run: search,
  },
  {
    usage: 'albums',
    about: 'list your albums, or the photos of one',
    examples: ['albums', 'albums show Summer'],
    commands: [
      {
        usage: 'list',
        about: 'list your albums, newest first',
        isDefault: true,
        options: [LIMIT],
        run: listAlbums,
      },
      {
        usage: 'show <album>',
        about: 'list the photos of an album, by its name or id',
        options: [LIMIT],
        run: showAlbum,
      },
    ],
  },
  {
    usage: 'share',
    about: 'share an album or photos through a link; visitors need no account',
    defaultArguments: '<album|photo...>',
    examples: [
      'share Summer                               an album, by its name or id',
      'share IMG_1.jpg --expires 7d               a photo, by its file name or id',
      'share IMG_1.jpg IMG_2.jpg --title Prague   a new album of these photos',
      'share Summer --with-password --no-download',
      'share create --help                        all options',
    ],
    commands: SHARE_COMMANDS,
  },
  {
    usage: 'trash',
    about: 'list the trash, restore photos, or empty it',
    examples: ['trash list', 'trash restore IMG_1.jpg', 'trash restore --all', 'trash empty'],
    commands: TRASH_COMMANDS,
  },
  {
    usage: 'tag <photo...>',
    about: 'add tags to photos and remove tags from them; photos by id or file name',
    options: [several('--add <tag>', 'a tag to add'), several('--remove <tag>', 'a tag to remove')],
    examples: ['tag IMG_1.jpg IMG_2.jpg --add Holidays --add Prague', 'tag IMG_1.jpg --remove Prague'],
    run: tag,
  },
];

const COMMANDS: readonly CommandSpec[] = [
  ...ACCOUNT_COMMANDS,
  ...TRANSFER_COMMANDS,
  {
    usage: 'import',
    about: 'import your photos from Google Photos or from ZIPs',
    examples: [
      'import takeout ~/Downloads              the takeout-*.zip in a folder',
      'import takeout ~/Takeout                an unpacked export',
      'import list',
      'import report 01890a5d --output report.csv',
      'import delete-archives 01890a5d',
    ],
    commands: [...IMPORT_STARTS, ...IMPORT_JOBS],
  },
  ...LIBRARY_COMMANDS,
];
