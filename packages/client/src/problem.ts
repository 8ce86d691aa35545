import { z } from 'zod';

/** RFC 9457, more leniently than the contract: a newer node may have codes that this version does not know. */
const looseProblem = z.object({
  code: z.string(),
  title: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  requestId: z.string().optional().catch(undefined),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .catch(undefined),
});

export type LooseProblem = z.output<typeof looseProblem>;

/** The problem in a body, or undefined when it is none: a proxy's HTML page, say. */
export function parseProblem(text: string): LooseProblem | undefined {
  return looseProblem.safeParse(parseJson(text)).data;
}

/** The value, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` (RFC 9110, 10.2.3) in seconds from now: a number or a date. */
export function retryAfterOf(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
