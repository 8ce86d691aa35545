import { ApiError } from '@lazyphotos/client';
import { type Context, nextCommand } from '../context.js';
import { exitCodes } from '../errors.js';
import { registerThisDevice } from './device.js';

/** Signs in; this computer stays the same device as long as the account does. */
export async function login(context: Context, options: { email?: string }): Promise<number> {
  const { credentials, output, prompts, server } = context;
  const email = (options.email ?? (await prompts.text('E-mail', '--email'))).trim().toLowerCase();
  const password = await prompts.password('Password');
  const before = await credentials.account(server);
  const known = before?.email === email ? before.deviceId : undefined;
  const deviceId =
    (await signInAs(context, { email, password, deviceId: known })) ?? (await registerThisDevice(context));
  await credentials.remember(server, { email, deviceId });
  output.line(`Signed in to ${server} as ${email}.`);
  output.line(`Next: ${nextCommand(context, 'upload <folder>')}`);
  output.document({ server, email, deviceId });
  return exitCodes.ok;
}

interface SignIn {
  email: string;
  password: string;
  deviceId: string | undefined;
}

/** Resolves to the id of the device that the session belongs to, or undefined when it belongs to none. */
async function signInAs(
  { client, signal }: Context,
  { email, password, deviceId }: SignIn,
): Promise<string | undefined> {
  if (deviceId !== undefined) {
    try {
      await client.signIn({ email, password, deviceId }, { signal });
      return deviceId;
    } catch (error) {
      // The device was removed from the account; any other refusal would only be repeated below.
      if (!(error instanceof ApiError) || ![400, 404, 422].includes(error.status)) throw error;
    }
  }
  await client.signIn({ email, password }, { signal });
  return undefined;
}

export async function logout(context: Context): Promise<number> {
  const { client, output, server, signal } = context;
  const { endedOnServer } = await client.signOut({ signal });
  output.line(`Signed out of ${server}.`);
  if (!endedOnServer) output.note('The node could not be told; the session ends there by itself.');
  output.document({ server, endedOnServer });
  return exitCodes.ok;
}
