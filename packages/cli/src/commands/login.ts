import { arch, hostname, type } from 'node:os';
import { ApiError, hasCode } from '@lazyphotos/client';
import { type Context, nextCommand } from '../context.js';
import { CliError, exitCodes } from '../errors.js';

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

/** A line that the contract accepts: host names may hold anything. */
const clean = (text: string, max: number): string =>
  text
    .replace(/[^\u0020-\u007e]/g, '')
    .trim()
    .slice(0, max);

/** Makes this computer known as a device of the signed-in account. */
export async function registerThisDevice({ client, io, signal }: Context): Promise<string> {
  const name = clean(hostname(), 100);
  const body = {
    platform: 'cli' as const,
    model: clean(`${type()} ${arch()}`, 200) || 'computer',
    appVersion: io.version,
    ...(name === '' ? {} : { name }),
  };
  return (await client.registerDevice({ body }, { signal })).deviceId;
}
