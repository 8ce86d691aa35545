import winston from 'winston';
import { currentRequestId } from './context.js';

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  child(fields: Record<string, unknown>): Logger;
}

/** Names of fields whose values never reach a log, wherever they come from. */
const SECRET_FIELD = /password|token|secret|authorization|cookie|(claim|invite)code$|signature/i;

const withRequestId = winston.format((info) => {
  const requestId = currentRequestId();
  if (requestId !== undefined && info.requestId === undefined) info.requestId = requestId;
  return info;
});

const DEEPEST = 8;

function redacted(value: unknown, depth: number): unknown {
  if (value instanceof Error) return redacted(describeError(value), depth);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (depth > DEEPEST) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_FIELD.test(name) ? '[redacted]' : redacted(item, depth + 1),
    ]),
  );
}

const redact = winston.format((info) => Object.assign(info, redacted({ ...info }, 0)));

/** An error as a log field: its message, code, stack and causes. */
export function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
    ...(error.cause === undefined || depth > 4 ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}

export interface LoggerOptions {
  level: 'error' | 'warn' | 'info' | 'debug';
  /** Absent: JSON lines on stdout. A file is rotated at 10 MB, five are kept. */
  file?: string | undefined;
}

/** Structured JSON logs: one object a line with `timestamp`, `level`, `message`, `service` and `requestId`. */
export function createLogger({ level, file }: LoggerOptions): Logger {
  const transport = file
    ? new winston.transports.File({ filename: file, maxsize: 10_000_000, maxFiles: 5, tailable: true })
    : new winston.transports.Console();
  return winston.createLogger({
    level,
    format: winston.format.combine(
      withRequestId(),
      redact(),
      winston.format.timestamp(),
      winston.format.json(),
    ),
    transports: [transport],
  });
}

/** A logger that says nothing, for tests and tools. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
