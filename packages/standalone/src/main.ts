import { createLogger, describeError, runUntilStopped, StopList } from '@lazyphotos/service-kit';
import { openDataFolder } from './data-folder.js';
import { DiskReserve } from './disk-reserve.js';
import { banner, explainFailure } from './messages.js';
import { logFileOf, startNode } from './node.js';
import { readNodeSettings } from './settings.js';

const say = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`lazyphotos: ${line}\n`);

/** Returns the exit code. */
async function main(): Promise<number> {
  const settings = readNodeSettings(process.env, process.cwd(), complain);
  if (!settings) return 2;
  const toFile = settings.logOutput === 'file' || (settings.logOutput === 'auto' && process.stdout.isTTY);
  let stops = new StopList(createLogger({ level: settings.logLevel }));
  try {
    const reserve = new DiskReserve(settings.dataDir, settings.diskReserveBytes);
    if (await reserve.releaseForStart()) say('The disk is full: starting with the room of the reserve file');
    const folder = await openDataFolder(settings.dataDir);
    const logger = createLogger({ level: settings.logLevel, file: toFile ? logFileOf(folder) : undefined });
    stops = new StopList(logger);
    const node = await startNode({
      settings,
      folder,
      reserve,
      logger,
      stops,
      progress: (step) => say(`${step} …`),
    });
    say(banner(node, folder.root));
    await runUntilStopped(stops, logger, node.takenOver);
    return 0;
  } catch (error) {
    const line = explainFailure(error, settings);
    complain(line ?? `could not start: ${error instanceof Error ? error.message : String(error)}`);
    if (!line) complain(JSON.stringify(describeError(error)));
    await stops.stopAll();
    return 1;
  }
}

process.exitCode = await main();
