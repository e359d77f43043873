/** Whether a person may come in by this provider, and with which role: the settings' rules, without any account yet. */
import type { UserRole } from '../../store/accounts/users.ts';
import { type Person, valuesAt } from './claims.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { Settings } from './settings.ts';

/** Undefined when the person may go on. */
export function refuses(settings: Settings, person: Person): Refusal | undefined {
  const { required_acr: acr, allowed } = settings;
  if (acr.length > 0 && !acr.includes(person.acr ?? '')) {
    return refusal('weak', `acr is ${person.acr ?? 'absent'}, not one of ${acr.join(', ')}`);
  }
  for (const [claim, values] of Object.entries(allowed.claims)) {
    const given = valuesAt(person.claims, claim);
    if (!given.some((value) => values.includes(value))) {
      return refusal('notAllowed', `${claim} is ${given.join(', ') || 'absent'}`);
    }
  }
  if (allowed.email_domains.length === 0) return undefined;
  const domain = person.email?.slice(person.email.lastIndexOf('@') + 1);
  const isListed = allowed.email_domains.some((one) => one.toLowerCase() === domain);
  if (!isListed) return refusal('notAllowed', `the email domain is ${domain ?? 'absent'}`);
  return person.isEmailVerified
    ? undefined
    : refusal('emailUnverified', 'the email that must be of a domain is not verified');
}

/** The role that the claims give; undefined when the settings say nothing of roles. */
export function roleFor({ roles }: Settings, { roleValues }: Person): UserRole | Refusal | undefined {
  if (!roles) return undefined;
  const given = roles.values.filter(({ value }) => roleValues.includes(value)).map(({ role }) => role);
  const [role, ...others] = new Set(given);
  if (role === undefined)
    return roles.otherwise ?? refusal('unknownRole', `no role for ${roleValues.slice(0, 20).join(', ') || 'nothing'}`);
  // No role has all that another has (an administrator validates nothing), so none of several can be the right one by itself.
  if (others.length > 0 && roles.when_several === 'refuse') {
    return refusal('severalRoles', `the claims give ${[role, ...others].join(', ')}`);
  }
  return role;
}

/** Whether the provider has checked two factors, by what it says and is trusted for. */
export function hasSecondFactor({ second_factor: trusted }: Settings, { acr, amr }: Person): boolean {
  return trusted.acr.includes(acr ?? '') || amr.some((method) => trusted.amr.includes(method));
}
