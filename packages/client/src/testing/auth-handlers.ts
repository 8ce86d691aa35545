import { type FakeCall, type FakeHandler, FakeProblem, found } from './answer.js';
import { addAccount, type FakeState, uuid } from './fake-state.js';

function issueTokens(state: FakeState, email: string, family: string) {
  const accessToken = `access-${uuid()}`;
  const refreshToken = `refresh-${uuid()}`;
  state.accessTokens.set(accessToken, email);
  state.refreshTokens.set(refreshToken, { email, family, used: false });
  return { accessToken, refreshToken, expiresIn: state.accessTokenLifetime };
}

function register({ state, body }: FakeCall) {
  if (state.accounts.has(body.email)) throw new FakeProblem('email_taken');
  if (!state.claimed && body.code !== state.claimCode) throw new FakeProblem('invalid_code');
  const user = addAccount(state, body.email, body.password, body.displayName);
  return { ...issueTokens(state, user.email, uuid()), user };
}

function login({ state, body }: FakeCall) {
  const account = state.accounts.get(body.email);
  if (account?.password !== body.password) throw new FakeProblem('invalid_credentials');
  if (body.deviceId !== undefined && !state.devices.has(body.deviceId)) throw new FakeProblem('not_found');
  return { ...issueTokens(state, body.email, uuid()), user: account?.user };
}

/** Single use: showing a used token again ends its family, as on the real node. */
function refresh({ state, body }: FakeCall) {
  const known = state.refreshTokens.get(body.refreshToken);
  if (known === undefined || state.endedFamilies.has(known.family))
    throw new FakeProblem('invalid_refresh_token');
  if (known.used) {
    state.endedFamilies.add(known.family);
    throw new FakeProblem('invalid_refresh_token');
  }
  known.used = true;
  return issueTokens(state, known.email, known.family);
}

function claimServer({ state, body, email }: FakeCall) {
  if (state.claimed) throw new FakeProblem('already_claimed');
  if (body.code !== state.claimCode) throw new FakeProblem('invalid_code');
  if (body.ownerEmail !== email) throw new FakeProblem('owner_mismatch');
  state.claimed = true;
  return { serverId: uuid() };
}

export const authHandlers: Record<string, FakeHandler> = {
  register,
  login,
  refresh,
  claimServer,
  serverStatus: ({ state }) => ({
    claimed: state.claimed,
    version: '0.1.0',
    ...(state.claimed ? { serverId: uuid() } : {}),
  }),
  me: ({ state, email }) => found(state.accounts.get(email)).user,
  logout: ({ state, body }) => {
    const known = state.refreshTokens.get(body.refreshToken);
    if (known !== undefined) state.endedFamilies.add(known.family);
  },
  registerDevice: ({ state, body }) => {
    const deviceId = uuid();
    state.devices.set(deviceId, { platform: body.platform });
    return { deviceId };
  },
};
