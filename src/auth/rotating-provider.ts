/**
 * The provider with the keys of now. It holds its keys for good, so new keys mean a new provider, which takes the old one's
 * place between two requests; all other state is in the database, so whoever is in the middle of something notices nothing.
 */
import type { RequestListener } from 'node:http';
import type { JWK } from 'jose';
import type { Provider } from 'oidc-provider';

export interface RotatingProvider {
  /** Answers with whichever provider is there. */
  readonly listener: RequestListener;
  /** Takes up the keys as they are now. */
  reload(): Promise<void>;
}

/** `make` makes a provider with keys; `first` is the one that has `keys`. */
export function rotatingProvider(
  make: (keys: readonly JWK[]) => Provider,
  first: { readonly provider: Provider; readonly keys: readonly JWK[] },
  load: () => Promise<readonly JWK[]>,
): RotatingProvider {
  const idsOf = (keys: readonly JWK[]) => keys.map(({ kid }) => kid).join(' ');
  let ids = idsOf(first.keys);
  let callback = first.provider.callback();
  let last: Promise<void> = Promise.resolve();

  async function take(): Promise<void> {
    const keys = await load();
    if (idsOf(keys) === ids) return;
    callback = make(keys).callback();
    ids = idsOf(keys);
  }
  return {
    listener: (request, response) => callback(request, response),
    reload() {
      // One after the other, so that what was read later is what stays.
      last = last.catch(() => undefined).then(take);
      return last;
    },
  };
}
