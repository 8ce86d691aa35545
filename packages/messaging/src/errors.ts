/** The broker cannot be reached, or takes nothing just now. Nothing was kept: whoever wants an event published tries again. */
export class BusUnavailableError extends Error {
  override name = 'BusUnavailableError';
}

/** The broker has a queue or an exchange of ours that was made in another way, or lets us not make it. People must look. */
export class TopologyRefusedError extends Error {
  override name = 'TopologyRefusedError';
}

/** What to tell people of an error. Some, like a refused connection to a name with two addresses, have only a code. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as { code?: unknown }).code ?? error.name);
}
