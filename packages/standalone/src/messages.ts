import type { RunningNode } from './node.js';
import type { NodeSettings } from './settings.js';

/** What a person sees once the node has started: its address, and what to do next. */
export function banner({ url, claimCode }: RunningNode, dataDir: string): string {
  const server = url === 'http://localhost:8080' ? '' : ` --server ${url}`;
  const next = claimCode
    ? [
        `  Claim code  ${claimCode}`,
        '',
        '  This node has no owner yet. In another terminal, in this folder:',
        '',
        `    npx lazyphotos claim --code ${claimCode}${server}`,
      ]
    : [
        '  Back up a folder, in another terminal, in this folder:',
        '',
        `    npx lazyphotos upload ~/Pictures${server}`,
      ];
  return [
    '',
    `  LazyPhotos is running at ${url}`,
    `  Data        ${dataDir}`,
    '',
    ...next,
    '',
    '  Ctrl-C stops it.',
    '',
  ].join('\n');
}

interface CodedError {
  code?: unknown;
  message?: unknown;
  port?: unknown;
}

/** Returns one line that tells an operator what to change, for the known faults of a start; undefined for the others. */
export function explainFailure(error: unknown, settings: NodeSettings): string | undefined {
  const { code, message, port } = error as CodedError;
  const text = String(message);
  switch (code) {
    case 'EADDRINUSE': {
      const setting = port === settings.metricsPort ? 'LAZYPHOTOS_METRICS_PORT' : 'LAZYPHOTOS_PORT';
      return `Port ${port} is in use: is LazyPhotos running already? Set ${setting} to another port.`;
    }
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `This machine has no address ${settings.host ?? '127.0.0.1'} to listen on: check LAZYPHOTOS_HOST.`;
    case 'ENOSPC':
    case 'EDQUOT':
    case 'disk_full':
    case 'storage_full':
    case '53100':
      return `The disk of the data folder ${settings.dataDir} is full: make room and start again.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'not_permitted':
      return port === undefined
        ? `The data folder ${settings.dataDir} cannot be used: ${text}`
        : `Port ${port} may not be opened by this user: set LAZYPHOTOS_PORT to one above 1023.`;
    case 'data_folder_in_use':
    case 'invalid_settings':
    case 'unsupported_platform':
    case 'storage_unavailable':
      return text;
    default:
      return error instanceof Error && error.name === 'PostgresStartError' ? text : undefined;
  }
}
