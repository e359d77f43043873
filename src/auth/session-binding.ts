/**
 * Tokens that end with the session they come from. The library ties them to the last grant of their client in the session as
 * well, so that a second launch of an application would end the first one; here each lasts as long as the session does.
 * https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#expireswithsession
 */
import type { Provider } from 'oidc-provider';

interface Bound {
  readonly accountId: string;
  readonly expiresWithSession?: boolean | undefined;
  readonly sessionUid?: string | undefined;
}

interface Model {
  find(id: string, options?: object): Promise<Bound | undefined>;
}

/** Replaces the library's check of the session in every model that has it. */
export function bindToSessions(provider: Provider): void {
  const { AccessToken, AuthorizationCode, RefreshToken } = provider;
  for (const model of [AccessToken, AuthorizationCode, RefreshToken] as readonly unknown[] as readonly Model[]) {
    const find = model.find;
    model.find = async function bound(id, options) {
      const token = await find.call(this, id, { ...options, ignoreSessionBinding: true });
      if (!token?.expiresWithSession) return token;
      const session = await provider.Session.findByUid(token.sessionUid ?? '');
      return session?.accountId === token.accountId ? token : undefined;
    };
  }
}
