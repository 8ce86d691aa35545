import winston from 'winston';
import Transport from 'winston-transport';
import { currentRequestId } from './context.js';
import { LogFile, STDOUT } from './log-file.js';
import { LogOutput } from './log-output.js';

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  child(fields: Record<string, unknown>): Logger;
}

/** Names of fields whose values never reach a log, wherever they come from. */
const SECRET_FIELD = /password|token|secret|authorization|cookie|(claim|invite)code$|signature/i;

const DEEPEST = 8;

function redacted(value: unknown, depth: number): unknown {
  if (value instanceof Error) return redacted(describeError(value), depth);
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (depth > DEEPEST) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1));
  return redactedFields(value, depth);
}

function redactedFields(fields: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = Object.create(null);
  for (const [name, item] of Object.entries(fields))
    shown[name] = SECRET_FIELD.test(name) ? '[redacted]' : redacted(item, depth + 1);
  return shown;
}

/** An error, or a copy of its fields: pg-boss reports those. */
const isErrorLike = (error: unknown): error is Error =>
  error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error);

/** An error as a log field: its message, code, stack and causes. */
export function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!isErrorLike(error)) return { message: String(error) };
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

/** Where winston's transports look for the finished line. */
const LINE = Symbol.for('message');

/**
 * Formats a line when it is logged, since what is in its fields may change afterwards. Every request writes a line, so this is one step,
 * without copies in between.
 */
const jsonLine = winston.format((info) => {
  const line: Record<string, unknown> = {
    timestamp: new Date().toISOString(),
    level: info.level,
    message: info.message,
  };
  for (const name in info)
    if (!(name in line)) line[name] = SECRET_FIELD.test(name) ? '[redacted]' : redacted(info[name], 1);
  line.requestId ??= currentRequestId();
  info[LINE] = JSON.stringify(line);
  return info;
});

/** Hands finished lines to an output that writes many together. */
class OutputTransport extends Transport {
  readonly #output: LogOutput;

  constructor(output: LogOutput) {
    super();
    this.#output = output;
  }

  override log(info: { [LINE]?: string }, next: () => void): void {
    this.#output.add(String(info[LINE]));
    next();
  }
}

/** Structured JSON logs: one object a line with `timestamp`, `level`, `message`, `service` and `requestId`. */
export function createLogger({ level, file }: LoggerOptions): Logger {
  const output = new LogOutput(file === undefined ? STDOUT : new LogFile(file));
  return winston.createLogger({ level, format: jsonLine(), transports: [new OutputTransport(output)] });
}

/** A logger that says nothing, for tests and tools. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
