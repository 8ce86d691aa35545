interface Kept {
  stop(): Promise<void>;
}

/** Hands the server from global setup to global teardown: jest loads both in one process. */
let kept: Kept | undefined;

export function keep(server: Kept): void {
  kept = server;
}

export function takeKept(): Kept | undefined {
  const server = kept;
  kept = undefined;
  return server;
}
