import type { RunningNode } from './node.js';

/** What a person sees once the node is up: where it is, and what to do next. */
export function banner({ url, claimCode }: RunningNode, dataDir: string): string {
  const next = claimCode
    ? [
        '',
        `  Claim code  ${claimCode}`,
        '',
        '  This node has no owner yet. In another terminal, in this folder:',
        '',
        claimHint(url, claimCode),
      ]
    : [
        '',
        '  Back up a folder, in another terminal, in this folder:',
        '',
        `    npx lazyphotos upload ~/Pictures${serverOption(url)}`,
      ];
  return [
    '',
    `  LazyPhotos is running at ${url}`,
    `  Data        ${dataDir}`,
    ...next,
    '',
    '  Ctrl-C stops it.',
    '',
  ].join('\n');
}

const serverOption = (url: string): string => (url === 'http://localhost:8080' ? '' : ` --server ${url}`);
const claimHint = (url: string, code: string): string =>
  `    npx lazyphotos claim --code ${code}${serverOption(url)}`;
