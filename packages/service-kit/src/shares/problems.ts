import { ProblemError } from '../errors.js';

export type ShareProblemCode = 'not_found' | 'share_password_required' | 'wrong_share_password';

/**
 * The problems of a share link's public routes. Unknown, revoked and expired links, and those whose photo is in the trash, are
 * `not_found` in the same words, which are also those of a malformed token.
 */
const details: Record<ShareProblemCode, string> = {
  not_found: 'There is no such thing.',
  share_password_required: 'Unlock this share link with its password first.',
  wrong_share_password: 'This is not the password of this share link.',
};

export const shareProblem = (code: ShareProblemCode): ProblemError => new ProblemError(code, details[code]);
