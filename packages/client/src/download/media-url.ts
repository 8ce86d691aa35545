const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The URL to fetch. A node whose public URL was left at its default answers URLs on localhost, which is right on the node only;
 * seen from elsewhere they are taken to the address that the client uses. Signatures do not cover the host.
 */
export function reachableMediaUrl(mediaUrl: string, baseUrl: string): string {
  const media = new URL(mediaUrl);
  if (!LOOPBACK.test(media.hostname) || LOOPBACK.test(new URL(baseUrl).hostname)) return mediaUrl;
  return `${baseUrl}${media.pathname}${media.search}`;
}
