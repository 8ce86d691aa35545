/** Parses the URL of a bus. The error does not show the URL, because the URL contains a password. */
export function parseBusUrl(url: string): URL {
  if (!URL.canParse(url)) throw new Error('the URL of the bus is not a URL');
  return new URL(url);
}

/** Returns the text of an error. Some, like a refused connection to a name with two addresses, have only a code. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as { code?: unknown }).code ?? error.name);
}

/** Returns the reason that a dead letter shows. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
