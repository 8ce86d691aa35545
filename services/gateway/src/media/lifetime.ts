/** Whole seconds for which a signed URL is still good. */
export const secondsLeft = ({ expiresAt }: { expiresAt: Date }, now: Date): number =>
  Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1000));

/** What a URL names never changes while it is good. `private`: only the client itself may keep it, no cache that others share. */
export const cacheControlFor = (seconds: number, scope: 'public' | 'private' = 'private'): string =>
  `${scope}, max-age=${seconds}, immutable`;
