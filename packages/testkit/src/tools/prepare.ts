import { debianTool } from './debian-tool.js';
import { goTool } from './go-tool.js';
import { pythonTool } from './python-tool.js';

/** The tools that suites ask for. MinIO is not among them: it is looked for as a server. */
const MAKERS = {
  kustomize: () => goTool('kustomize'),
  'docker-compose': () => goTool('docker-compose'),
  'kubernetes-validate': () => pythonTool('kubernetes-validate'),
  schemathesis: () => pythonTool('schemathesis'),
  jq: () => debianTool('jq'),
  nginx: () => debianTool('nginx'),
};

export type ToolName = keyof typeof MAKERS;

/** Where global setup tells the test files which tools could not be made: their names, comma-separated. */
export const MISSING_TOOLS = 'LAZYPHOTOS_TEST_MISSING_TOOLS';

export interface MissingTool {
  name: ToolName;
  reason: string;
}

/** Builds and installs all tools that are not there yet. Answers those that could not be made. */
export async function prepareTools(): Promise<MissingTool[]> {
  const names = Object.keys(MAKERS) as ToolName[];
  const results = await Promise.allSettled(names.map((name) => MAKERS[name]()));
  return names.flatMap((name, index) => {
    const result = results[index];
    return result?.status === 'rejected' ? [{ name, reason: String(result.reason?.message) }] : [];
  });
}

/** What global setup could not make; empty when it did not try. */
export function missingTools(): string[] {
  return (process.env[MISSING_TOOLS] ?? '').split(',');
}
