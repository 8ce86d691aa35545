import { existsSync } from 'node:fs';
import { type DebianToolName, findDebianTool, mayInstallDebianPackages } from './debian.js';
import { goToolPath } from './go-tool.js';
import { INSTALL_COMMAND, installsAllowed } from './install.js';
import { isPythonToolInstalled } from './python-tool.js';

/** How the tools that suites ask for come onto a machine. MinIO is not among them: it is looked for as a server. */
const TOOLS = {
  kustomize: { isThere: () => existsSync(goToolPath('kustomize')), canInstall: installsAllowed },
  'docker-compose': { isThere: () => existsSync(goToolPath('docker-compose')), canInstall: installsAllowed },
  'kubernetes-validate': {
    isThere: () => isPythonToolInstalled('kubernetes-validate'),
    canInstall: installsAllowed,
  },
  schemathesis: { isThere: () => isPythonToolInstalled('schemathesis'), canInstall: installsAllowed },
  jq: ofDebian('jq'),
  nginx: ofDebian('nginx'),
  promtool: ofDebian('promtool'),
};

export type ToolName = keyof typeof TOOLS;

function ofDebian(name: DebianToolName) {
  return { isThere: () => findDebianTool(name) !== undefined, canInstall: mayInstallDebianPackages };
}

/** Why a suite cannot have a tool, and how to get it; undefined when it is there or will be installed on first use. */
export function whyToolIsMissing(name: ToolName): string | undefined {
  const { isThere, canInstall } = TOOLS[name];
  return isThere() || canInstall()
    ? undefined
    : `Install it, or run ${INSTALL_COMMAND}, for Debian's packages as root on Debian.`;
}
