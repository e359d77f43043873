/** How often one address may ask for links; shared by all processes. */
import { createHash } from 'node:crypto';
import { countTry } from '../../store/accounts/attempts.ts';
import type { Store } from '../../store/store.ts';
import { networkOf } from '../network.ts';

/** A ward may share one address. */
const patience = { free: 20, longest: 900 };

/** 0 when it may, else the seconds to wait. The account is not counted: that would tell whether it exists. */
export function mayAskReset(store: Store, address: string): Promise<number> {
  const key = createHash('sha256')
    .update(`reset asked\n${networkOf(address)}`)
    .digest('base64url');
  return countTry(store.db, key, patience);
}
