import { basename } from 'node:path';
import { type LocalPath, readablePath } from '../local-path.js';
import type { LeftOut, LeftOutReason } from '../upload/left-out.js';
import { isMediaName } from '../upload/photo-type.js';

/** What becomes of a file that is not uploaded. */
export interface OtherEntry {
  path: LocalPath;
  outcome: 'failed' | 'unsupported' | 'sidecar' | 'ignored';
  code?: string | undefined;
  message?: string | undefined;
  /** Of the video of a live or motion photo: the path of its picture. */
  partOf?: string | undefined;
}

const messages: Partial<Record<LeftOutReason, string>> = {
  misnamed: 'it is named like a photo, but its content is not one',
  empty: 'it is empty',
  unfinished_transfer: 'another program has not finished it',
  online_only: 'it is not on this computer',
  broken_link: 'the link leads nowhere',
};

/** What can only be lost when a photo that should be there is not: it is a failure, not a file of no interest. */
const isLoss = (reason: LeftOutReason, path: string): boolean =>
  reason === 'misnamed' || (reason === 'empty' && isMediaName(basename(path)));

export function leftOutEntry({ path, reason, mimeType }: LeftOut): OtherEntry {
  if (reason === 'unsupported_type') return { path, outcome: 'unsupported', code: reason, message: mimeType };
  const outcome = isLoss(reason, readablePath(path)) ? 'failed' : 'ignored';
  return { path, outcome, code: reason, message: messages[reason] };
}
