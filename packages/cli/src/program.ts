import { Command, CommanderError } from 'commander';
import { download } from './commands/download.js';
import { claim, login, logout } from './commands/login.js';
import { status } from './commands/status.js';
import { upload } from './commands/upload.js';
import { DEFAULT_SERVER } from './config.js';
import { type GlobalOptions, INTERACTIVE_RETRY, type Io, type Perform, createContext, outputOf } from './context.js';
import { InterruptedError, UsageError, exitCodes, reportOf } from './errors.js';
import { addImportCommands } from './import-commands.js';
import { addLibraryCommands } from './library-commands.js';
import { concurrency, variant } from './option-values.js';

const CONCURRENCY = ['--concurrency <n>', 'files at a time', concurrency, 4] as const;

function addCommands(program: Command, perform: Perform): void {
  program
    .command('claim')
    .description('become the owner of a new node, with the code that it printed')
    .option('--email <address>', 'your e-mail address')
    .option('--name <name>', 'how others see you')
    .option('--code <code>', 'the claim code')
    .action((options) => perform((context) => claim(context, options), INTERACTIVE_RETRY));
  program
    .command('login')
    .description('sign in on this computer')
    .option('--email <address>', 'your e-mail address')
    .action((options) => perform((context) => login(context, options), INTERACTIVE_RETRY));
  program
    .command('logout')
    .description('end the session on this computer')
    .action(() => perform(logout, INTERACTIVE_RETRY));
  program
    .command('upload <folder>')
    .description('back up every photo in a folder and the folders in it')
    .option(...CONCURRENCY)
    .option('--restore', 'bring back photos that are in the trash or were deleted')
    .option('--no-cache', 'hash every file again')
    .action((folder: string, options) => perform((context) => upload(context, folder, options)));
  program
    .command('download <folder>')
    .description('copy all of your photos into a folder')
    .option('--size <size>', 'original, medium or thumb', variant, 'original')
    .option('--album <id>', 'only the photos of this album')
    .option(...CONCURRENCY)
    .action((folder: string, options) => perform((context) => download(context, folder, options)));
  program
    .command('status')
    .description('the node, the account and what is stored')
    .action(() => perform(status, INTERACTIVE_RETRY));
  addImportCommands(program, perform);
  addLibraryCommands(program, perform);
}

function createProgram(io: Io, perform: Perform): Command {
  const program = new Command('lazyphotos')
    .description('Back up photos to a LazyPhotos node, find and share them.')
    .version(io.version)
    .option('--server <url>', `address of the node (LAZYPHOTOS_SERVER, default ${DEFAULT_SERVER})`)
    .option('--json', 'one JSON document on standard output, nothing else')
    .option('--quiet', 'only errors (and the link of share)')
    .option('--password-stdin', 'read the password from standard input')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  addCommands(program, perform);
  return program;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) return error.exitCode;
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

/** Runs one command line. Resolves to the exit code; never rejects. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const globals = (): GlobalOptions => program.opts<GlobalOptions>();
  const program = createProgram(io, async (work, retry) => {
    exitCode = await work(createContext(globals(), io, retry));
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has written its own line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const output = outputOf(globals(), io);
    const report = reportOf(error);
    output.document({ error: report });
    output.error(report.message);
    return exitCodeOf(error);
  }
}
