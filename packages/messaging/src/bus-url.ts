/** Parses the URL of a bus. What it throws does not show the URL, because that has a password in it. */
export function parseBusUrl(url: string): URL {
  if (!URL.canParse(url)) throw new Error('the URL of the bus is not a URL');
  return new URL(url);
}
