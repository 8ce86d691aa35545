/** Provisioning failed. The message is one line for the operator, without secrets. */
export class ProvisionError extends Error {
  readonly code = 'provision_failed';
  constructor(
    message: string,
    /** Whether a retry may succeed: the server is away, or still starting. */
    readonly temporary = false,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ProvisionError';
  }
}

export const isTemporary = (error: Error): boolean => error instanceof ProvisionError && error.temporary;
