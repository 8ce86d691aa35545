import type { Command } from 'commander';
import { listAlbums, showAlbum } from './commands/albums.js';
import { search } from './commands/search.js';
import { listShares, revokeShare, share } from './commands/share.js';
import { tag } from './commands/tag.js';
import { emptyTrash, listTrash, restoreFromTrash } from './commands/trash.js';
import { INTERACTIVE_RETRY, type Perform } from './context.js';
import { collect, coordinates, expiry, from, kilometres, limit, to } from './option-values.js';

const LIMIT = ['--limit <n>', 'list at most so many', limit, 50] as const;

const examples = (...lines: string[]): string =>
  ['', 'Examples:', ...lines.map((line) => `  lazyphotos ${line}`)].join('\n');

/** Commands that look at the photos on the node and change what is known of them. */
export function addLibraryCommands(program: Command, perform: Perform): void {
  const ask: Perform = (work) => perform(work, INTERACTIVE_RETRY);
  addSearch(program, ask);
  addAlbums(program, ask);
  addShare(program, ask);
  addTrash(program, ask);
  program
    .command('tag <photo...>')
    .description('add tags to photos and remove tags from them; photos by id or file name')
    .option('--add <tag>', 'a tag to add; may be given several times', collect)
    .option('--remove <tag>', 'a tag to remove; may be given several times', collect)
    .addHelpText(
      'after',
      examples('tag IMG_1.jpg IMG_2.jpg --add Holidays --add Prague', 'tag IMG_1.jpg --remove Prague'),
    )
    .action((photos: string[], options) => ask((context) => tag(context, photos, options)));
}

function addSearch(program: Command, ask: Perform): void {
  program
    .command('search [words...]')
    .description('find photos by words in their file name, tags, description, place and camera')
    .option('--from <when>', 'taken in or after this year, month, day, or at or after this time', from)
    .option('--to <when>', 'taken in or before this year, month, day, or before this time', to)
    .option('--tag <tag>', 'with this tag')
    .option('--camera <words>', 'words of the make and model')
    .option('--near <lat,lon>', 'taken near this point, in degrees', coordinates)
    .option('--radius <km>', 'with --near: no further away than this (default: 10)', kilometres)
    .option(...LIMIT)
    .addHelpText(
      'after',
      examples(
        'search prague castle',
        `search '"autumn leaves"'                  words next to each other`,
        'search --from 2024-05 --to 2024-08 --tag Holidays',
        'search --near 50.0875,14.4213 --radius 5 --camera "iphone 15"',
      ),
    )
    .action((words: string[], options) => ask((context) => search(context, words, options)));
}

function addAlbums(program: Command, ask: Perform): void {
  const albums = program
    .command('albums')
    .description('list your albums, or the photos of one')
    .addHelpText('after', examples('albums', 'albums show Summer'));
  albums
    .command('list', { isDefault: true })
    .description('list your albums, newest first')
    .option(...LIMIT)
    .action((options) => ask((context) => listAlbums(context, options)));
  albums
    .command('show <album>')
    .description('list the photos of an album, by its name or id')
    .option(...LIMIT)
    .action((album: string, options) => ask((context) => showAlbum(context, album, options)));
}

function addShare(program: Command, ask: Perform): void {
  const shares = program
    .command('share')
    .usage('[options] <album|photo...>')
    .description('share an album or photos by a link that needs no account')
    .addHelpText(
      'after',
      examples(
        'share Summer                               an album, by its name or id',
        'share IMG_1.jpg --expires 7d               a photo, by its file name or id',
        'share IMG_1.jpg IMG_2.jpg --title Prague   a new album of these photos',
        'share Summer --with-password --no-download',
        'share create --help                        all options',
      ),
    );
  shares
    .command('create <album|photo...>', { isDefault: true })
    .description('create a link and print it; "create" may be left out')
    .option('--title <text>', 'what visitors see as the title')
    .option('--with-password', 'ask for a password that visitors need (or --password-stdin)')
    .option(
      '--expires <when>',
      'a time from now (12h, 7d, 2w), or a day or time until which it lasts',
      expiry,
    )
    .option('--no-download', 'visitors may look, and download nothing')
    .option('--show-location', 'tell visitors where photos were taken')
    .action((what: string[], _options, command: Command) =>
      ask((context) => share(context, what, command.optsWithGlobals())),
    );
  shares
    .command('list')
    .description('list your links, newest first')
    .option(...LIMIT)
    .action((options) => ask((context) => listShares(context, options)));
  shares
    .command('revoke <id>')
    .description('end a link, by its id or the beginning of it')
    .action((id: string) => ask((context) => revokeShare(context, id)));
}

function addTrash(program: Command, ask: Perform): void {
  const trash = program
    .command('trash')
    .description('look at the trash, bring photos back, or empty it')
    .addHelpText(
      'after',
      examples('trash list', 'trash restore IMG_1.jpg', 'trash restore --all', 'trash empty'),
    );
  trash
    .command('list')
    .description('list what is in the trash')
    .option(...LIMIT)
    .action((options) => ask((context) => listTrash(context, options)));
  trash
    .command('restore [photo...]')
    .description('bring photos back, by id or file name')
    .option('--all', 'everything that is in the trash')
    .action((photos: string[], options) => ask((context) => restoreFromTrash(context, photos, options)));
  trash
    .command('empty')
    .description('remove for good what is in the trash')
    .option('--yes', 'do not ask')
    .action((options) => ask((context) => emptyTrash(context, options)));
}
