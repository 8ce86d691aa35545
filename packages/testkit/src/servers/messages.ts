/** Where a server for tests comes from. */
export type Source =
  /** It runs already, and others may use it too. */
  | { kind: 'shared'; url: string }
  | { kind: 'docker'; image: string }
  /** A program on this machine; the path of the one that starts the server. */
  | { kind: 'program'; path: string }
  /** None: suites that need the server are skipped. */
  | { kind: 'none'; reason: string };

export type OwnSource = Extract<Source, { kind: 'docker' | 'program' }>;

/** What a keeper is to keep, given as its argument. */
export type KeeperOrder =
  | { server: 'postgres'; settings: Record<string, string> }
  | { server: 'rabbitmq' | 'minio' | 'clamd'; source: OwnSource };

/** What the parent may ask of its keeper, which does one after the other. */
export type KeeperTask = 'shutDown' | 'kill' | 'restart' | 'queues';

export interface KeeperRequest {
  id: number;
  task: KeeperTask;
}

/** Number 0 is the answer to the start: the server's URL. */
export type KeeperAnswer = { id: number; result: unknown } | { id: number; error: string };
