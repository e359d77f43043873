/**
 * What is the same for every installation of a product or national service.
 * https://www.keycloak.org/securing-apps/oidc-layers,
 * https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference,
 * https://industriels.esante.gouv.fr/produits-et-services/pro-sante-connect/documentation-technique
 */
import type { IdentityProviderRequest } from '../../shared/api/identity-provider.ts';

type Preset = Omit<Partial<IdentityProviderRequest>, 'preset' | 'client_id' | 'client_secret' | 'enabled'>;

const proSanteConnect = 'https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet';

export const presets: Readonly<Record<NonNullable<IdentityProviderRequest['preset']>, Preset>> = {
  keycloak: {
    name: { fr: "le compte de l'hôpital", en: 'the hospital account' },
    roles: {
      // Realm roles are in the ID token once the client scope `roles` adds them to it.
      claim: 'realm_access.roles',
      values: [
        { value: 'MEDECIN', role: 'MEDECIN' },
        { value: 'PERSONNEL', role: 'PERSONNEL' },
        { value: 'ADMINISTRATEUR', role: 'ADMINISTRATEUR' },
      ],
    },
  },

  entra: {
    name: { fr: 'Microsoft', en: 'Microsoft' },
    client_auth: 'client_secret_post',
    roles: {
      // App roles of the registration; groups come as object ids and need values of their own.
      claim: 'roles',
      values: [
        { value: 'MEDECIN', role: 'MEDECIN' },
        { value: 'PERSONNEL', role: 'PERSONNEL' },
        { value: 'ADMINISTRATEUR', role: 'ADMINISTRATEUR' },
      ],
    },
    second_factor: { amr: ['mfa'] },
  },

  'pro-sante-connect': {
    name: { fr: 'Pro Santé Connect', en: 'Pro Santé Connect' },
    issuer: proSanteConnect,
    // The document at the usual place names Keycloak's own login page, which is not the one to send people to.
    discovery_url: `${proSanteConnect}/.well-known/wallet-openid-configuration`,
    scope: 'openid scope_all',
    acr_values: 'eidas1',
    required_acr: ['eidas1', 'eidas2', 'eidas3'],
    userinfo: true,
    claims: { national_id: 'SubjectNameID' },
    // Any health professional of France can sign in there: who may come here, an administrator says.
    accounts: { create: false, link_by_email: false, emails_are_verified: false },
    // The card or the e-CPS, and its code.
    second_factor: { acr: ['eidas1', 'eidas2', 'eidas3'] },
  },
};
