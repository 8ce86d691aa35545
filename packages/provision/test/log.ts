import type { Logger } from '@lazyphotos/service-kit';

export interface Line {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

/** Makes a logger that stores its lines. */
export function createLog(onLine: (line: Line) => void = () => undefined): Logger & { lines: Line[] } {
  const lines: Line[] = [];
  const write =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      lines.push({ level, message, fields });
      onLine({ level, message, fields });
    };
  const logger = {
    lines,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => logger,
  };
  return logger;
}
