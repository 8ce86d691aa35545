import { hasCode } from '@lazyphotos/client';
import { type Context, nextCommand } from '../context.js';
import { CliError, exitCodes } from '../errors.js';
import { registerThisDevice } from './device.js';

export interface ClaimOptions {
  email?: string;
  name?: string;
  code?: string;
}

interface Answers {
  email: string;
  password: string;
  code: string;
  displayName: string | undefined;
}

/** Registers the first account and makes it the owner of the node. Repeating it after a failure half-way does no harm. */
export async function claim(context: Context, options: ClaimOptions): Promise<number> {
  const { client, credentials, output, prompts, server, signal } = context;
  const { claimed } = await client.serverStatus(undefined, { signal });
  if (claimed) {
    throw new CliError(
      'already_claimed',
      `${server} has an owner already; if that is you, run: ${nextCommand(context, 'login')}`,
    );
  }
  const code =
    options.code ?? (await prompts.text('Claim code (the node printed it when it started)', '--code'));
  const email = (options.email ?? (await prompts.text('E-mail', '--email'))).trim().toLowerCase();
  const password = await prompts.newPassword('Password for the new account');
  await enter(context, { email, password, code, displayName: options.name });
  const { serverId } = await client.claimServer({ body: { ownerEmail: email, code } }, { signal });
  // The access token from before does not say that this is the owner.
  await client.signIn({ email, password }, { signal });
  const deviceId = await registerThisDevice(context);
  await credentials.remember(server, { email, deviceId });
  output.line(`${server} is yours now, and you are signed in as ${email}.`);
  output.line(`Next: ${nextCommand(context, 'upload <folder>')}`);
  output.document({ server, serverId, email, deviceId });
  return exitCodes.ok;
}

/** Registers; an account that is there from an earlier attempt is signed in to instead. */
async function enter(
  { client, signal }: Context,
  { email, password, code, displayName }: Answers,
): Promise<void> {
  const name = displayName === undefined ? {} : { displayName };
  try {
    await client.signUp({ email, password, code, ...name }, { signal });
  } catch (error) {
    if (!hasCode(error, 'email_taken')) throw error;
    await client.signIn({ email, password }, { signal });
  }
}
