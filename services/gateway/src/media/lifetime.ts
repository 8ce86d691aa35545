import type { MediaLocation } from '@lazyphotos/service-kit';

/** Whole seconds for which a signed URL is still good. */
export const secondsLeft = ({ expiresAt }: MediaLocation, now: Date): number =>
  Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1000));

/** What a URL names never changes while it is good; it is nobody's business but the client's. */
export const cacheControlFor = (seconds: number): string => `private, max-age=${seconds}, immutable`;
