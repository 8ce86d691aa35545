/** How a transfer of many files stands. Bytes count for the file that they belong to: those of a failed attempt are taken back. */
export interface Progress {
  begin(file: unknown): void;
  /** The file is `bytes` far. */
  move(file: unknown, bytes: number): void;
  /** The file is done, transferred or failed. */
  finish(file: unknown, sizeBytes: number): void;
  /** The attempt failed; the file will be tried again. */
  drop(file: unknown): void;
  snapshot(): ProgressSnapshot;
}

export interface ProgressSnapshot {
  filesDone: number;
  filesTotal: number;
  bytesDone: number;
  bytesTotal: number;
  bytesPerSecond: number;
  /** Undefined while there is nothing to judge by. */
  secondsLeft: number | undefined;
}

/** Speed is that of the last quarter of a minute: long enough to be calm, short enough to notice a change. */
const WINDOW_MS = 15_000;

export function createProgress(
  total: { files: number; bytes: number },
  now: () => number = () => performance.now(),
): Progress {
  const onTheWay = new Map<unknown, number>();
  const samples: { at: number; bytes: number }[] = [{ at: now(), bytes: 0 }];
  let filesDone = 0;
  let bytesFinished = 0;

  const bytesDone = () => [...onTheWay.values()].reduce((sum, bytes) => sum + bytes, bytesFinished);
  const speed = (): number => {
    const at = now();
    const bytes = bytesDone();
    samples.push({ at, bytes });
    while (samples.length > 2 && at - (samples[1]?.at ?? at) > WINDOW_MS) samples.shift();
    const [first = { at, bytes }] = samples;
    return at - first.at < 500 ? 0 : Math.max(0, ((bytes - first.bytes) / (at - first.at)) * 1000);
  };

  return {
    begin: (file) => void onTheWay.set(file, 0),
    move: (file, bytes) => void onTheWay.set(file, bytes),
    drop: (file) => void onTheWay.delete(file),
    finish: (file, sizeBytes) => {
      onTheWay.delete(file);
      filesDone += 1;
      bytesFinished += sizeBytes;
    },
    snapshot: () => {
      const bytesPerSecond = speed();
      const done = bytesDone();
      const left = Math.max(0, total.bytes - done);
      return {
        filesDone,
        filesTotal: total.files,
        bytesDone: done,
        bytesTotal: total.bytes,
        bytesPerSecond,
        secondsLeft: bytesPerSecond > 0 ? left / bytesPerSecond : undefined,
      };
    },
  };
}
