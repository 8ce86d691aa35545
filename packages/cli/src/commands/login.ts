import { arch, hostname, type } from 'node:os';
import { ApiError, hasCode } from '@lazyphotos/client';
import { type Context, nextCommand } from '../context.js';
import { CliError, exitCodes } from '../errors.js';

/** Signs in. This computer stays the same device of the account. */
export async function login(context: Context, options: { email?: string }): Promise<number> {
  const { credentials, output, prompts, server } = context;
  const email = (options.email ?? (await prompts.text(`E-mail at ${server}`, '--email')))
    .trim()
    .toLowerCase();
  const password = await prompts.password(`Password at ${server}`);
  const before = await credentials.account(server);
  const known = before?.email === email ? before.deviceId : undefined;
  const deviceId =
    (await signInAs(context, { email, password, deviceId: known })) ?? (await registerThisDevice(context));
  await credentials.rememberSignIn(server, { email, deviceId });
  output.line(`Signed in to ${server} as ${email}.`);
  output.line(`Next: ${nextCommand(context, 'upload <folder>')}`);
  output.document({ server, email, deviceId });
  return exitCodes.ok;
}

/** Resolves to the id of the device of the session, or to undefined if it has none. */
async function signInAs(
  { client, signal }: Context,
  { deviceId, ...account }: { email: string; password: string; deviceId: string | undefined },
): Promise<string | undefined> {
  if (deviceId !== undefined) {
    try {
      await client.signIn({ ...account, deviceId }, { signal });
      return deviceId;
    } catch (error) {
      // The device was removed from the account. Other errors would happen below again.
      if (!(error instanceof ApiError) || ![400, 404, 422].includes(error.status)) throw error;
    }
  }
  await client.signIn(account, { signal });
  return undefined;
}

export async function logout(context: Context): Promise<number> {
  const { client, credentials, output, server, signal } = context;
  const { endedOnServer } = await client.signOut({ signal });
  await credentials.rememberSignOut(server);
  output.line(`Signed out of ${server}.`);
  if (!endedOnServer) output.note('The node did not respond; the session there expires later.');
  output.document({ server, endedOnServer });
  return exitCodes.ok;
}

export interface ClaimOptions {
  email?: string;
  name?: string;
  code?: string;
}

/** Registers the first account and makes it the owner of the node. After a failure, the same command continues. */
export async function claim(context: Context, options: ClaimOptions): Promise<number> {
  const { client, credentials, output, prompts, server, signal } = context;
  const { claimed } = await client.serverStatus(undefined, { signal });
  if (claimed) {
    throw new CliError(
      'already_claimed',
      `${server} has an owner already; if you are the owner, run: ${nextCommand(context, 'login')}`,
    );
  }
  const code = options.code ?? (await prompts.text('Claim code (the node prints it at its start)', '--code'));
  const email = (options.email ?? (await prompts.text('E-mail', '--email'))).trim().toLowerCase();
  const password = await prompts.newPassword('Password for the new account');
  try {
    const name = options.name === undefined ? {} : { displayName: options.name };
    await client.signUp({ email, password, code, ...name }, { signal });
  } catch (error) {
    // An earlier attempt may have registered the account.
    if (!hasCode(error, 'email_taken')) throw error;
    await client.signIn({ email, password }, { signal });
  }
  const { serverId } = await client.claimServer({ body: { ownerEmail: email, code } }, { signal });
  // The earlier access token does not contain the role of the owner.
  await client.signIn({ email, password }, { signal });
  const deviceId = await registerThisDevice(context);
  await credentials.rememberSignIn(server, { email, deviceId });
  output.line(`You are the owner of ${server} now, and signed in as ${email}.`);
  output.line(`Next: ${nextCommand(context, 'upload <folder>')}`);
  output.document({ server, serverId, email, deviceId });
  return exitCodes.ok;
}

/** Returns a line that the contract accepts: host names may contain any character. */
const clean = (text: string, max: number): string =>
  text
    .replace(/[^\u0020-\u007e]/g, '')
    .trim()
    .slice(0, max);

/** Registers this computer as a device of the signed-in account. */
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
