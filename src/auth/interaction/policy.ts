/**
 * Which steps a sign-in needs, in their order.
 * https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#interactionspolicy
 */
import { interactionPolicy } from 'oidc-provider';
import type { PersonAccount } from '../account.ts';
import { asksMultiFactor, isMultiFactor } from '../factors/methods.ts';
import type { Launches } from '../launch/launches.ts';

const { Check, Prompt } = interactionPolicy;

/** The person chooses whom the application is about; only where it asks for a context and brings none. */
const patientPrompt = ({ needsChoice }: Launches) =>
  new Prompt(
    { name: 'patient', requestable: false },
    new Check('patient_missing', 'a patient has to be chosen', 'interaction_required', needsChoice),
  );

/** Never a page: when all is said, and only then, the launch is used and the grant has its context. */
const contextPrompt = ({ settle }: Launches) =>
  new Prompt(
    { name: 'context', requestable: false },
    new Check('context_settled', 'the launch has its context', 'interaction_required', async (ctx) => {
      await settle(ctx);
      return Check.NO_NEED_TO_PROMPT;
    }),
  );

interface PolicyDeps {
  /** Whether the account signs in with two factors: it has a second one, or its role has to. */
  readonly needsSecondFactor: (user: PersonAccount['user']) => Promise<boolean>;
  readonly launches: Launches;
}

/** Signs in again whoever has a session for an account that may not sign in any more. */
const goneCheck = () =>
  new Check(
    'account_gone',
    'the account is not active',
    'login_required',
    ({ oidc }) => oidc.session?.accountId !== undefined && oidc.entities.Account === undefined,
  );

/**
 * Asks for the second factor where the session has only one, and the account or the application (`acr_values`) wants two.
 * https://www.rfc-editor.org/rfc/rfc9470, https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
const secondFactorCheck = ({ needsSecondFactor }: PolicyDeps) =>
  new Check('second_factor', 'a second factor is required', 'login_required', async ({ oidc }) => {
    const account = oidc.entities.Account as PersonAccount | undefined;
    if (!account || isMultiFactor(oidc.session?.amr ?? [])) return Check.NO_NEED_TO_PROMPT;
    return asksMultiFactor(oidc.params?.['acr_values']) || needsSecondFactor(account.user);
  });

/** login (with the second factor), patient, consent, and the context of the grant. */
export function policy(deps: PolicyDeps): interactionPolicy.DefaultPolicy {
  const prompts = interactionPolicy.base();
  prompts.get('login')?.checks.add(goneCheck());
  prompts.get('login')?.checks.add(secondFactorCheck(deps));
  prompts.add(patientPrompt(deps.launches), 1);
  prompts.add(contextPrompt(deps.launches));
  return prompts;
}
