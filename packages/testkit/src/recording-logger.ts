export interface LogLine {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

type Log = (message: string, fields?: Record<string, unknown>) => void;

/** Fits the interface `Logger` of service-kit, which this package does not know. */
export interface RecordingLogger {
  debug: Log;
  info: Log;
  warn: Log;
  error: Log;
  child(): RecordingLogger;
}

/** A logger that keeps its lines in `lines`. */
export function recordingLogger(lines: LogLine[] = []): { logger: RecordingLogger; lines: LogLine[] } {
  const log =
    (level: string): Log =>
    (message, fields = {}) => {
      lines.push({ level, message, fields });
    };
  const logger: RecordingLogger = {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: () => logger,
  };
  return { logger, lines };
}
