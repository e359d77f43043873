/** What a decision comes to: a grant of the provider, one for each launch, because contexts must not mix. */
import type { Provider } from 'oidc-provider';
import { otherScopes } from '../scopes.ts';

export interface Giving {
  readonly accountId: string;
  readonly clientId: string;
  /** The FHIR base. */
  readonly base: string;
  readonly given: readonly string[];
}

export type Grant = InstanceType<Provider['Grant']>;

/** Saves it. OpenID's words belong to the FHIR server too, or the token response would not repeat them. */
export async function grantOf(provider: Provider, { accountId, clientId, base, given }: Giving): Promise<Grant> {
  const grant = new provider.Grant({ accountId, clientId });
  const openid = given.filter((word) => otherScopes.has(word)).join(' ');
  if (openid) grant.addOIDCScope(openid);
  grant.addResourceScope(base, given.join(' '));
  await grant.save();
  return grant;
}
