import { type Command, InvalidArgumentError } from 'commander';
import { deleteArchives, listArchives } from './commands/archives.js';
import { importTakeout, importZip } from './commands/import-archives.js';
import { type ImportChange, addToImport, changeImport, importPath, listImports, showImport } from './commands/import-jobs.js';
import { importReport } from './commands/import-report.js';
import { INTERACTIVE_RETRY, type Perform } from './context.js';
import { collect, concurrency, limit } from './option-values.js';

const LIMIT = ['--limit <n>', 'list at most so many', limit, 50] as const;
const NO_FOLLOW = ['--no-follow', 'start the import and leave it to the node'] as const;
const RESTORE = ['--restore', 'bring back photos that are in the trash or were deleted'] as const;

function oneOf<T extends string>(...values: readonly T[]): (value: string) => T {
  return (value) => {
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw new InvalidArgumentError(`must be ${values.join(' or ')}.`);
    return found;
  };
}

/** Commands that bring photos from another service, and look after imports on the node. */
export function addImportCommands(program: Command, perform: Perform): void {
  const imports = program
    .command('import')
    .description('bring your photos from Google Photos, or from ZIPs')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  lazyphotos import takeout ~/Downloads              the takeout-*.zip in a folder',
        '  lazyphotos import takeout ~/Takeout                an export that you have unpacked',
        '  lazyphotos import list',
        '  lazyphotos import report 01890a5d --output report.csv',
        '  lazyphotos import delete-archives 01890a5d',
      ].join('\n'),
    );
  addStarts(imports, perform);
  addJobs(imports, perform);
  addArchives(imports, (work) => perform(work, INTERACTIVE_RETRY));
}

function addStarts(imports: Command, perform: Perform): void {
  imports
    .command('takeout <paths...>')
    .description(
      'import a Google Takeout: its ZIPs, a folder of them, or a folder that they were unpacked into',
    )
    .option(...RESTORE)
    .option(...NO_FOLLOW)
    .option('--concurrency <n>', 'photos at a time, from an unpacked folder', concurrency, 4)
    .option('--no-cache', 'hash every photo of an unpacked folder again')
    .option('--report <file>', 'write what became of each file of an unpacked folder, as CSV')
    .option('--force', 'replace the file of --report')
    .option('--verbose', 'list the files of an unpacked folder that are not stored')
    .action((paths: string[], options) => perform((context) => importTakeout(context, paths, options)));
  imports
    .command('zip <paths...>')
    .description('import ZIPs of photos, with XMP files beside them, if any')
    .option(...RESTORE)
    .option(...NO_FOLLOW)
    .action((paths: string[], options) => perform((context) => importZip(context, paths, options)));
  imports
    .command('path <path>')
    .description('import an archive, or a folder of archives, that lies in IMPORT_DIR of the node')
    .option('--source <source>', 'takeout or folder', oneOf('takeout', 'folder'), 'takeout')
    .option(...RESTORE)
    .option(...NO_FOLLOW)
    .action((path: string, options) => perform((context) => importPath(context, path, options)));
  imports
    .command('add <id> <paths...>')
    .description('upload further archives of the same export and add them to an import')
    .option(...NO_FOLLOW)
    .action((id: string, paths: string[], options) =>
      perform((context) => addToImport(context, id, paths, options)),
    );
}

function addJobs(imports: Command, perform: Perform): void {
  const ask: Perform = (work) => perform(work, INTERACTIVE_RETRY);
  imports
    .command('list')
    .description('list your imports, newest first')
    .option(...LIMIT)
    .action((options) => ask((context) => listImports(context, options)));
  imports
    .command('show <id>')
    .description('how far an import is, by its id or the beginning of it')
    .option('--follow', 'wait until it has ended')
    .action((id: string, options) => ask((context) => showImport(context, id, options)));
  imports
    .command('report <id>')
    .description('what became of each file of the archives')
    .option(
      '--format <format>',
      'json or csv (default: as the file of --output is called, or json)',
      oneOf('json', 'csv'),
    )
    .option('--output <file>', 'write it to this file')
    .option('--force', 'replace the file of --output')
    .action((id: string, options) => perform((context) => importReport(context, id, options)));
  const changes: Record<ImportChange, string> = {
    pause: 'let an import wait until it is resumed',
    resume: 'go on with an import that is paused',
    cancel: 'end an import; what it has imported stays',
  };
  for (const [change, description] of Object.entries(changes) as [ImportChange, string][]) {
    imports
      .command(`${change} <id>`)
      .description(description)
      .action((id: string) => ask((context) => changeImport(context, change, id)));
  }
}

function addArchives(imports: Command, ask: Perform): void {
  imports
    .command('archives')
    .description('list the archives on the node, newest first')
    .option(...LIMIT)
    .action((options) => ask((context) => listArchives(context, options)));
  imports
    .command('delete-archives [import]')
    .description('delete the archives of an import from the node; the photos stay')
    .option('--archive <id>', 'this archive instead, by its id or name; may be given several times', collect)
    .option('--yes', 'do not ask')
    .action((id: string | undefined, options) => ask((context) => deleteArchives(context, id, options)));
}
