import { Command, CommanderError } from 'commander';
import { addCommands } from './commands.js';
import { DEFAULT_SERVER } from './config.js';
import { createContext, type GlobalOptions, type Io, outputOf, type Perform } from './context.js';
import { exitCodes, InterruptedError, reportOf, UsageError } from './errors.js';

function createProgram(io: Io, perform: Perform): Command {
  const program = new Command('lazyphotos')
    .description('Back up photos to a LazyPhotos node, find and share them.')
    .version(io.version)
    .option(
      '--server <url>',
      `address of the node (LAZYPHOTOS_SERVER; default: the node that you signed in to last, or else ${DEFAULT_SERVER})`,
    )
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
  const program = createProgram(io, async (work, needs) => {
    exitCode = await work(await createContext(globals(), io, needs));
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
